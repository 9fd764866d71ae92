"""The hub of a large site: 500 people on 200 projects in the log, 50 open workspaces, and what logging in and the list
of projects cost then, beside a hub of 5 people on 2 projects in the same run.

Workspaces run a small stand-in that listens and no more, so that fifty fit on one machine: what is measured is the hub.
Left out are directory and second factor (benchmarks/large_site_made.py). Needs root, the engine and the base image.

    python -m benchmarks.large_site
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import tarfile
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.large_site_made import NET_IMAGE, RunningHub, enclave, running
from benchmarks.processes import cpu
from hub.launcher.engine import connect

LIGHT = "bulle/bench-server"
SERVER = """#!/usr/bin/python3
import http.server, os, signal, sys, urllib.parse
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
port = urllib.parse.urlparse(os.environ["JUPYTERHUB_SERVICE_URL"]).port
http.server.HTTPServer(("0.0.0.0", port), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


@dataclass(frozen=True)
class Site:
    """How large it is; everybody is on four projects."""

    people: int
    projects: int
    open: int

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"p{number}" for number in range(self.people))

    @property
    def members(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {f"study{number}": [] for number in range(self.projects)}
        for number, name in enumerate(self.names):
            for step in range(4):
                place = (number + step * 7) % self.projects
                if name not in found[f"study{place}"]:
                    found[f"study{place}"].append(name)
        return {project: tuple(members) for project, members in found.items()}


@dataclass(frozen=True)
class Measured:
    """Milliseconds in 95 of 100 cases, CPU milliseconds of the hub for each, MiB, seconds."""

    login: float
    home: float
    cpu_login: float
    cpu_home: float
    megabytes: float
    opened: float


@contextmanager
def light_image() -> Iterator[str]:
    """The base image with a stand-in for jupyterhub-singleuser."""
    engine = connect()
    made = engine.create_container(NET_IMAGE, ["true"])["Id"]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("jupyterhub-singleuser")
        entry.mode, entry.size = 0o755, len(SERVER)
        archive.addfile(entry, io.BytesIO(SERVER.encode()))
    engine.put_archive(made, "/usr/local/bin", packed.getvalue())
    engine.commit(made, repository=LIGHT, tag="local")
    engine.remove_container(made, force=True)
    try:
        yield f"{LIGHT}:local"
    finally:
        engine.remove_image(f"{LIGHT}:local", force=True)


def log_in(hub: RunningHub, name: str) -> tuple[httpx.Client, float]:
    """A browser in which they are logged in, and the milliseconds of it."""
    browser = httpx.Client(base_url=hub.url, timeout=60)
    browser.get("/hub/login")
    form = {"username": name, "password": "any", "_xsrf": browser.cookies.get("_xsrf", "")}
    begun = time.perf_counter()
    answer = browser.post("/hub/login", data=form)
    if answer.status_code != httpx.codes.FOUND:
        raise SystemExit(f"{name} could not log in: {answer.status_code}")
    return browser, 1000 * (time.perf_counter() - begun)


def home(browser: httpx.Client) -> float:
    """Milliseconds of the list of projects."""
    begun = time.perf_counter()
    answer = browser.get("/hub/home")
    if answer.status_code != httpx.codes.OK:
        raise SystemExit(f"the list of projects answered {answer.status_code}")
    return 1000 * (time.perf_counter() - begun)


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def measured(site: Site, image: str, times: int) -> Measured:
    """One site, from its empty log on."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        enclave(root, site.names, site.members)
        with running(root, image) as hub:
            return _measured(hub, site, times)


def _measured(hub: RunningHub, site: Site, times: int) -> Measured:
    opening = site.names[: site.open]
    first = {name: next(project for project, members in site.members.items() if name in members) for name in opening}
    for name in opening:
        hub.api("POST", f"/users/{name}")
    begun = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: hub.spawn(name, first[name]), opening))
    opened = time.monotonic() - begun
    log_in(hub, site.names[-1])
    before = cpu(hub.process)
    logins = [log_in(hub, site.names[turn % site.people]) for turn in range(times)]
    between = cpu(hub.process)
    pages = [home(browser) for browser, _ in logins]
    after = cpu(hub.process)
    return Measured(
        p95([taken for _, taken in logins]),
        p95(pages),
        (between - before) / times,
        (after - between) / times,
        hub.memory(),
        opened,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=100)
    times = parser.parse_args().times
    sites = (Site(5, 2, 0), Site(500, 200, 0), Site(500, 200, 50))
    with light_image() as image:
        found = [measured(site, image, times) for site in sites]
    print(f"load {os.getloadavg()[0]:.1f}")
    for site, each in zip(sites, found, strict=True):
        base = found[0]
        print(
            f"{site.people:4} people, {site.projects:3} projects, {site.open:2} open: login p95 {each.login:5.0f} ms "
            f"({each.cpu_login:.0f} ms CPU, {each.cpu_login / base.cpu_login:.2f} x), list of projects p95 "
            f"{each.home:5.0f} ms ({each.cpu_home:.0f} ms CPU, {each.cpu_home / base.cpu_home:.2f} x), "
            f"{each.megabytes:.0f} MiB"
        )


if __name__ == "__main__":
    main()
