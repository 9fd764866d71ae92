"""The desk over a planted enclave with two administrators, and people who log in to it through the real hub."""

from __future__ import annotations

from typing import Any

import httpx
from starlette.testclient import TestClient

from egress.airlock.following import Following
from egress.desk.app import build
from egress.desk.part import Desk
from egress.pages.hub import Hub, HubSettings
from egress.pages.login import Login
from egress.pages.sessions import Sessions
from hub.policy.desk import DeskPolicy, read_desk
from hub.policy.files import policies_dir
from hub.policy.model import Person
from tests.egress.web.hub_stand import DESK, DESK_TOKEN, RunningHub
from tests.egress.web.planted import Planted

KEY = b"signs the sessions of these tests only"
ADMINISTRATORS = {"erin": "Erin Novak", "frank": "Frank Olsen"}


def appoint(planted: Planted) -> None:
    """Two administrators, as the command line makes them."""
    for name, full in ADMINISTRATORS.items():
        body = {"person": Person(id=name, name=full).model_dump(mode="json")}
        planted.log.append("admin", "person.added", "", body)
        planted.log.append("admin", "administrator.appointed", "", {"person": name, "why": "runs the data office"})


class DeskHouse:
    """One running desk; `seconds` is its sessions' clock."""

    def __init__(self, hub: RunningHub, planted: Planted, http: httpx.Client, policy: DeskPolicy | None = None) -> None:
        self.hub, self.planted, self.seconds = hub, planted, 1000.0
        address = f"http://127.0.0.1:{hub.public}"
        settings = HubSettings(DESK, hub.api, address, DESK_TOKEN, client_id="service-desk")
        login = Login(Hub(settings, http), Sessions(KEY, lambda: self.seconds), KEY)
        self.following = Following(planted.log)
        self.app = build(Desk(login, self.following, policy or read_desk(), policies_dir(), planted.clock))

    def browser(self, language: str = "en") -> TestClient:
        """A browser in which nobody is logged in; it follows no redirect by itself."""
        return TestClient(self.app, follow_redirects=False, headers={"Accept-Language": language})

    def person(self, name: str, language: str = "en") -> TestClient:
        """A browser in which `name` is logged in, after the whole OAuth dance."""
        browser = self.browser(language)
        with self.hub.login(name) as at_hub:
            back = at_hub.get(browser.get(DESK).headers["location"])
            assert back.status_code == 302, back.text
        arrived = browser.get(back.headers["location"])
        assert arrived.status_code == 303, arrived.text
        return browser

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of all events of this kind."""
        return [dict(event.body) for event in self.planted.log.read(kinds=kind) if event.kind == kind]
