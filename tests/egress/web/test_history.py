"""What a page tells of a request's way: what, in which role, when; and nobody who checks is named."""

from __future__ import annotations

import pytest

from egress.release.review import Choice
from egress.web.history import steps, turn_steps
from hub.policy.review import ReviewRules
from tests.egress.mail.test_matters import vote
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.people import House, text_of
from tests.egress.web.planted import Planted, by_site, by_year

ONE = "reste-a-charge-1"


def said(planted: Planted) -> list[tuple[str, str]]:
    return [(str(step.what), str(step.who)) for step in steps(planted.desk.look().request(ONE))]


def test_who_did_each_step_in_which_role(planted: Planted) -> None:
    planted.rules = ReviewRules(checkers=1)
    planted.submit(ONE)
    planted.checked(ONE, by_year())
    vote(planted, ONE, "carol")
    planted.release(ONE)
    assert said(planted) == [
        ("Submitted and frozen", "by its author"),
        ("Re-run in the sealed runner", "by the enclave"),
        ("Recomputed and checked", "by the enclave"),
        ("Given to output checkers", "by the enclave"),
        ("Decided", "by output checkers"),
        ("Package sealed", "by the enclave"),
    ]


@pytest.mark.parametrize(("person", "role"), [("alice", "by its author"), ("carol", "by output checkers")])
def test_a_return_is_whose_it_was_in_this_turn_and_in_earlier_ones(planted: Planted, person: str, role: str) -> None:
    planted.submit(ONE)
    planted.checked(ONE, by_site())
    planted.acts.send_back(ONE, person, "why")
    assert said(planted)[-1] == ("Returned to its author", role)
    file = {"name": "study.ipynb", "sha256": "0" * 64, "size": 1}
    body = {"request": ONE, "title": "t", "entry": "e", "notebook": file, "files": []}
    said_by = {name: planted.quarantine.put(b"{}") for name in ("descriptions", "answer")}
    planted.log.append("alice", "request.resubmitted", "reste-a-charge", {**body, **said_by})
    request = planted.desk.look().request(ONE)
    assert said(planted) == [("Submitted and frozen", "by its author")]
    assert str(turn_steps(request.turns[-1], request.person)[-1].who) == role


def test_the_authors_page_names_no_checker(house: House) -> None:
    house.planted.rules = ReviewRules(checkers=2)
    house.planted.submit(ONE)
    house.planted.checked(ONE, by_year())
    vote(house.planted, ONE, "carol", Choice.REJECT)
    vote(house.planted, ONE, "dora", Choice.REJECT)
    page = text_of(house.person("alice").get(f"{PREFIX}requests/{ONE}").text)
    assert "Rejected by output checkers" in page
    for name in ("carol", "Carol", "Nguyen", "dora", "Dora"):
        assert name not in page
    page = text_of(house.person("alice", "fr").get(f"{PREFIX}requests/{ONE}").text)
    assert "par les vérificateurs" in page


def test_the_budget_that_is_left_stands_with_the_project(house: House) -> None:
    alice = house.person("alice")
    assert "ρ = 1 left of 1" in text_of(alice.get(f"{PREFIX}requests").text)
    house.planted.spend("reste-a-charge", 250_000_000)
    house.planted.spend("reste-a-charge", 125_000_000, end="open")
    house.planted.spend("urgences", 500_000_000, person="mallory")
    page = text_of(alice.get(f"{PREFIX}requests").text)
    assert "ρ = 0.625 left of 1" in page
    assert "0.25 spent, 0.125 reserved" in page
    assert "ρ = 0,625 restant sur 1" in text_of(house.person("alice", "fr").get(f"{PREFIX}requests").text)


def test_a_finding_says_to_its_author_what_to_do_and_to_a_checker_not(house: House) -> None:
    house.planted.submit(ONE)
    house.planted.checked(ONE, by_site())
    page = text_of(house.person("alice").get(f"{PREFIX}requests/{ONE}").text)
    assert page.count("What you can do:") == 2  # the title, and few persons; the third is told to checkers only
    assert "Use fewer or coarser keys" in page
    assert "ask for a count or a median" not in page
    assert "What you can do:" not in house.person("carol").get(f"{PREFIX}review/{ONE}").text
    assert "Ce que vous pouvez faire :" in text_of(house.person("alice", "fr").get(f"{PREFIX}requests/{ONE}").text)
