"""A spawner as JupyterHub makes it: its own user, database row and hub object, without the web server around them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from jupyterhub import orm
from jupyterhub.objects import Hub
from jupyterhub.user import User
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from hub.events.log import EventLog
from hub.policy.limits import read_limits
from hub.spawner import EnclaveSpawner
from tests.hub.enclave import add_person, build_extract, issue_permit, permit

# Its own name: the tests may run beside an enclave that is up on the same engine.
PROJECT = f"test-{uuid4().hex[:8]}"


class House:
    """One enclave under `root`: two researchers and a checker, a project with its extract, and JupyterHub's users."""

    def __init__(self, root: Path, socket: Path | None = None) -> None:
        self.root = root
        self.log = EventLog(root / "log.db")
        self.socket = socket or root / "no-launcher"
        self._db = orm.new_session_factory("sqlite:///:memory:")()
        self._users: dict[str, User] = {}
        for name in ("alice", "amir", "carla"):
            add_person(self.log, name)
        self.open_project(PROJECT)

    def open_project(self, project: str) -> None:
        issue_permit(self.log, permit(project, researchers=("alice", "amir")))
        folder = self.root / "extracts" / project / "e1"
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        (folder / "manifest.json").write_text("{}")
        build_extract(self.log, project)

    def user(self, name: str) -> User:
        if name not in self._users:
            row = orm.User(name=name)
            self._db.add(row)
            self._db.commit()
            self._users[name] = User(row, {"allow_named_servers": True})
        return self._users[name]

    def spawner(
        self, name: str, project: str, kind: type[EnclaveSpawner] = EnclaveSpawner, language: str = "en"
    ) -> EnclaveSpawner:
        user = self.user(name)
        if project not in user.orm_spawners:
            user._new_orm_spawner(project, project)
        spawner: EnclaveSpawner = user._new_spawner(
            project,
            spawner_class=kind,
            hub=Hub(base_url="/hub/"),
            oauth_client_id=f"jupyterhub-user-{name}-{project}",
            hub_connect_url="http://hub:8082",
            log_at=str(self.root / "log.db"),
            launcher_socket=str(self.socket),
            idle=read_limits().idle,
        )
        user.spawners[project] = spawner
        spawner.api_token = "a-token-of-jupyterhub"
        asked = HTTPServerRequest(
            start_line=RequestStartLine("GET", "/hub/spawn", "HTTP/1.1"),
            headers=HTTPHeaders({"Host": "hub", "Accept-Language": language}),
        )
        spawner.handler = SimpleNamespace(request=asked)
        return spawner

    def events(self, kind: str) -> list[tuple[str, str, Any]]:
        return [(event.actor, event.project, event.body) for event in self.log.read() if event.kind == kind]
