"""DockerSpawner's client without an engine: the few calls that it makes, each an order to the launcher."""

from __future__ import annotations

from typing import Any

from docker.errors import NotFound
from requests import Response

from hub.launcher.client import Sessions
from hub.launcher.shape import SessionAct
from hub.session import sealed_name
from hub.workspace import Workspace


class SealedClient:
    """Calls of `docker.APIClient` on the container of one workspace; a call names no other, whatever its arguments."""

    def __init__(self, sessions: Sessions, workspace: Workspace) -> None:
        self._sessions = sessions
        self._workspace = workspace

    def inspect_container(self, _container: str) -> dict[str, Any]:
        """As much of the engine's answer as DockerSpawner reads. Raises: NotFound, LauncherError."""
        name = sealed_name(self._workspace)
        seen = self._sessions.look(self._workspace)
        if seen is None:
            raise NotFound(name, _not_found())
        state = {"Running": seen.running, "ExitCode": seen.exit_code, "Error": "", "FinishedAt": seen.finished_at}
        networks = {name: {"IPAddress": seen.address}}
        return {"Id": name, "State": state, "NetworkSettings": {"Networks": networks}}

    def start(self, _container: str) -> None:
        """Raises: LauncherError."""
        self._sessions.act(SessionAct.START, self._workspace)

    def stop(self, _container: str) -> None:
        """Raises: LauncherError."""
        self._sessions.act(SessionAct.STOP, self._workspace)

    def remove_container(self, _container: str, *, v: bool) -> None:  # noqa: ARG002 -- the volumes always go
        """The container and its network. Raises: LauncherError."""
        self._sessions.act(SessionAct.REMOVE, self._workspace)


def _not_found() -> Response:
    answer = Response()
    answer.status_code = 404
    return answer
