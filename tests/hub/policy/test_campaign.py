"""A habilitation review: boundary days, what an answer does, and that what lapsed closes every door."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hub.policy.campaign import Answer, Campaign, Word, closing_refusal, due_on, opening_refusal
from hub.policy.decide import may_download, may_open_workspace, may_review, may_see_requests, may_submit
from hub.policy.habilitation import Asked, Effect, habilitation_refusal
from hub.policy.model import Person
from hub.policy.people import read_people
from hub.policy.standing import Standing
from hub.policy.stops import Stops
from hub.policy.verdict import Grant, Refusal
from tests.hub.policy.permits import a_permit

LAST = date(2026, 5, 31)
KEY = ("care", "alice")


def asked(until: date | None = LAST, *, withdrawn: bool = False) -> Asked:
    return Asked(project="care", campaign="review-1", until=until, withdrawn=withdrawn)


def campaign(effect: Effect = Effect.CLOSE, **changes: object) -> Campaign:
    made = {"by": "ada", "at": "2026-05-01T08:00:00+00:00", "until": LAST, "effect": effect, "holders": True}
    return Campaign(**{"id": "review-1", "asked": (KEY,), **made, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(("offset", "counts"), [(-1, True), (0, True), (1, False)])
def test_an_unconfirmed_membership_counts_until_the_last_day(offset: int, counts: bool) -> None:
    refusal = habilitation_refusal((asked(),), "care", LAST + timedelta(days=offset))
    assert (refusal is None) is counts
    if refusal is not None:
        assert refusal.rule == "habilitation.unconfirmed"
        assert "2026-05-31" in str(refusal.reason)
        assert "ask an administrator" in str(refusal.reason)


def test_a_withdrawn_one_does_not_count_from_at_once() -> None:
    refusal = habilitation_refusal((asked(None, withdrawn=True),), "care", date(2026, 5, 2))
    assert refusal is not None
    assert refusal.rule == "habilitation.withdrawn"


def test_where_people_are_only_reminded_it_counts_on() -> None:
    assert habilitation_refusal((asked(None),), "care", LAST + timedelta(days=900)) is None


def test_another_project_is_not_reached() -> None:
    assert habilitation_refusal((asked(),), "other", LAST + timedelta(days=1)) is None


@pytest.mark.parametrize(("offset", "granted"), [(-1, True), (0, True), (1, False)])
def test_what_lapsed_closes_every_door_and_leaves_reading(offset: int, granted: bool) -> None:
    day, stops = LAST + timedelta(days=offset), Stops()
    alice = Person(id="alice", name="Alice", standing=Standing(asked=(asked(),)))
    carol = Person(id="carol", name="Carol", standing=Standing(asked=(asked(),)))
    verdicts = [act(alice, a_permit(), day, stops) for act in (may_open_workspace, may_submit, may_download)]
    verdicts.append(may_review(carol, a_permit(), "alice", day, stops))
    assert [isinstance(verdict, Grant) for verdict in verdicts] == [granted] * 4
    assert isinstance(may_see_requests(alice, a_permit(), stops), Grant)


@pytest.mark.parametrize(("offset", "word"), [(-1, Word.WAITING), (0, Word.WAITING), (1, Word.LAPSED)])
def test_a_membership_without_an_answer_lapses_after_the_last_day(offset: int, word: Word) -> None:
    day = LAST + timedelta(days=offset)
    assert campaign().word(KEY, day, named=True) is word
    assert campaign(Effect.REMIND).word(KEY, LAST + timedelta(days=1), named=True) is Word.OVERDUE
    assert campaign().word(KEY, day, named=False) is Word.GONE


@pytest.mark.parametrize("confirmed", [True, False])
def test_the_last_answer_counts(confirmed: bool) -> None:
    answers = [Answer(said, "ada", "2026-05-02T08:00:00+00:00", "") for said in (not confirmed, confirmed)]
    found = campaign().answered(KEY, answers[0]).answered(KEY, answers[1])
    wanted = Word.CONFIRMED if confirmed else Word.WITHDRAWN
    assert found.word(KEY, LAST + timedelta(days=1), named=True) is wanted


@pytest.mark.parametrize(("days", "rule"), [(29, "campaign.too_soon"), (30, None), (31, None)])
def test_people_are_given_the_days_of_the_policy(days: int, rule: str | None) -> None:
    today = date(2026, 5, 1)
    refusal = opening_refusal({}, (KEY,), today + timedelta(days=days), 30, today)
    assert (refusal.rule if refusal else None) == rule


def test_one_campaign_stands_at_a_time_and_none_asks_about_nobody() -> None:
    standing = {"review-1": campaign()}
    for campaigns, keys, rule in ((standing, (KEY,), "campaign.standing"), ({}, (), "campaign.nobody")):
        refusal = opening_refusal(campaigns, keys, LAST, 1, date(2026, 5, 1))
        assert refusal is not None
        assert refusal.rule == rule
    closed = {"review-1": campaign(closed="2026-06-02T08:00:00+00:00")}
    assert opening_refusal(closed, (KEY,), LAST, 1, date(2026, 5, 1)) is None


@pytest.mark.parametrize(("offset", "closes"), [(-1, False), (0, False), (1, True)])
def test_it_closes_when_all_is_answered_or_after_its_last_day(offset: int, closes: bool) -> None:
    day = LAST + timedelta(days=offset)
    assert (closing_refusal(campaign(), [Word.CONFIRMED, Word.WAITING], day) is None) is closes
    assert closing_refusal(campaign(), [Word.CONFIRMED, Word.GONE, Word.WITHDRAWN], day) is None
    again = closing_refusal(campaign(closed="2026-05-02T08:00:00+00:00"), [], day)
    assert isinstance(again, Refusal)


def test_the_next_one_is_due_an_interval_after_the_last_or_after_the_first_membership() -> None:
    assert due_on({}, date(2026, 1, 1), 365) == date(2027, 1, 1)
    assert due_on({"review-1": campaign()}, date(2020, 1, 1), 365) == date(2027, 5, 1)


def test_the_shipped_policy_closes_what_nobody_confirmed() -> None:
    rule = read_people().habilitation
    assert rule is not None
    assert rule.effect.value is Effect.CLOSE
    assert rule.answer_days.value < rule.interval_days.value
