"""Conflicts with earlier tables and the ledger: checkers read both numbers, authors one sentence, strangers nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from egress.release.review import Choice, Vote
from hub.events.chain import Event
from hub.events.log import Reading
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.people import House, csrf, text_of
from tests.egress.web.planted import HERE, THERE, adults_by_year, by_site, by_year, single_persons
from tests.egress.web.test_pages import checks_of, post, token_of

MINE, EARLIER, ELSEWHERE = "reste-a-charge-1", "reste-a-charge-2", "urgences-1"


@pytest.fixture
def conflicting(house: House) -> House:
    """A released table, and a later one that conflicts with it; another project of the same source released one."""
    house.planted.submit(EARLIER, person="bob", title="Persons")
    house.planted.checked(EARLIER, by_year())
    house.planted.desk.review(EARLIER, "carol", (Vote("persons_by_year", Choice.APPROVE),))
    house.planted.release(EARLIER)
    house.planted.submit(ELSEWHERE, person="mallory", title="A secret plan")
    house.planted.checked(ELSEWHERE, by_site(), single_persons())
    house.planted.desk.review(ELSEWHERE, "bob", (Vote("visits_by_site", Choice.APPROVE),))
    house.planted.release(ELSEWHERE)
    house.planted.submit(MINE)
    house.planted.checked(MINE, adults_by_year())
    return house


def digits(text: str) -> str:
    return text.replace(",", "").replace("\u202f", "")


def test_a_checker_reads_both_numbers_beside_one_another(conflicting: House) -> None:
    page = conflicting.person("carol").get(f"{PREFIX}review/{MINE}").text
    text = digits(text_of(page))
    assert "Conflict with an earlier table" in text
    assert "Subtracted from persons_by_year of request reste-a-charge-2" in text
    assert str(THERE) in text
    assert str(HERE) in text
    assert f'href="{PREFIX}review/{EARLIER}"' in page  # carol checks this one
    assert "urgences-4" in text
    assert f'href="{PREFIX}review/urgences-4"' not in page
    assert "5 more such cells." in text


def test_an_author_reads_one_sentence(conflicting: House) -> None:
    page = conflicting.person("alice").get(f"{PREFIX}requests/{MINE}").text
    text = digits(text_of(page))
    assert text.count("This table conflicts with an earlier release; a checker sees which.") == 1
    for hidden in (EARLIER, "urgences", str(THERE), "Subtracted", "persons between"):
        assert hidden not in text


def test_the_ledger_tells_checkers_of_their_projects_and_of_others_the_release(conflicting: House) -> None:
    text = text_of(conflicting.person("carol").get(f"{PREFIX}ledger").text)
    assert "Source rand-hie" in text
    assert "Persons by year" in text
    assert "person_year.age" in text
    assert "18" in text
    assert "Not decided yet" in text
    assert "a table of another project" in text
    assert "urgences" in text
    for hidden in ("A secret plan", "visits_by_site", "Visits and spending", ELSEWHERE):
        assert hidden not in text


def test_what_was_not_released_elsewhere_is_not_told(conflicting: House) -> None:
    conflicting.planted.submit("urgences-2", person="mallory", title="Another plan")
    conflicting.planted.checked("urgences-2", by_year())
    text = text_of(conflicting.person("carol").get(f"{PREFIX}ledger").text)
    assert text.count("a table of another project") == 1


@pytest.mark.parametrize("person", ["alice", "mallory", "stranger"])
def test_who_checks_nothing_reads_no_ledger(conflicting: House, person: str) -> None:
    browser = conflicting.person(person)
    text = text_of(browser.get(f"{PREFIX}ledger").text)
    assert "rand-hie" not in text
    assert "persons_by_year" not in text
    assert f'href="{PREFIX}ledger"' not in browser.get(f"{PREFIX}requests").text


def test_a_fingerprint_that_is_gone_is_said(conflicting: House) -> None:
    (entry,) = [found for found in conflicting.planted.desk.look().ledger if found.request == EARLIER]
    assert entry.fingerprint is not None
    (conflicting.planted.root / "quarantine" / entry.fingerprint[:2] / entry.fingerprint).unlink()
    assert "Its fingerprint is missing" in text_of(conflicting.person("carol").get(f"{PREFIX}ledger").text)


def test_repeated_checks_are_told_and_votes_on_older_ones_come_back_empty(house: House) -> None:
    house.planted.submit(MINE)
    house.planted.checked(MINE, by_year())
    carol = house.person("carol")
    seen = checks_of(carol.get(f"{PREFIX}review/{MINE}").text)
    house.planted.repeated(MINE, adults_by_year())
    form = {"vote.adults_by_year": "approve", "comment": "Kept"}
    status, page = post(carol, f"review/{MINE}", token_of(carol), checks=seen, **form)
    assert status == 422
    assert "were repeated since you opened it" in page
    assert "The checks were repeated on" in page
    assert "checked>" not in page
    assert ">Kept</textarea>" in page
    assert house.planted.events("review.given") == []
    status, _ = post(carol, f"review/{MINE}", csrf(page), checks=checks_of(page), **form)
    assert status == 303


def test_a_vote_that_names_no_checks_is_refused(house: House) -> None:
    house.planted.submit(MINE)
    house.planted.checked(MINE, by_year())
    carol = house.person("carol")
    status, _ = post(carol, f"review/{MINE}", token_of(carol), checks="", **{"vote.persons_by_year": "approve"})
    assert status == 422
    assert house.planted.events("review.given") == []


def test_a_page_reads_what_was_appended_since_the_last_page_and_nothing_twice(
    conflicting: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    carol, log = conflicting.person("carol"), conflicting.planted.log
    read: list[int] = []
    everything = Reading.read

    def seen(self: Reading, after: int = 0, until: int | None = None, kinds: str = "") -> Iterator[Event]:
        for event in everything(self, after, until, kinds):
            read.append(event.seq)
            yield event

    monkeypatch.setattr(Reading, "read", seen)
    assert carol.get(f"{PREFIX}review/{MINE}").status_code == 200
    appended = log.append("alice", "login.accepted", "", {}).seq
    read.clear()
    for _ in range(2):
        assert carol.get(f"{PREFIX}review/{MINE}").status_code == 200
        assert read == [appended]


def test_a_log_that_was_changed_is_said_on_a_page_and_shows_nothing(conflicting: House) -> None:
    carol, log = conflicting.person("carol"), conflicting.planted.log
    assert carol.get(f"{PREFIX}queue").status_code == 200
    last = log.last()
    with closing(sqlite3.connect(conflicting.planted.root / "events" / "log.db")) as other, other:
        other.execute("DROP TRIGGER events_no_update")
        other.execute("UPDATE events SET actor = 'eve' WHERE seq = ?", (last,))
    answer = carol.get(f"{PREFIX}review/{MINE}")
    assert answer.status_code == 503
    assert f"changed at entry {last}" in text_of(answer.text)
