"""Ways of their own: copies of a session after logging out, and people who have none."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

import httpx

from scripts.visitor import Visitor
from tests.journeys.attacks.model import W
from tests.journeys.attacks.outside import INJECTIONS
from tests.journeys.attacks.run import Results, copy_of, trusting, wait_for_death

REQUESTS = "/services/egress/requests"
LIVES = 12.0  # seconds: what hub, pages and workspace believe for ten


@dataclass(frozen=True)
class Thief:
    """Has a copy of a session's cookies, and in `other` a browser with a code that the hub gave for them."""

    cookies: httpx.Client
    other: httpx.Client
    callback: str

    @classmethod
    def of(cls, victim: Visitor) -> Thief:
        """Before the victim logs out: everything works for the thief, else nothing would be shown."""
        victim.http.get(REQUESTS)
        other = copy_of(victim)
        for name in [each.name for each in other.cookies.jar if each.name.startswith("jupyterhub-user-")]:
            other.cookies.delete(name)
        asked = other.get(f"{W}/lab")  # sent on to the hub, which sends a code back
        given = other.get(asked.headers["location"])
        thief = cls(copy_of(victim), other, given.headers["location"])
        assert all((thief.hub(), thief.egress(), thief.workspace(), "code=" in thief.callback))
        return thief

    def hub(self) -> str:
        """The hub's own pages."""
        answer = self.cookies.get("/hub/home")
        return "the hub's page" if answer.status_code == httpx.codes.OK else ""

    def egress(self) -> str:
        """The release pages."""
        answer = self.cookies.get(REQUESTS)
        return "the release pages" if answer.status_code == httpx.codes.OK else ""

    def workspace(self) -> str:
        """The workspace's API."""
        answer = self.cookies.get(f"{W}/api/contents")
        return "the workspace's files" if answer.status_code == httpx.codes.OK else ""

    def code(self) -> str:
        """A new session of the workspace, for the code that was kept."""
        self.other.get(self.callback)
        answer = self.other.get(f"{W}/api/contents")
        return "a session by the code" if answer.status_code == httpx.codes.OK else ""

    def results(self) -> Results:
        """What still works, each within the seconds for which the hub's word is believed."""
        return {
            "stolen-hub": self.hub(),
            "stolen-code": self.code(),
            "stolen-egress": wait_for_death(self.egress, LIVES),
            "stolen-workspace": wait_for_death(self.workspace, LIVES),
        }


def strangers(victim: Visitor) -> Results:
    """People without a session."""
    with trusting(victim.base, victim.trust) as stranger:
        files = stranger.get(f"{W}/api/contents").status_code
        plain = httpx.get(victim.base.replace("https", "http") + "/hub/login", follow_redirects=False)
        entered = [name[:20] for name in INJECTIONS if _enters(victim, name)]
    return {
        "without-session": "" if files in {302, 403} else f"HTTP {files}",
        "without-tls": "" if plain.status_code == 308 and "password" not in plain.text else "the login page",
        "directory-injection": ", ".join(entered),
    }


def _enters(victim: Visitor, name: str) -> bool:
    with trusting(victim.base, victim.trust) as browser:
        page = browser.get("/hub/login").text
        found = re.search(r'name="_xsrf"\s+value="([^"]+)"', page)
        form = {"username": name, "password": "alice-demo", "_xsrf": html.unescape(found.group(1)) if found else ""}
        answer = browser.post("/hub/login", data=form)
    return answer.status_code in {httpx.codes.OK, httpx.codes.FOUND} and "login_error" not in answer.text
