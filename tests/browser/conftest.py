"""The egress service as a process of its own, behind a real hub, in a real browser."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.front_door import FrontDoor
from tests.egress.web.hub_stand import (
    DESK,
    DESK_TOKEN,
    PASSWORD,
    PREFIX,
    SERVICE_TOKEN,
    RunningHub,
    free_port,
    running_hub,
)
from tests.egress.web.planted import Planted

CHROMIUM = "/usr/bin/chromium"  # Debian's; playwright's own would be a download
# Quiet: this machine's browser must call nobody.
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(tmp_path_factory.mktemp("hub")) as running:
        yield running


@pytest.fixture(scope="module")  # while it is open an event loop runs in this thread, which other tests want
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return Planted(tmp_path_factory.mktemp("enclave") / "state", datetime.now(UTC) - timedelta(hours=1))


@dataclass(frozen=True)
class Service:
    """One service with pages, in a process of its own."""

    name: str
    module: str
    prefix: str
    token: str
    port: int = field(default_factory=free_port)

    def start(self, hub: RunningHub, planted: Planted) -> subprocess.Popen[bytes]:
        token = planted.root / f"{self.name}-token"
        token.write_text(f"{self.token}\n")
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(["", *sys.path]),
            "BULLE_STATE": str(planted.root),
            "BULLE_PUBLIC_URL": f"http://127.0.0.1:{hub.public}",
            "BULLE_HUB_API_URL": hub.api,
            f"BULLE_{self.name.upper()}_TOKEN_FILE": str(token),
            f"BULLE_{self.name.upper()}_PORT": str(self.port),
            f"BULLE_{self.name.upper()}_HOST": "127.0.0.1",
        }
        return subprocess.Popen([sys.executable, "-m", self.module], env=environment)


@pytest.fixture(scope="module")
def site(hub: RunningHub, planted: Planted, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address that browsers use: hub and services behind one door; the desk where the module says `WITH_DESK`."""
    services = [Service("egress", "egress.service", PREFIX, SERVICE_TOKEN)]
    if getattr(request.module, "WITH_DESK", False):
        services.append(Service("desk", "egress.desk", DESK, DESK_TOKEN))
    started = [service.start(hub, planted) for service in services]
    places = {service.prefix: f"http://127.0.0.1:{service.port}" for service in services}
    door = FrontDoor({**places, "/hub/": f"http://127.0.0.1:{hub.port}"})
    server = uvicorn.Server(uvicorn.Config(door, host="127.0.0.1", port=hub.public, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{hub.public}"
    try:
        for service in services:
            _wait(f"{address}{service.prefix}health")
        yield address
    finally:
        server.should_exit = True
        thread.join(10)
        for process in started:
            process.terminate()
            process.wait(10)


@pytest.fixture
def open_as(site: str, chromium: Browser) -> Iterator[Open]:
    """`open_as("carol", language="fr-FR", scheme="dark")`: a window in which that person has just logged in."""
    contexts, complaints = [], []

    def open_one(person: str, language: str = "en-GB", scheme: str = "light", path: str = PREFIX) -> Page:
        context = chromium.new_context(
            locale=language,
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": 1200, "height": 800},
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("dialog", lambda dialog: complaints.append(f"a script opened a dialog: {dialog.message}"))
        page.goto(f"{site}{path}")
        page.fill("input[name=username]", person)
        page.fill("input[name=password]", PASSWORD)
        page.click("#login_submit")
        page.wait_for_url(f"{site}/services/**")
        page.on("console", lambda said: complaints.append(said.text) if _is_ours(said.text) else None)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def _is_ours(complaint: str) -> bool:
    # A frame that our policy keeps out is what one test is about.
    return "Content Security" in complaint and "frame-ancestors" not in complaint


AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def faults(page: Page, address: str = "") -> list[str]:
    """What axe-core finds serious on a page, and whether it is wider than the window; 600 pixels are 1200 at 200 %.
    Without an address it is the page as it stands.
    """
    if address:
        page.goto(address)
    page.evaluate(AXE)
    violations: list[dict[str, Any]] = page.evaluate("axe.run().then(said => said.violations)")
    found = [
        f"{page.url}: {each['id']}: {each['nodes'][0]['html'][:200]}"
        for each in violations
        if each["impact"] in {"serious", "critical"}
    ]
    width = page.evaluate("document.documentElement.scrollWidth")
    return [*found, f"{page.url}: {width} pixels wide"] if width > 600 else found


def _wait(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing answers at {url}")


class Pictures:
    """Takes pictures when BULLE_SCREENSHOTS is set: "1" for those of the documentation, a folder for all of them."""

    TALLEST = 1_790  # pixels of a documented picture: the head of a review, and its first output whole
    DOCUMENTED = (
        "review-en-light", "review-fr-light", "returned-en-light", "returned-fr-light",
        "voting-en-light", "voting-fr-light", "plan-en-light", "plan-fr-light",
    )  # fmt: skip

    def __init__(self, wish: str) -> None:
        self._only = wish == "1"
        self._folder = Path(__file__).resolve().parents[2] / "docs" / "images" if self._only else Path(wish)
        self._wanted = bool(wish)

    def take(self, page: Page, name: str) -> None:
        """The page as a PNG of few colours, which is all that text needs; whole, but for the documentation."""
        if self._wanted and (not self._only or name in self.DOCUMENTED):
            from PIL import Image  # only whoever takes pictures needs it; it comes with matplotlib

            self._folder.mkdir(parents=True, exist_ok=True)
            image = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
            if self._only:
                image = image.crop((0, 0, image.width, min(image.height, self.TALLEST)))
            image.quantize(160).save(self._folder / f"{name}.png", optimize=True)


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    return Pictures(os.environ.get("BULLE_SCREENSHOTS", ""))
