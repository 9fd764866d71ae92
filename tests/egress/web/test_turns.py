"""Turns on the pages: what is offered to whom, what the forms do, what a second turn shows, who reads what."""

from __future__ import annotations

import re

import pytest

from egress.airlock.desk import Remarks
from egress.release.review import Choice, Vote
from egress.release.status import Status
from hub.policy.review import ReviewRules
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.people import House, csrf, text_of
from tests.egress.web.planted import by_site, by_year

ONE, SECRET_NOTE = "reste-a-charge-1", "Dayton is a single family"


@pytest.fixture
def waiting(house: House) -> House:
    house.planted.submit(ONE, descriptions={"visits_by_site": "Visits of each site."})
    house.planted.checked(ONE, by_site(), by_year())
    return house


def hidden(page: str) -> dict[str, str]:
    """What the review form carries by itself."""
    found = re.search(r'name="checks" value="([^"]+)"', page)
    assert found
    return {"csrf": csrf(page), "checks": found.group(1)}


def status(house: House) -> Status:
    return house.planted.desk.look().request(ONE).status


FORM = {
    "vote.visits_by_site": "change",
    "comment.visits_by_site": "Group Dayton.",
    "note.visits_by_site": SECRET_NOTE,
    "vote.persons_by_year": "approve",
    "criteria.persons_by_year.linking": "on",
    "minutes": "25",
}


def test_changes_return_the_request_and_the_next_turn_says_what_changed(waiting: House) -> None:
    carol, page = waiting.person("carol"), f"{PREFIX}review/{ONE}"
    shown = carol.get(page).text
    assert "Visits of each site." in text_of(shown)
    answer = carol.post(page, data={**FORM, **hidden(shown), "opened": "nonsense"})
    assert answer.status_code == 303
    given = waiting.planted.events("review.given")[0]
    assert (given["minutes"], given["votes"][1]["criteria"]) == (25, ["linking"])
    assert status(waiting) is Status.RETURNED

    alice = waiting.person("alice")
    returned = text_of(alice.get(f"{PREFIX}requests/{ONE}").text)
    assert "Group Dayton." in returned
    assert SECRET_NOTE not in returned
    assert "It does not leave" not in returned

    waiting.planted.resubmit(ONE, "Dayton is grouped.", by_site("Visits by grouped site"), by_year())
    again = text_of(carol.get(page).text)
    for words in ("Turn 2", "Dayton is grouped.", "Nothing changed", "your vote still counts"):
        assert words in again
    told = carol.post(page, data={"vote.visits_by_site": "approve", **hidden(carol.get(page).text)})
    assert told.status_code == 303
    assert status(waiting) is Status.APPROVED


def test_blinded_checkers_do_not_read_each_other_before_both_have_voted(waiting: House) -> None:
    planted = waiting.planted
    two = ReviewRules(checkers=2)
    planted.rules = two
    planted.repeated(ONE, by_site(), by_year())
    votes = (Vote("visits_by_site", Choice.REJECT, "Too fine.", SECRET_NOTE), Vote("persons_by_year", Choice.APPROVE))
    planted.desk.review(ONE, "carol", votes, Remarks(note="Between us"))
    dora, page = waiting.person("dora"), f"{PREFIX}review/{ONE}"
    before = dora.get(page).text
    assert SECRET_NOTE not in before
    assert "Too fine." not in before
    form = {"vote.visits_by_site": "approve", "vote.persons_by_year": "approve", **hidden(before)}
    dora.post(page, data=form)
    assert status(waiting) is Status.CONSOLIDATING
    after = text_of(dora.get(page).text)
    assert SECRET_NOTE in after
    assert "The reviews differ." in after
    assert SECRET_NOTE not in waiting.person("alice").get(f"{PREFIX}requests/{ONE}").text


ACTS = ("return", "appeal", "agree", "recall", "seen", "withdraw")


@pytest.mark.parametrize("person", ["bob", "dora", "hilda", "mallory", "stranger"])
def test_nobody_does_what_is_not_theirs(waiting: House, person: str) -> None:
    browser = waiting.person(person)
    home = browser.get(f"{PREFIX}queue").text
    for act in ACTS:
        if (person, act) == ("dora", "return"):
            continue  # she may
        answer = browser.post(f"{PREFIX}requests/{ONE}/{act}", data={"csrf": csrf(home), "why": "Because."})
        assert answer.status_code in {403, 404, 409}, act
    assert status(waiting) is Status.IN_REVIEW


def test_forms_need_the_session_they_were_made_for_and_a_reason(waiting: House) -> None:
    dora = waiting.person("dora")
    token = csrf(dora.get(f"{PREFIX}queue").text)
    there = f"{PREFIX}requests/{ONE}/return"
    assert dora.post(there, data={"why": "x", "csrf": "other"}).status_code == 403
    assert dora.post(there, data={"why": " ", "csrf": token}).status_code == 422
    assert dora.post(there, data={"why": "Name the years.", "csrf": token}).status_code == 303
    assert dora.post(there, data={"why": "Twice.", "csrf": token}).status_code == 409
    assert status(waiting) is Status.RETURNED
    assert "Name the years." in text_of(waiting.person("alice").get(f"{PREFIX}requests/{ONE}").text)


def test_the_data_holder_agrees_where_the_rules_ask_for_it(waiting: House) -> None:
    planted = waiting.planted
    planted.rules = ReviewRules(approvers=("data_holder",))
    planted.repeated(ONE, by_site(), by_year())
    votes = tuple(Vote(name, Choice.APPROVE) for name in ("visits_by_site", "persons_by_year"))
    planted.desk.review(ONE, "carol", votes)
    hilda = waiting.person("hilda")
    assert "To agree to" in hilda.get(f"{PREFIX}queue").text
    page = hilda.get(f"{PREFIX}requests/{ONE}").text
    assert "Exact, with the evidence" not in page
    form = {"csrf": csrf(page), "agrees": "yes", "why": ""}
    assert hilda.post(f"{PREFIX}requests/{ONE}/agree", data=form).status_code == 303
    assert status(waiting) is Status.APPROVED


def test_the_queue_says_how_new_and_by_when(waiting: House) -> None:
    shown = text_of(waiting.person("carol", "fr").get(f"{PREFIX}queue").text)
    assert "Nouvelle" in shown
    assert "27 nov. 2026" in shown
    assert "en retard" not in shown
    waiting.planted.now = waiting.planted.now.replace(month=12)
    assert "en retard" in text_of(waiting.person("carol", "fr").get(f"{PREFIX}queue").text)


def test_a_researcher_reads_their_projects_and_what_to_expect(waiting: House) -> None:
    alice = waiting.person("alice")
    shown = text_of(alice.get(f"{PREFIX}requests").text)
    for words in ("My projects", "Permit until 31 Dec 2028", "Extract built not yet", "ρ = 1"):
        assert words in shown
    assert "Lately the checks took" not in shown  # one request tells nothing of what is usual
    for number in (2, 3):
        waiting.planted.submit(f"reste-a-charge-{number}")
        waiting.planted.checked(f"reste-a-charge-{number}", by_year())
    assert "Lately the checks took 2 minutes (median)" in text_of(alice.get(f"{PREFIX}requests").text)
    assert "Lately the checks took" in text_of(alice.get(f"{PREFIX}requests/{ONE}").text)
    body = {"folder": "v1", "digest": "3" * 64}
    waiting.planted.log.append("extractor", "extract.built", "reste-a-charge", body)
    shown = text_of(alice.get(f"{PREFIX}requests").text)
    assert "not yet" not in shown
