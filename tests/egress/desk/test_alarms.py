"""Alarms at the desk: looked into once, by somebody else than who raised them."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.egress.desk.people import DeskHouse
from tests.egress.web.hub_stand import DESK
from tests.egress.web.people import csrf, text_of

PAGE = f"{DESK}alarms"


def raised(house: DeskHouse, person: str = "mallory", times: int = 1) -> str:
    body = {"person": person, "door": "edge", "tried": "terminals", "day": "2026-11-20", "times": times}
    house.planted.log.append("meter", "alarm.raised", "urgences", body)
    return f"2026-11-20/edge/terminals/{person}/urgences"


def answer(browser: TestClient, alarm: str, why: str) -> int:
    form = {"csrf": csrf(browser.get(PAGE).text), "alarm": alarm, "why": why}
    return browser.post(PAGE, data=form).status_code


def test_an_alarm_waits_until_it_is_answered_and_again_when_it_is_told_of_more(house: DeskHouse) -> None:
    erin, alarm = house.person("erin"), raised(house)
    assert "1 alarm has no answer." in text_of(erin.get(DESK).text)
    assert "a terminal in a workspace" in text_of(erin.get(PAGE).text)
    assert answer(erin, alarm, "a mistyped address") == 303
    assert answer(erin, alarm, "again") == 409
    assert [each["why"] for each in house.events("alarm.answered")] == ["a mistyped address"]
    assert "by erin: a mistyped address" in text_of(erin.get(PAGE).text)
    assert "Nothing waits for you." not in erin.get(PAGE).text
    assert "has no answer" not in text_of(erin.get(DESK).text)
    raised(house, times=10)
    assert "1 alerte est sans réponse." in text_of(house.person("frank", "fr").get(DESK).text)


@pytest.mark.parametrize(("alarm", "why", "status"), [("none", "x", 404), ("", "x", 404), (None, " ", 422)])
def test_what_is_no_answer_is_told(house: DeskHouse, alarm: str | None, why: str, status: int) -> None:
    known = raised(house)
    assert answer(house.person("erin"), known if alarm is None else alarm, why) == status
    assert house.events("alarm.answered") == []


def test_nobody_answers_what_they_raised_themselves(house: DeskHouse) -> None:
    alarm = raised(house, "erin")
    assert answer(house.person("erin"), alarm, "nothing") == 422
    assert answer(house.person("frank"), alarm, "asked her: a mistyped address") == 303
