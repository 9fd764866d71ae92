"""A hub for benchmarks: JupyterHub as the enclave configures it, its spawner, and a launcher on the real engine.

It runs in the network namespace of a container, as the enclave's does, and answers this machine there. Left out are
what stands before and beside it: edge, proxy and gate, and the directory with the second factor; whoever gives their
name is let in, by the same permits and with the same event.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path, PurePosixPath
from typing import Any

import docker
import httpx

from benchmarks.processes import resident
from hub.events.log import EventLog, utc_now
from hub.launcher.acts import Launcher, LauncherSettings
from hub.launcher.engine import connect
from hub.launcher.service import Service, listen
from hub.launcher.shape import Caller
from hub.policy.files import policies_dir
from hub.policy.limits import read_limits
from hub.policy.model import DataPermit, Membership, Person, Role, TableGrant
from hub.policy.undertakings import read_undertakings
from hub.workspace import StateLayout

NET = "bulle-bench-net"
NET_IMAGE = "bulle/base:local"
PORT = 8082
ADMIN = "of-this-benchmark-only"

_CONFIG = """
import asyncio, os
from jupyterhub.auth import DummyAuthenticator
from jupyterhub.proxy import Proxy
from hub.by_permits import ByPermits
from hub.jupyterhub_config import configure
from hub.pages import handlers

class NoProxy(Proxy):
    should_start = False
    routes = {}
    async def add_route(self, routespec, target, data):
        self.routes[routespec] = {"routespec": routespec, "target": target, "data": data}
    async def delete_route(self, routespec):
        self.routes.pop(routespec, None)
    async def get_all_routes(self):
        return dict(self.routes)

class ByName(ByPermits, DummyAuthenticator):
    def get_handlers(self, app):
        return handlers()
    async def authenticate(self, handler, data):
        await asyncio.to_thread(self.present.tell, data["username"], "login.accepted", "", {})
        return self.model_of(data["username"], await asyncio.to_thread(self.present.enclave))
    async def refresh_user(self, user, handler=None, **kwargs):
        return self.model_of(user.name, await asyncio.to_thread(self.present.enclave))

c = get_config()
configure(c, os.environ)
c.JupyterHub.authenticator_class = ByName
c.ByName.log_at, c.ByName.people = c.EnclaveAuthenticator.log_at, c.EnclaveAuthenticator.people
c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.hub_bind_url = "http://0.0.0.0:8082"
c.JupyterHub.concurrent_spawn_limit = 0
c.JupyterHub.log_level = "WARN"
c.JupyterHub.services.append({"name": "bench", "api_token": os.environ["BENCH_TOKEN"]})
c.JupyterHub.load_roles.append(
    {"name": "bench", "scopes": ["admin:users", "admin:servers", "access:servers"], "services": ["bench"]}
)
"""

# In the namespace: each line of input is a request that is repeated until somebody answers, whatever the answer.
_PROBE = """
import json, sys, time, urllib.request
for line in sys.stdin:
    asked = json.loads(line)
    request = urllib.request.Request(asked["url"], method=asked["method"], headers=asked["headers"])
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
        except OSError:
            time.sleep(0.01)
            continue
        break
    print(status, flush=True)
"""


@dataclass(frozen=True)
class RunningHub:
    """`inside`: how a program is started in the hub's namespace."""

    url: str
    process: int
    inside: tuple[str, ...]
    engine: docker.APIClient

    def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask the hub's API as an admin."""
        headers = {"Authorization": f"token {ADMIN}"}
        return httpx.request(method, f"{self.url}/hub/api{path}", headers=headers, timeout=180, **options)

    def spawn(self, person: str, project: str) -> float:
        """Seconds from the asking until the hub says that the server is ready."""
        begun = time.monotonic()
        self.api("POST", f"/users/{person}/servers/{project}").raise_for_status()
        headers = {"Authorization": f"token {ADMIN}"}
        address = f"{self.url}/hub/api/users/{person}/servers/{project}/progress"
        with httpx.stream("GET", address, headers=headers, timeout=180) as events:
            for line in events.iter_lines():
                said = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
                if said.get("ready"):
                    return time.monotonic() - begun
                if said.get("failed"):
                    raise SystemExit(f"{person}'s workspace did not open: {said}")
        raise SystemExit(f"{person}'s workspace did not open")

    def close(self, person: str, project: str) -> None:
        """Stop the server and wait until it is gone."""
        self.api("DELETE", f"/users/{person}/servers/{project}")
        while self.api("GET", f"/users/{person}").json()["servers"].get(project):
            time.sleep(0.1)

    def memory(self) -> float:
        """MiB that the hub's process holds."""
        return resident(self.process)

    @contextmanager
    def probe(self) -> Iterator[Probe]:
        """Asks addresses that only the hub's namespace reaches."""
        command = [*self.inside, sys.executable, "-c", _PROBE]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            yield Probe(process)
            process.kill()


@dataclass(frozen=True)
class Probe:
    """See RunningHub.probe."""

    process: subprocess.Popen[str]

    def until_answered(self, url: str, method: str = "GET") -> int:
        """The status of the first answer."""
        sent, heard = self.process.stdin, self.process.stdout
        if sent is None or heard is None:
            raise SystemExit("the probe has no pipes")
        headers = {"Authorization": f"token {ADMIN}"}
        sent.write(json.dumps({"url": url, "method": method, "headers": headers}) + "\n")
        sent.flush()
        return int(heard.readline())


