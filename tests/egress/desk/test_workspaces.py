"""Workspaces at the desk: what is open, the halt button, and lifting a halt."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from hub.events.state import fold
from tests.egress.desk.people import DeskHouse
from tests.egress.web.hub_stand import DESK
from tests.egress.web.people import csrf, text_of

PAGE = f"{DESK}workspaces"


@pytest.fixture
def open_house(house: DeskHouse) -> DeskHouse:
    for person, project in (("alice", "reste-a-charge"), ("mallory", "urgences")):
        house.planted.log.append(person, "session.started", project, {})
    until = house.planted.now + timedelta(hours=1)
    house.planted.log.append("hub", "session.idle", "urgences", {"person": "mallory", "until": until.isoformat()})
    return house


def send(browser: TestClient, act: str, **form: str) -> int:
    return browser.post(f"{PAGE}/{act}", data={"csrf": csrf(browser.get(PAGE).text), **form}).status_code


def test_open_workspaces_are_listed_with_what_warns_them(open_house: DeskHouse) -> None:
    said = text_of(open_house.person("erin").get(PAGE).text)
    for expected in ("alice", "reste-a-charge", "in use", "warned; it closes at", "2048 MiB", "Nothing is halted."):
        assert expected in said
    french = text_of(open_house.person("erin", "fr").get(PAGE).text)
    assert "averti" in french
    assert "Espaces de travail" in french


def test_a_halt_is_the_commands_event_with_the_administrators_name(open_house: DeskHouse) -> None:
    erin = open_house.person("erin")
    assert send(erin, "halt", what="project:urgences", why="a screen was photographed") == 303
    (stop,) = fold(open_house.planted.log.read()).stops.standing.values()
    assert (stop.scope, stop.name, stop.by, stop.why) == ("project", "urgences", "erin", "a screen was photographed")
    assert open_house.events("access.halted")[0]["channel"] == "desk"
    said = text_of(erin.get(PAGE).text)
    assert "being closed" in said
    assert "Project urgences is halted since" in said
    assert "1 halt stands" in text_of(erin.get(DESK).text)


def test_twice_is_once_and_lifting_again_is_told(open_house: DeskHouse) -> None:
    erin = open_house.person("erin")
    for _ in range(2):
        assert send(erin, "halt", what="all", why="looked into") == 303
    assert len(open_house.events("access.halted")) == 1
    assert send(erin, "resume", what="all", why="nothing was found") == 303
    assert send(erin, "resume", what="all", why="nothing was found") == 409
    assert len(open_house.events("access.resumed")) == 1
    assert "Nothing is halted." in text_of(erin.get(PAGE).text)


@pytest.mark.parametrize(
    ("what", "why", "said"),
    [
        ("project:urgences", "", "Give a reason"),
        ("project:urgences", "\x1b\n", "Give a reason"),
        ("project:urgences", "x" * 501, "Give a reason"),
        ("project:none", "x", "nothing was halted"),
        ("person:nobody", "x", "nothing was halted"),
        ("permit:urgences", "x", "Choose what"),
        ("all:urgences", "x", "Choose what"),
        ("person:", "x", "Choose what"),
        ("", "x", "Choose what"),
    ],
)
def test_a_form_that_cannot_be_followed_comes_back_with_its_reason(
    open_house: DeskHouse, what: str, why: str, said: str
) -> None:
    erin = open_house.person("erin")
    answer = erin.post(f"{PAGE}/halt", data={"csrf": csrf(erin.get(PAGE).text), "what": what, "why": why})
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert open_house.events("access.halted") == []


def test_who_is_halted_lifts_nothing(open_house: DeskHouse) -> None:
    frank = open_house.person("frank")
    token = csrf(frank.get(PAGE).text)
    erin = open_house.person("erin")
    send(erin, "halt", what="all", why="x")
    send(erin, "halt", what="person:frank", why="x")
    assert frank.post(f"{PAGE}/resume", data={"csrf": token, "what": "all", "why": "x"}).status_code == 403
    assert open_house.events("access.resumed") == []


def test_how_full_folders_are_is_told_where_it_is_known(open_house: DeskHouse) -> None:
    erin = open_house.person("erin")
    assert "How full they are is not known" in text_of(erin.get(PAGE).text)
    used = {"/home/researcher": 12, "/project": 345, "/outbox": 0}
    open_house.planted.log.append("alice", "session.started", "reste-a-charge", {"used_mb": used})
    said = text_of(erin.get(PAGE).text)
    assert "12 / 2048" in said
    assert "345 / 8192" in said
    assert "0 / 256" in said


def test_how_workspaces_were_closed_last_is_told(open_house: DeskHouse) -> None:
    body = {"person": "mallory", "rule": "session.idle"}
    open_house.planted.log.append("hub", "session.stopped", "urgences", body)
    open_house.planted.log.append("alice", "session.stopped", "reste-a-charge", {"person": "alice", "rule": "odd.rule"})
    said = text_of(open_house.person("erin").get(PAGE).text)
    assert "No workspace is open." in said
    assert "nobody used it" in said
    assert "odd.rule" in said
