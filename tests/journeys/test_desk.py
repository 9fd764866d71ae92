"""Two administrators at the desk of the running stack: a permit is drafted by one and issued by the other."""

from __future__ import annotations

import re

import httpx
import pytest

from scripts.visitor import Visitor
from tests.journeys.conftest import Stack, inside

pytestmark = [pytest.mark.journey, pytest.mark.containers]

DESK, PROJECT = "/services/desk/", "reste-a-charge"
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


def amended(drafter: Visitor, issuer: Visitor, old: str, new: str) -> httpx.Response:
    """The page of the permit whose next version one of them drafts and the other issues."""
    file = drafter.http.get(f"{DESK}permits/{PROJECT}/file").text
    assert file.count(old) == 1
    form = {"csrf": token(drafter.http.get(DESK))}
    content = file.replace(old, new).encode()
    sent = drafter.http.post(f"{DESK}drafts/upload", data=form, files={"file": ("permit.toml", content)})
    assert "You drafted it" in sent.text
    assert drafter.http.post(f"{sent.url.path}/issue", data=form).status_code == 403
    plan = issuer.http.get(sent.url.path)
    assert new in plan.text
    return issuer.http.post(f"{sent.url.path}/issue", data={"csrf": token(plan)})


def test_a_permit_is_amended_by_two_administrators_and_back(stack: Stack) -> None:
    erin, frank = logged_in(stack, "erin"), logged_in(stack, "frank")
    assert "Admin's desk" in erin.http.get("/hub/home").text.replace("&#39;", "'")
    assert "What waits for you" in erin.http.get(DESK).text
    assert amended(erin, frank, "2028-12-31", "2029-06-30").url.path == f"{DESK}permits/{PROJECT}"
    assert amended(frank, erin, "2029-06-30", "2028-12-31").status_code == 200  # other journeys read this day
    issued = stack.told("permit.issued")[-2:]
    assert [(each["actor"], each["body"]["drafted_by"]) for each in issued] == [("frank", "erin"), ("erin", "frank")]
    assert {each["body"]["channel"] for each in issued} == {"desk"}
    assert [each["body"]["rule"] for each in stack.told("permit.draft_refused")] == ["draft.own", "draft.own"]


def test_who_administers_nothing_does_not_reach_the_desk(stack: Stack) -> None:
    alice = logged_in(stack, "alice")
    assert "Admin's desk" not in alice.http.get("/hub/home").text.replace("&#39;", "'")
    assert alice.http.get(DESK).status_code == 403


def test_the_desk_appoints_nobody_whatever_runs_in_it(stack: Stack) -> None:
    assert inside(stack, "desk", FORGE).stdout.strip() == "log.writer"
    assert {each["body"]["person"] for each in stack.told("administrator.appointed")} == {"erin", "frank"}
