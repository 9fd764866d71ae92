"""A habilitation review at the desk: opened, answered, closed, and what each sender is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from hub.events.state import fold
from hub.opening import opening
from hub.policy.verdict import Grant, Refusal
from hub.workspace import Workspace
from tests.egress.desk.people import DeskHouse
from tests.egress.web.hub_stand import DESK
from tests.egress.web.people import csrf, text_of

LIST = f"{DESK}habilitations"
PAGE = f"{LIST}/review-1"
ALICE = "confirm:reste-a-charge:alice"


def send(browser: TestClient, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
    answer = browser.post(path, data={"csrf": csrf(browser.get(LIST).text), **(form or {})})
    return answer.status_code, text_of(answer.text)


def last_day(house: DeskHouse, days: int = 30) -> str:
    return (house.planted.now + timedelta(days=days)).date().isoformat()


@pytest.fixture
def erin(house: DeskHouse) -> TestClient:
    """Her browser, once she has opened a review."""
    erin = house.person("erin")
    assert send(erin, LIST, {"until": last_day(house)})[0] == 303
    return erin


def test_every_membership_in_force_is_asked_about(house: DeskHouse, erin: TestClient) -> None:
    (opened,) = house.events("campaign.opened")
    assert ["reste-a-charge", "alice"] in opened["asked"]
    assert opened["channel"] == "desk"
    said = text_of(erin.get(PAGE).text)
    for expected in ("Alice Martin", "waits for a word", "memberships have no answer yet"):
        assert expected in said
    assert "wait for a word" in text_of(erin.get(DESK).text)
    assert "attend une réponse" in text_of(house.person("frank", "fr").get(PAGE).text)


def test_ticked_ones_are_confirmed_together_and_once(house: DeskHouse, erin: TestClient) -> None:
    form = {ALICE: "yes", "confirm:reste-a-charge:carol": "yes"}
    for _ in range(2):
        assert send(erin, f"{PAGE}/confirm", form)[0] == 303
    assert [each["person"] for each in house.events("membership.confirmed")] == ["alice", "carol"]


def test_one_that_is_refused_takes_the_others_back(house: DeskHouse, erin: TestClient) -> None:
    status, said = send(erin, f"{PAGE}/confirm", {ALICE: "yes", "confirm:reste-a-charge:mallory": "yes"})
    assert status == 403
    assert "does not ask about mallory" in said
    assert house.events("membership.confirmed") == []


def test_who_is_withdrawn_is_out_at_once_and_is_told_what_to_do(house: DeskHouse, erin: TestClient) -> None:
    form = {"membership": "reste-a-charge:alice", "why": "left the team"}
    assert send(erin, f"{PAGE}/withdraw", {**form, "why": " "})[0] == 422
    assert send(erin, f"{PAGE}/withdraw", form)[0] == 303
    workspace, enclave = Workspace("alice", "reste-a-charge"), fold(house.planted.log.read())
    verdict = opening(workspace, enclave, house.planted.now.date())
    assert isinstance(verdict, Refusal)
    assert verdict.rule == "habilitation.withdrawn"
    assert "left the team" in text_of(erin.get(PAGE).text)
    send(erin, f"{PAGE}/confirm", {ALICE: "yes"})
    assert isinstance(opening(workspace, fold(house.planted.log.read()), house.planted.now.date()), Grant)


@pytest.mark.parametrize(("days", "status"), [(-1, 422), (0, 422), (1, 303)])
def test_it_closes_after_its_last_day(house: DeskHouse, erin: TestClient, days: int, status: int) -> None:
    house.planted.now += timedelta(days=30 + days)
    assert send(erin, f"{PAGE}/close")[0] == status
    if status == 303:
        assert send(erin, f"{PAGE}/close")[0] == 409
        assert "closed" in text_of(erin.get(PAGE).text)


@pytest.mark.parametrize("until", ["", "tomorrow", "2026-13-01", "2020-01-01"])
def test_a_day_that_is_none_or_too_soon_comes_back(house: DeskHouse, until: str) -> None:
    browser = house.person("erin")
    status, said = send(browser, LIST, {"until": until})
    if until:
        assert status == 422
        assert "last day" in said
        assert house.events("campaign.opened") == []
    else:
        assert status == 303  # as many days as the policy gives


def test_what_is_not_there_is_told(house: DeskHouse, erin: TestClient) -> None:
    assert erin.get(f"{LIST}/review-9").status_code == 404
    assert send(erin, f"{LIST}/review-9/close")[0] == 404
    assert send(erin, f"{PAGE}/confirm")[0] == 422
    assert send(erin, LIST, {"until": last_day(house, 40)})[0] == 422
    assert len(house.events("campaign.opened")) == 1
