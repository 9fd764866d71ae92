"""People at the desk: who is known and what they lack; added, trained, halted, resumed, removed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hub.policy.standing import Requirements
from tests.egress.desk.people import DeskHouse
from tests.egress.desk.permits import post
from tests.egress.web.hub_stand import DESK
from tests.egress.web.people import text_of
from tests.egress.web.planted import ATTACK


def test_everybody_stands_there_with_what_they_lack(house: DeskHouse) -> None:
    for name in ("erin", "frank"):
        house.planted.log.append("admin", "training.recorded", "", {"person": name, "until": "2029-01-01"})
    house.planted.log.append("admin", "training.recorded", "", {"person": "alice", "until": "2026-11-30"})
    for name in ("bob", "carol"):
        house.planted.log.append("admin", "training.recorded", "", {"person": name, "until": "2029-01-01"})
    required = Requirements(training=True).model_dump(mode="json")
    house.planted.log.append("hub", "people.required", "", {"required": required})
    erin = house.person("erin")
    page = text_of(erin.get(f"{DESK}people").text)
    for told in ("Alice Martin", "training ends on 2026-11-30", "no training recorded", "administrator"):
        assert told in page
    waiting = text_of(erin.get(DESK).text)
    assert "Alice Martin lacks something" in waiting
    assert "Sam Stranger" not in waiting
    french = text_of(house.person("frank", "fr").get(f"{DESK}people/alice").text)
    assert "formation à échéance le 2026-11-30" in french


def test_one_person_with_projects_roles_and_second_factors(house: DeskHouse) -> None:
    enrolled = {"id": "f1", "kind": "app", "label": ATTACK}
    house.planted.log.append("bob", "factor.enrolled", "", enrolled)
    page = house.person("erin").get(f"{DESK}people/bob").text
    for told in ("Bob Diallo", "researcher", "output checker", "urgences", "authenticator app"):
        assert told in text_of(page)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_somebody_is_made_known_and_their_name_corrected(house: DeskHouse) -> None:
    erin = house.person("erin")
    answer = post(erin, "people", id="zoe", name="Zoe Brun", organisation="")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{DESK}people/zoe")
    post(erin, "people", id="zoe", name=f"Zoé {ATTACK}", organisation="INSEE")
    assert len([each for each in house.events("person.added") if each["person"]["id"] == "zoe"]) == 2
    page = erin.get(f"{DESK}people").text
    assert "<script>" not in page
    assert "INSEE" in page


@pytest.mark.parametrize(("identity", "name"), [("Not A Login", "Zoe"), ("zoe", " "), ("", "Zoe")])
def test_what_is_no_name_comes_back_as_it_was_typed(house: DeskHouse, identity: str, name: str) -> None:
    before = house.planted.log.last()
    answer = post(house.person("erin"), "people", id=identity, name=name, organisation="kept")
    assert answer.status_code == 422
    assert 'value="kept"' in answer.text
    assert house.planted.log.last() == before


@pytest.mark.parametrize(("days", "status"), [(-1, 303), (0, 303), (1, 422)])
def test_a_training_is_recorded_once_it_was_followed(house: DeskHouse, days: int, status: int) -> None:
    day = house.planted.now.date() + timedelta(days=days)
    answer = post(house.person("erin"), "people/alice/training", done=day.isoformat())
    assert answer.status_code == status
    recorded = house.events("training.recorded")
    assert len(recorded) == (status == 303)
    if recorded:
        assert date.fromisoformat(recorded[0]["until"]) - day == timedelta(days=1461)  # policies/people.toml
        assert recorded[0]["channel"] == "desk"


def test_a_day_that_is_none_is_asked_for_again(house: DeskHouse) -> None:
    assert post(house.person("erin"), "people/alice/training", done="soon").status_code == 422


def test_a_person_is_halted_and_resumed_with_reasons(house: DeskHouse) -> None:
    erin = house.person("erin")
    assert post(erin, "people/alice/halt", why="").status_code == 422
    assert post(erin, "people/alice/halt", why="an incident").status_code == 303
    assert "an incident" in text_of(erin.get(f"{DESK}people/alice").text)
    assert post(erin, "people/alice/resume", why="cleared").status_code == 303
    assert [each["why"] for each in house.events("access.halted")] == ["an incident"]
    assert [each["why"] for each in house.events("access.resumed")] == ["cleared"]


def test_an_administrator_who_is_halted_does_not_lift_it(house: DeskHouse) -> None:
    erin, frank = house.person("erin"), house.person("frank")
    assert post(erin, "people/frank/halt", why="an incident").status_code == 303
    assert frank.get(f"{DESK}people/frank").status_code == 403
    assert house.events("access.resumed") == []


def test_administrators_are_neither_made_nor_unmade_here(house: DeskHouse) -> None:
    erin = house.person("erin")
    assert "/remove" not in erin.get(f"{DESK}people/frank").text
    assert post(erin, "people/frank/remove", why="a coup").status_code == 409
    post(erin, "people", id="mallory", name="Mallory", organisation="", administrator="true")
    assert house.following.look().enclave.administrators == {"erin", "frank"}


def test_a_person_is_removed_with_a_reason(house: DeskHouse) -> None:
    erin = house.person("erin")
    assert post(erin, "people/mallory/remove", why="left").status_code == 303
    assert erin.get(f"{DESK}people/mallory").status_code == 404
    assert post(erin, "people/mallory/remove", why="left").status_code == 404
    assert [each["why"] for each in house.events("person.removed")] == ["left"]


def test_many_who_lack_something_are_one_line(house: DeskHouse) -> None:
    for name in ("erin", "frank"):
        house.planted.log.append("admin", "training.recorded", "", {"person": name, "until": "2029-01-01"})
    required = Requirements(training=True).model_dump(mode="json")
    house.planted.log.append("hub", "people.required", "", {"required": required})
    waiting = text_of(house.person("erin").get(DESK).text)
    assert "6 persons lack something" in waiting
    assert "Alice Martin" not in waiting
