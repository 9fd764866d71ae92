"""Imports, budgets and figures at the desk: pages that only tell."""

from __future__ import annotations

from decimal import Decimal

import pytest
from httpx import Response
from starlette.testclient import TestClient

from egress.imports.model import digest_of
from egress.release.model import FrozenFile
from hub.events.state import fold
from hub.policy.model import DataPermit
from tests.egress.desk.people import DeskHouse
from tests.egress.release.requests import change, checked, decided, given, record, rerun, resubmitted, submitted, yes
from tests.egress.web.hub_stand import DESK
from tests.egress.web.people import csrf, text_of
from tests.egress.web.planted import ATTACK

PROJECT = "reste-a-charge"


def plant_import(house: DeskHouse, number: int, approver: str = "output_checker", title: str = "A tool") -> str:
    identity = f"{PROJECT}-import-{number}"
    digest = "0" * 64
    file = {"name": "tool.py", "sha256": "a" * 64, "size": 10}
    asked = {"number": number, "title": title, "why": "To weigh", "origin": "x", "files": [file]}
    about = {"import": identity, "digest": _digest()}
    log = house.planted.log
    log.append("alice", "import.asked", PROJECT, {**about, **asked})
    log.append("egress", "import.frozen", PROJECT, about)
    log.append("egress", "import.scanned", PROJECT, {**about, "report": digest, "approver": approver})
    return identity


def _digest() -> str:
    return digest_of((FrozenFile("tool.py", "a" * 64, 10),))


def test_imports_are_told_with_who_decides_and_no_word_is_a_command(house: DeskHouse) -> None:
    plant_import(house, 1, title=ATTACK)
    erin = house.person("erin")
    page = erin.get(f"{DESK}imports").text
    assert "<script>alert" not in page
    said = text_of(page)
    assert "carol, dora" in said
    assert "Waiting for approval" in said
    assert "You decide" not in said
    assert "1 import waits for a decision." in text_of(erin.get(DESK).text)
    assert "Ce qui" in text_of(house.person("frank", "fr").get(DESK).text)


def test_an_administrator_who_is_the_data_holder_is_led_to_the_decision(house: DeskHouse) -> None:
    log = house.planted.log
    log.append("admin", "administrator.appointed", "", {"person": "hilda", "why": "small site"})
    identity = plant_import(house, 1, approver="data_holder")
    page = house.person("hilda").get(f"{DESK}imports").text
    assert f'href="/services/egress/imports/{identity}"' in page


def test_budgets_name_every_source_with_its_sums(house: DeskHouse) -> None:
    said = text_of(house.person("erin").get(f"{DESK}budgets").text)
    for expected in ("Source rand-hie", "All projects on this source", "urgences", "Exact outputs that left"):
        assert expected in said
    assert "Autre plafond" in text_of(house.person("frank", "fr").get(f"{DESK}budgets").text)


def send_cap(browser: TestClient, rho: str, why: str = "a second year", project: str = PROJECT) -> Response:
    form = {"csrf": csrf(browser.get(f"{DESK}budgets").text), "rho": rho, "why": why}
    return browser.post(f"{DESK}budgets/{project}", data=form)


def test_another_cap_is_a_draft_that_differs_in_rho_and_says_why(house: DeskHouse) -> None:
    before = fold(house.planted.log.read()).permits[PROJECT]
    erin = house.person("erin")
    answer = send_cap(erin, "0,75")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{DESK}drafts/{PROJECT}-draft-1"
    (drafted,) = house.events("permit.drafted")
    permit = DataPermit.model_validate_json(drafted["permit"])
    assert permit == before.model_copy(update={"rho": Decimal("0.75")})
    assert drafted["why"] == "a second year"
    assert "a second year" in text_of(erin.get(answer.headers["location"]).text)
    assert fold(house.planted.log.read()).permits[PROJECT] == before  # a draft opens nothing


@pytest.mark.parametrize(
    ("rho", "why", "said"),
    [
        ("much", "x", "is no budget"),
        ("-1", "x", "is no budget"),
        ("0.75", " ", "Give a reason"),
        ("", "x", "is no budget"),
    ],
)
def test_a_cap_that_cannot_be_comes_back(house: DeskHouse, rho: str, why: str, said: str) -> None:
    answer = send_cap(house.person("erin"), rho, why)
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert house.events("permit.drafted") == []


def test_a_project_that_is_not_there_has_no_cap(house: DeskHouse) -> None:
    assert send_cap(house.person("erin"), "1", project="nothing").status_code == 404


def test_figures_are_told_by_month_and_rules_with_each_checkers_load(house: DeskHouse) -> None:
    erin = house.person("erin")
    assert "No request was submitted yet." in text_of(erin.get(f"{DESK}figures").text)
    a = record("a")
    acts = [submitted(), rerun(), checked(a), given("carol", change("a")), decided(changes=("a",)), resubmitted()]
    acts += [rerun(), checked(a), given("carol", yes("a"), minutes=7), decided("a")]
    for actor, kind, body in acts:
        house.planted.log.append(actor, kind, PROJECT, body)
    said = text_of(erin.get(f"{DESK}figures").text)
    for expected in ("health-fr", "returned", "carol", "Requests with 2 turns so far: 1", "No appeal so far."):
        assert expected in said
    assert "Demandes ayant eu 2 tours" in text_of(house.person("frank", "fr").get(f"{DESK}figures").text)
