"""The pages over a planted enclave, and people who log in to them through the real hub."""

from __future__ import annotations

import html
import re

import httpx
from starlette.testclient import TestClient

from egress.apart.reading import ApartReader
from egress.pages.hub import Hub, HubSettings
from egress.pages.login import Login
from egress.pages.sessions import Sessions
from egress.web.app import Site, build
from egress.web.submitted import Submitted
from hub.policy.limits import read_limits
from tests.egress.web.hub_stand import PREFIX, SERVICE_TOKEN, RunningHub
from tests.egress.web.planted import Planted

KEY = b"signs the sessions of these tests only"


class House:
    """One running set of pages; `seconds` is its sessions' clock."""

    def __init__(self, hub: RunningHub, planted: Planted, http: httpx.Client) -> None:
        self.hub, self.planted, self.seconds = hub, planted, 1000.0
        settings = HubSettings(PREFIX, hub.api, f"http://127.0.0.1:{hub.public}", SERVICE_TOKEN)
        self.sessions = Sessions(KEY, lambda: self.seconds)
        self.login = Login(Hub(settings, http), self.sessions, KEY)
        submitted = Submitted(planted.quarantine, ApartReader(read_limits().reader).notebook)
        self.app = build(Site(self.login, planted.desk, planted.imports, planted.arrivals, submitted, planted.clock))

    def browser(self, language: str = "en") -> TestClient:
        """A browser in which nobody is logged in; it follows no redirect by itself."""
        return TestClient(self.app, follow_redirects=False, headers={"Accept-Language": language})

    def person(self, name: str, language: str = "en") -> TestClient:
        """A browser in which `name` is logged in, after the whole OAuth dance."""
        browser = self.browser(language)
        with self.hub.login(name) as at_hub:
            begun = browser.get(f"{PREFIX}requests")
            back = at_hub.get(begun.headers["location"])
            assert back.status_code == 302, back.text
        arrived = browser.get(back.headers["location"])
        assert arrived.status_code == 303, arrived.text
        return browser


def csrf(page: str) -> str:
    """The token that a page's forms carry."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page
    return found.group(1)


def text_of(page: str) -> str:
    """What a reader sees of a page, in one line."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
