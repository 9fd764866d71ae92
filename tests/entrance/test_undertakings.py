"""At the first login people sign; before that nothing opens."""

from __future__ import annotations

import re

import httpx
import pytest

from scripts.visitor import Visitor
from tests.directory.slapd import PEOPLE
from tests.entrance.stand import Stand

pytestmark = pytest.mark.directory


def fields(page: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))


def test_nothing_opens_before_the_undertaking_is_signed_and_training_recorded(stand: Stand) -> None:
    with Visitor(stand.address, "alice") as alice:
        alice.pass_the_door(PEOPLE["alice"])
        home = alice.http.get("/hub/home")
        assert home.url.path == "/hub/undertakings"
        assert "Confidentiality undertaking" in home.text
        form = fields(home)

        started = alice.http.post("/hub/api/users/alice/servers/reste-a-charge", headers=alice._xsrf("/hub/"))
        assert started.status_code == 403
        assert "do not have access to perform this action" in started.text or "scope" in started.text, started.text

        for wrong in ({"agree": ""}, {"digest": "0" * 64}, {"name": "other"}, {"digest": ""}):
            refused = alice.http.post("/hub/undertakings", data={**form, "agree": "yes", **wrong})
            assert refused.status_code == 403
        assert stand.events("undertaking.signed") == []
        assert alice.http.post("/hub/undertakings", data={**form, "agree": "yes", "_xsrf": "x"}).status_code == 403

        signed = alice.http.post("/hub/undertakings", data={**form, "agree": "yes"})
        assert signed.url.path == "/hub/home"
        assert "No training of yours is recorded" in signed.text
        [event] = stand.events("undertaking.signed")
        assert (event.actor, event.body["digest"], event.body["version"]) == ("alice", form["digest"], 1)

        stand.log.append("ada", "training.recorded", "", {"person": "alice", "until": "2099-01-01"})
        assert "No training" not in alice.http.get("/hub/home").text


def test_who_is_not_logged_in_reads_and_signs_nothing(stand: Stand) -> None:
    with httpx.Client(base_url=stand.address, trust_env=False) as anybody:
        assert anybody.get("/hub/undertakings").status_code == 302
        assert anybody.post("/hub/undertakings", data={"agree": "yes"}).status_code == 403


def test_pages_at_the_door_have_no_script_of_their_own_and_load_nothing_foreign(stand: Stand) -> None:
    with httpx.Client(base_url=stand.address, trust_env=False) as anybody:
        page = anybody.get("/hub/login")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert not re.findall(r"<script(?![^>]*\bsrc=)|\bon\w+=|\bstyle=", page.text)
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)
        assert anybody.get("/hub/door/door.css").headers["content-type"].startswith("text/css")
        assert anybody.get("/hub/door/..%2fdoor.py").status_code == 404
