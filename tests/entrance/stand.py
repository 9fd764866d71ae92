"""The hub as the enclave starts it, with a real directory behind it: our configuration, our pages.

One part is left out: there is no configurable-http-proxy, which needs Node, and no workspace is opened.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from hub.events.chain import Event
from hub.events.log import EventLog
from hub.policy.files import policies_dir
from tests.directory.slapd import BASE, PEOPLE, SEARCHER, SEARCHER_PASSWORD, Authority, Slapd
from tests.egress.web.hub_stand import free_port
from tests.hub.enclave import add_person, issue_permit, permit

_CONFIG = """
import os
from jupyterhub.proxy import Proxy
from hub.jupyterhub_config import configure

class NoProxy(Proxy):
    should_start = False

    async def add_route(self, routespec, target, data):
        pass

    async def delete_route(self, routespec):
        pass

    async def get_all_routes(self):
        return {{}}

c = get_config()
configure(c, {environment!r})
c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_connect_url = "http://127.0.0.1:{port}"
c.JupyterHub.log_level = "WARN"
c.OidcAuthenticator.auth_refresh_age = 1
c.OidcAuthenticator.fresh_seconds = 0.0
"""
PROMPT = re.compile(r"(\[lockout\.refusal_seconds\]\nvalue = )[\d.]+")


@dataclass(frozen=True)
class Stand:
    """A running hub: its address for browsers, and its log."""

    folder: Path
    port: int

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def policies(self) -> Path:
        return self.folder / "policies"

    @property
    def log(self) -> EventLog:
        return EventLog(self.folder / "state" / "events" / "log.db")

    def events(self, kind: str) -> list[Event]:
        return [event for event in self.log.read() if event.kind == kind]

    def complaints(self) -> str:
        """What the hub wrote about errors of its own."""
        return "\n".join(line for line in (self.folder / "hub.log").read_text().splitlines() if "Traceback" in line)


def environment_of(folder: Path, slapd: Slapd | None, authority: Authority | None, public_url: str) -> dict[str, str]:
    """The environment that the composition root reads, with secrets and policies in `folder`."""
    for name in ("bind", "egress", "desk", "proxy"):
        (folder / name).write_text(SEARCHER_PASSWORD if name == "bind" else f"{name}-secret-of-this-test")
    (folder / "factor-key").write_text("0f" * 32)
    shutil.copytree(policies_dir(), folder / "policies")
    people = folder / "policies" / "people.toml"
    people.write_text(PROMPT.sub(r"\g<1>0.0", people.read_text(encoding="utf-8")), encoding="utf-8")
    return {
        "BULLE_STATE": str(folder / "state"),
        "BULLE_POLICIES": str(folder / "policies"),
        "BULLE_LDAP_URL": slapd.url if slapd else "",
        "BULLE_LDAP_CA": str(authority.ca) if authority else "",
        "BULLE_LDAP_BIND_DN": SEARCHER,
        "BULLE_LDAP_BIND_PASSWORD_FILE": str(folder / "bind"),
        "BULLE_LDAP_BASE": BASE,
        "BULLE_PUBLIC_URL": public_url,
        "BULLE_LAUNCHER_SOCKET": str(folder / "no-launcher"),
        "BULLE_EGRESS_URL": "http://127.0.0.1:9",
        "BULLE_EGRESS_TOKEN_FILE": str(folder / "egress"),
        "BULLE_DESK_URL": "http://127.0.0.1:9",
        "BULLE_DESK_TOKEN_FILE": str(folder / "desk"),
        "BULLE_PROXY_TOKEN_FILE": str(folder / "proxy"),
        "BULLE_COOKIE_SECRET_FILE": str(folder / "cookie"),
        "BULLE_FACTOR_KEY_FILE": str(folder / "factor-key"),
    }


@contextmanager
def standing_hub(folder: Path, slapd: Slapd | None, authority: Authority | None, **settings: str) -> Iterator[Stand]:
    """A hub with its state in `folder`; `settings` replace what its environment says."""
    stand = Stand(folder, free_port())
    (folder / "cookie").write_text("ab" * 32)
    (folder / "cookie").chmod(0o600)
    environment = {**environment_of(folder, slapd, authority, stand.address), **settings}
    config = folder / "jupyterhub_config.py"
    config.write_text(_CONFIG.format(environment=environment, port=stand.port))
    with (folder / "hub.log").open("wb") as log:
        command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, env=_path())
        try:
            _wait(f"{stand.address}/hub/health", process, folder / "hub.log")
            yield stand
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def peopled_hub(make: Callable[[str], Path], **settings: str) -> Iterator[Stand]:
    """A hub with a directory of its own; the enclave knows everybody in it but mallory. `make` makes folders."""
    authority = Authority.make(make("authority") / "good")
    slapd = Slapd(make("slapd"), authority)
    slapd.start()
    try:
        with standing_hub(make("hub"), slapd, authority, **settings) as running:
            for name in PEOPLE.keys() - {"mallory"}:
                add_person(running.log, name)
            issue_permit(running.log, permit("reste-a-charge"))
            yield running
            assert running.complaints() == ""
    finally:
        slapd.stop()


def _path() -> dict[str, str]:

    return {**os.environ, "PYTHONPATH": os.pathsep.join(["", *sys.path])}


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError(f"the hub did not start: {log.read_text()[-3000:]}")
