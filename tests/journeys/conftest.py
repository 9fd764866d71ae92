"""One enclave for all journeys: every container, beside a demonstration that may be up.

It has a compose project, a port and a state of its own, and a hub whose clock the tests can set forward.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright

from scripts.visitor import AuthenticatorApp, Visitor
from tests.browser.conftest import ARGUMENTS, CHROMIUM

ROOT = Path(__file__).parents[2]
PORT = 8765


@dataclass(frozen=True)
class Stack:
    """A running enclave, with what the demonstration printed and left."""

    base: str
    environment: dict[str, str]
    state: Path
    said: str
    package: bytes

    def visitor(self, name: str) -> Visitor:
        """A person with the app that the demonstration keeps for them, and a browser that trusts the edge."""
        app = AuthenticatorApp(Path(self.environment["BULLE_DEMO"]) / "authenticator.json")
        return Visitor(self.base, name, ca=self.state / "secrets" / "tls-ca.pem", app=app)

    def bulle(self, service: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command in one of the tool containers."""
        command = ["docker", "compose", "run", "--rm", "-T", service, "bulle", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )

    def days_forward(self, days: int) -> None:
        """Set the hub's clock: what follows is so many days later for it, and for nobody else."""
        (self.state / "clock" / "days").write_text(str(days))

    def events(self) -> list[dict[str, Any]]:
        return list(json.loads(self.bulle("admin", "log", "list", "--json").stdout)["events"])

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events() if event["kind"] == kind]


@contextmanager
def opened_in_chromium(playwright: Playwright, visitor: Visitor, **options: Any) -> Iterator[Page]:
    """A page of a browser that has the person's session."""
    cookies: list[Any] = [
        {"name": each.name, "value": each.value, "url": f"{visitor.base}{each.path}", "secure": True}
        for each in visitor.http.cookies.jar
    ]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1300, "height": 850}, **options)
    context.add_cookies(cookies)
    yield context.new_page()
    browser.close()


def compose_environment(state: Path) -> dict[str, str]:
    """The environment of `scripts/env`, moved beside whatever runs already."""
    wanted = {
        "COMPOSE_PROJECT_NAME": "bulle-test",
        "COMPOSE_FILE": f"{ROOT}/docker-compose.yml:{ROOT}/tests/journeys/clock.yml",
        "BULLE_STATE": str(state),
        "BULLE_PORT": str(PORT),
        "BULLE_PUBLIC_URL": f"https://localhost:{PORT}",
        "BULLE_DEMO": str(state / "demo"),
        "PYTHONPATH": str(ROOT),
    }
    shell = ". scripts/env && env -0"
    done = subprocess.run(
        ["bash", "-c", shell], cwd=ROOT, env={**os.environ, **wanted}, capture_output=True, text=True, check=True
    )
    return dict(entry.split("=", 1) for entry in done.stdout.split("\0") if "=" in entry)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    state = tmp_path_factory.mktemp("enclave")
    for folder in (state, *list(state.parents)[:2]):
        folder.chmod(0o711)
    environment = compose_environment(state)
    (state / "clock").mkdir()
    (state / "clock" / "days").write_text("0")
    try:
        up = subprocess.run(["scripts/up"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert up.returncode == 0, up.stderr
        walked = walk(environment)
        assert walked.returncode == 0, walked.stdout + walked.stderr
        (package,) = (state / "demo").glob("*.zip")
        yield Stack(environment["BULLE_PUBLIC_URL"], environment, state, walked.stdout, package.read_bytes())
    finally:
        down = ["docker", "compose", "--profile", "tools", "down", "-v", "--remove-orphans", "--timeout", "3"]
        subprocess.run(down, cwd=ROOT, env=environment, capture_output=True, check=False)


def walk(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / ".venv/bin/python"), "-m", "scripts.demo"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=900)


def inside(stack: Stack, service: str, code: str) -> subprocess.CompletedProcess[str]:
    command = ["docker", "compose", "exec", "-T", service, "python3", "-c", code]
    return subprocess.run(
        command, cwd=ROOT, env=stack.environment, capture_output=True, text=True, check=False, timeout=120
    )


def docker(*arguments: str) -> Any:
    return json.loads(subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout)


def addresses(container: str) -> dict[str, str]:
    """Network by network, where a container is."""
    [found] = docker("inspect", container)
    return {name: each["IPAddress"] for name, each in found["NetworkSettings"]["Networks"].items()}


def own_addresses() -> list[str]:
    done = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True)
    return [each for each in done.stdout.split() if ":" not in each]