def enclave(root: Path, people: Iterable[str], projects: dict[str, tuple[str, ...]]) -> None:
    """The log of an enclave in which everybody signed and learnt; `projects` says whose they are."""
    (root / "events").mkdir()
    log = EventLog(root / "events" / "log.db")
    texts = read_undertakings(policies_dir())
    year = str(utc_now().year + 1)
    with log.transaction() as transaction:
        for name in people:
            person = Person(id=name, name=name.title())
            transaction.append("admin", "person.added", "", {"person": person.model_dump(mode="json")})
            transaction.append("admin", "training.recorded", "", {"person": name, "until": f"{year}-12-31"})
            for text in texts:
                body = {"name": text.name, "version": text.version, "digest": text.digest}
                transaction.append(name, "undertaking.signed", "", body)
        for project, members in projects.items():
            permit = DataPermit(
                project=project,
                title=f"Study {project}",
                purpose="public-health-research",
                statement="Measures the hub.",
                source="made",
                rules="health-fr",
                rho="1.0",
                valid_from="2020-01-01",
                valid_until="2099-12-31",
                persons=tuple(Membership(person=name, role=Role.RESEARCHER) for name in members),
                tables={"stay": TableGrant(columns=("site",))},
            )
            transaction.append("admin", "permit.issued", project, {"permit": permit.model_dump_json()})
            transaction.append("extractor", "extract.built", project, {"folder": "v1", "digest": "0" * 64})
            (root / "extracts" / project / "v1").mkdir(parents=True)
    log.close()


@contextmanager
def running(root: Path, image: str) -> Iterator[RunningHub]:
    """The hub of the enclave at `root`; its workspaces run `image`."""
    engine = connect()
    engine.create_container(NET_IMAGE, ["sleep", "infinity"], name=NET)
    engine.start(NET)
    socket = root / "launcher"
    layout, limits = StateLayout(PurePosixPath(root)), read_limits()
    launcher = Launcher(LauncherSettings(layout, image, NET, IPv4Network("10.214.0.0/16"), limits))
    listener = listen(socket, Service(launcher, {0: Caller.HUB}, print))
    threading.Thread(target=listener.serve, daemon=True).start()
    try:
        state = engine.inspect_container(NET)
        inside = ("nsenter", f"--net=/proc/{state['State']['Pid']}/ns/net")
        address = f"http://{state['NetworkSettings']['IPAddress']}:{PORT}"
        command = [*inside, sys.executable, "-m", "jupyterhub", "-f", str(_configured(root))]
        with (root / "hub.log").open("wb") as said:
            process = subprocess.Popen(command, cwd=root, env=_environment(root), stdout=said, stderr=said)
        try:
            _wait(f"{address}/hub/api", process, root / "hub.log")
            yield RunningHub(address, process.pid, inside, engine)
        except BaseException:
            print((root / "hub.log").read_text(encoding="utf-8")[-3000:], file=sys.stderr)
            raise
        finally:
            process.terminate()
            process.wait(30)
    finally:
        listener.close()
        for left in engine.containers(all=True, filters={"label": "bulle.project"}):
            if str(root) in json.dumps(left.get("Mounts", [])):
                engine.remove_container(left["Id"], force=True, v=True)
        for network in engine.inspect_container(NET)["NetworkSettings"]["Networks"]:
            if network != "bridge":
                engine.disconnect_container_from_network(NET, network, force=True)
                engine.remove_network(network)
        engine.remove_container(NET, force=True)


def _configured(root: Path) -> Path:
    for name in ("cookie", "proxy", "egress", "ldap"):
        (root / name).write_text(secrets.token_hex(32))
        (root / name).chmod(0o600)
    (root / "factor").write_text(secrets.token_hex(32))
    (root / "factor").chmod(0o600)
    config = root / "config.py"
    config.write_text(_CONFIG)
    return config


def _environment(root: Path) -> dict[str, str]:
    return os.environ | {
        "BENCH_TOKEN": ADMIN,
        "BULLE_STATE": str(root),
        "BULLE_POLICIES": str(policies_dir()),
        "BULLE_LAUNCHER_SOCKET": str(root / "launcher"),
        "BULLE_PUBLIC_URL": "http://localhost:8082",
        "BULLE_COOKIE_SECRET_FILE": str(root / "cookie"),
        "BULLE_PROXY_TOKEN_FILE": str(root / "proxy"),
        "BULLE_FACTOR_KEY_FILE": str(root / "factor"),
        "BULLE_EGRESS_URL": "http://127.0.0.1:9",
        "BULLE_EGRESS_TOKEN_FILE": str(root / "egress"),
        "BULLE_LDAP_URL": "ldap://127.0.0.1",
        "BULLE_LDAP_CA": str(root / "ldap"),
        "BULLE_LDAP_BIND_DN": "cn=nobody",
        "BULLE_LDAP_BIND_PASSWORD_FILE": str(root / "ldap"),
        "BULLE_LDAP_BASE": "dc=nowhere",
    }


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise SystemExit(f"the hub did not start: {log.read_text()[-3000:]}")
