"""A real JupyterHub for the tests of pages: real OAuth, real tokens, real scopes.

Two parts are stand-ins: the login form takes any name with one password (the directory has tests of its own), and
there is no configurable-http-proxy, which needs Node; `tests/browser/front_door.py` carries requests where they belong.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from hub.jupyterhub_config import USER_SCOPES

PREFIX = "/services/egress/"
DESK = "/services/desk/"
PASSWORD = "a password of this test only"
SERVICE_TOKEN = "0123456789abcdef-the-services-own-token"
DESK_TOKEN = "89abcdef01234567-the-desks-own-token"
ADMIN_TOKEN = "fedcba9876543210-the-tests-own-admin-token"

_CONFIG = """
from jupyterhub.proxy import Proxy

class NoProxy(Proxy):
    should_start = False
    routes = {{}}

    async def add_route(self, routespec, target, data):
        self.routes[routespec] = {{"routespec": routespec, "target": target, "data": data}}

    async def delete_route(self, routespec):
        self.routes.pop(routespec, None)

    async def get_all_routes(self):
        return dict(self.routes)

c = get_config()
c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.bind_url = "http://127.0.0.1:{public}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.JupyterHub.log_level = "WARN"
c.JupyterHub.default_url = "/hub/home"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allow_all = True
c.JupyterHub.load_roles = [
    {{"name": "user", "description": "A person who logged in", "scopes": {scopes!r}}},
    {{"name": "test", "scopes": ["admin:users", "tokens", "admin:groups"], "services": ["test"]}},
]
c.JupyterHub.services = [
    {{"name": "egress", "url": "http://127.0.0.1:{public}", "api_token": {token!r}, "oauth_no_confirm": True}},
    {{"name": "desk", "url": "http://127.0.0.1:{public}", "api_token": {desk!r}, "oauth_no_confirm": True}},
    {{"name": "test", "api_token": {admin!r}}},
]
"""


@dataclass(frozen=True)
class RunningHub:
    """Where it stands. `public` is the port that browsers use; whoever tests with a browser puts a front door there."""

    port: int
    public: int

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/hub/api"

    @contextmanager
    def login(self, person: str) -> Iterator[httpx.Client]:
        """A browser, as a program, in which `person` is logged in to the hub."""
        address = f"http://127.0.0.1:{self.port}"
        with httpx.Client(base_url=address, follow_redirects=False, timeout=30, trust_env=False) as client:
            client.get("/hub/login")
            form = {"username": person, "password": PASSWORD, "_xsrf": client.cookies.get("_xsrf", "")}
            answer = client.post("/hub/login", data=form)
            assert answer.status_code == 302, answer.text
            yield client

    def admin(self, method: str, path: str) -> httpx.Response:
        """Ask the hub's API as an admin."""
        return httpx.request(method, f"{self.api}{path}", headers={"Authorization": f"token {ADMIN_TOKEN}"}, timeout=30)

    def revoke(self, person: str) -> None:
        """End every token of `person`."""
        for token in self.admin("GET", f"/users/{person}/tokens").json()["api_tokens"]:
            self.admin("DELETE", f"/users/{person}/tokens/{token['id']}")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running_hub(folder: Path) -> Iterator[RunningHub]:
    """A hub in a process of its own, with its database in `folder`."""
    hub = RunningHub(free_port(), free_port())
    config = folder / "jupyterhub_config.py"
    config.write_text(
        _CONFIG.format(
            public=hub.public,
            hub=hub.port,
            folder=folder,
            password=PASSWORD,
            scopes=[*USER_SCOPES, "access:services!service=desk"],  # an administrator's; the desk asks for itself
            token=SERVICE_TOKEN,
            desk=DESK_TOKEN,
            admin=ADMIN_TOKEN,
        )
    )
    with (folder / "hub.log").open("wb") as log:
        command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(f"{hub.api}/health", process, folder / "hub.log")
            yield hub
        finally:
            process.terminate()
            process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 240  # a machine that does much else takes its time
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError(f"the hub did not start: {log.read_text()[-3000:]}")
