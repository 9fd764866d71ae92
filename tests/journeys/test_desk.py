"""Two administrators at the desk of the running stack: a permit is drafted by one and issued by the other."""

from __future__ import annotations

import re

import httpx
import pytest

from scripts.visitor import Visitor
from tests.journeys.conftest import Stack, inside

pytestmark = [pytest.mark.journey, pytest.mark.containers]

DESK = "/services/desk/"
FORGE = """
import os, pathlib
from hub.events.kept import log_of
from hub.policy.verdict import RefusedError
log = log_of(os.environ, pathlib.PurePosixPath(os.environ["BULLE_STATE"]) / "events" / "log.db")
try:
    log.append("root", "administrator.appointed", "", {"person": "alice", "why": "a forged word"})
    print("written")
except RefusedError as error:
    print(error.refusal.rule)
"""


def logged_in(stack: Stack, name: str) -> Visitor:
    visitor = stack.visitor(name)
    visitor.login(f"{name}-demo")
    return visitor


def token(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found.group(1)


def test_a_permit_is_amended_by_two_administrators(stack: Stack) -> None:
    erin, frank = logged_in(stack, "erin"), logged_in(stack, "frank")
    home = erin.http.get(DESK)
    assert "What waits for you" in home.text
    file = erin.http.get(f"{DESK}permits/reste-a-charge/file").text
    wider = file.replace("valid_until = 2028-12-31", "valid_until = 2029-06-30")
    assert wider != file
    sent = erin.http.post(
        f"{DESK}drafts/upload", data={"csrf": token(home)}, files={"file": ("permit.toml", wider.encode())}
    )
    draft = sent.url.path.removeprefix(f"{DESK}drafts/")
    assert "You drafted it" in sent.text
    own = erin.http.post(f"{DESK}drafts/{draft}/issue", data={"csrf": token(home)})
    assert own.status_code == 403
    plan = frank.http.get(f"{DESK}drafts/{draft}")
    assert "2029-06-30" in plan.text
    issued = frank.http.post(f"{DESK}drafts/{draft}/issue", data={"csrf": token(plan)})
    assert issued.url.path == f"{DESK}permits/reste-a-charge"
    last = stack.told("permit.issued")[-1]
    assert (last["actor"], last["body"]["drafted_by"], last["body"]["channel"]) == ("frank", "erin", "desk")
    assert [each["body"]["rule"] for each in stack.told("permit.draft_refused")] == ["draft.own"]


def test_who_administers_nothing_does_not_reach_the_desk(stack: Stack) -> None:
    alice = logged_in(stack, "alice")
    assert "Admin's desk" not in alice.http.get("/hub/home").text.replace("&#39;", "'")
    assert alice.http.get(DESK).status_code == 403


def test_the_desk_appoints_nobody_whatever_runs_in_it(stack: Stack) -> None:
    assert inside(stack, "desk", FORGE).stdout.strip() == "log.writer"
    assert {each["body"]["person"] for each in stack.told("administrator.appointed")} == {"erin", "frank"}
