"""Campaigns as people act in them: who may open, answer and close, on what, and what each act writes down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub import campaigns
from hub.administration.acts import Acting
from hub.administration.papers import Papers
from hub.events.log import EventLog
from hub.events.state import Enclave, fold
from hub.habilitation import in_force, lines
from hub.policy.campaign import Word
from hub.policy.habilitation import Effect
from hub.policy.model import Sourced
from hub.policy.people import HabilitationRule, read_people
from hub.policy.verdict import RefusedError
from tests.hub.enclave import add_person, issue_permit, permit

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LAST = date(2026, 5, 31)
Act = Callable[[Acting], object]


def rule(holders: bool = True, effect: Effect = Effect.CLOSE) -> HabilitationRule:
    shipped = read_people().habilitation
    assert shipped is not None
    changes = {
        "data_holders": Sourced[bool](value=holders, source="x"),
        "effect": Sourced[Effect](value=effect, source="x"),
    }
    return shipped.model_copy(update=changes)


class Stand:
    """`care` is in force with alice, carla and its data holder hilda; `later` is to come, `over` is past; erin and
    frank administer.
    """

    def __init__(self, root: Path) -> None:
        self.now = NOON
        self.log = EventLog(root / "log.db", lambda: self.now)
        for name in ("alice", "carla", "hilda", "erin", "frank"):
            add_person(self.log, name)
        for name in ("erin", "frank"):
            self.log.append("root", "administrator.appointed", "", {"person": name, "why": "x"})
        for project, first, last in (("care", -60, 365), ("later", 30, 365), ("over", -60, -1)):
            raw = permit(project, date(2030, 1, 1)).model_dump(mode="json")
            raw["persons"].append({"person": "hilda", "role": "data_holder"})
            days = {"valid_from": NOON.date() + timedelta(first), "valid_until": NOON.date() + timedelta(last)}
            issue_permit(self.log, permit().model_validate({**raw, **days}))

    def do(self, act: Act, by: str = "erin", now: datetime = NOON) -> object:
        with self.log.transaction() as transaction:
            return act(Acting(transaction, fold(transaction.read()), Papers(), by, "test", now))

    def refused(self, act: Act, by: str = "erin", now: datetime = NOON) -> str:
        before = self.log.last()
        with pytest.raises(RefusedError) as raised:
            self.do(act, by, now)
        assert self.log.last() == before
        return raised.value.refusal.rule

    @property
    def enclave(self) -> Enclave:
        return fold(self.log.read())


def opening(until: date | None = None, held: HabilitationRule | None = None) -> Act:
    return lambda acting: campaigns.open_campaign(acting, held or rule(), until)


def confirming(person: str = "alice", project: str = "care", at: str = "review-1") -> Act:
    return lambda acting: campaigns.confirm(acting, at, project, person)


def withdrawing(why: str, person: str = "alice") -> Act:
    return lambda acting: campaigns.withdraw(acting, "review-1", "care", person, why)


def closing(acting: Acting) -> None:
    campaigns.close(acting, "review-1")


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path)


def test_a_campaign_asks_about_what_is_in_force_and_nothing_else(stand: Stand) -> None:
    assert stand.do(opening()) == "review-1"
    found = stand.enclave.campaigns["review-1"]
    assert set(found.asked) == {("care", "alice"), ("care", "carla"), ("care", "hilda")}
    assert (found.until, found.effect, found.holders) == (LAST, Effect.CLOSE, True)
    assert stand.refused(opening()) == "campaign.standing"


@pytest.mark.parametrize("by", ["alice", "hilda", "stranger"])
def test_only_administrators_open_and_close(stand: Stand, by: str) -> None:
    assert stand.refused(opening(), by) == "administrator.none"
    stand.do(opening())
    assert stand.refused(closing, by) == "administrator.none"


def test_without_a_policy_no_campaign_is_opened(stand: Stand) -> None:
    assert stand.refused(lambda acting: campaigns.open_campaign(acting, None, None)) == "campaign.no_rule"
    assert stand.refused(opening(until=LAST - timedelta(days=1))) == "campaign.too_soon"


def test_administrators_and_the_data_holder_answer_and_nobody_else_and_not_of_themselves(stand: Stand) -> None:
    stand.do(opening())
    for by in ("alice", "carla", "stranger"):
        assert stand.refused(confirming("hilda"), by) == "administrator.none"
    assert stand.refused(confirming("hilda"), "hilda") == "campaign.own"
    stand.do(confirming(), "hilda")
    stand.do(confirming("hilda"))
    assert {key: answer.by for key, answer in stand.enclave.campaigns["review-1"].answers.items()} == {
        ("care", "alice"): "hilda",
        ("care", "hilda"): "erin",
    }


def test_where_the_policy_says_so_only_administrators_answer(stand: Stand) -> None:
    stand.do(opening(held=rule(holders=False)))
    assert stand.refused(confirming(), "hilda") == "campaign.administrators"
    stand.do(confirming())


def test_a_halted_data_holder_answers_nothing(stand: Stand) -> None:
    stand.do(opening())
    stand.log.append("erin", "access.halted", "", {"scope": "person", "name": "hilda", "why": "x"})
    assert stand.refused(confirming(), "hilda") == "halt.person"


def test_what_is_not_asked_about_has_no_answer(stand: Stand) -> None:
    stand.do(opening())
    for act in (confirming("erin"), confirming(project="later"), confirming(project="none")):
        assert stand.refused(act) == "campaign.not_asked"
    assert stand.refused(confirming(at="review-2")) == "campaign.unknown"


def test_a_withdrawal_says_why_and_the_same_word_is_said_once(stand: Stand) -> None:
    stand.do(opening())
    assert stand.refused(withdrawing(" \x1b ")) == "why.length"
    for _ in range(2):
        stand.do(withdrawing("left\nthe team"))
    (said,) = [event for event in stand.log.read() if event.kind == "membership.withdrawn"]
    assert said.body["why"] == "left the team"
    assert ("care", "alice") not in in_force(stand.enclave, NOON.date())
    stand.do(confirming(), "frank")
    assert ("care", "alice") in in_force(stand.enclave, NOON.date())


@pytest.mark.parametrize(("days", "rule"), [(-1, "campaign.unanswered"), (0, "campaign.unanswered"), (1, None)])
def test_it_is_closed_after_its_last_day(stand: Stand, days: int, rule: str | None) -> None:
    stand.do(opening())
    now = datetime.combine(LAST + timedelta(days=days), NOON.timetz())
    if rule is not None:
        assert stand.refused(closing, now=now) == rule
    else:
        stand.do(closing, now=now)
        assert stand.enclave.campaigns["review-1"].closed is not None
        assert stand.refused(closing, now=now) == "campaign.closed"


def test_it_is_closed_once_all_is_answered_or_gone(stand: Stand) -> None:
    stand.do(opening())
    for person in ("alice", "hilda"):
        stand.do(confirming(person))
    assert stand.refused(closing) == "campaign.unanswered"
    stand.log.append("root", "person.removed", "", {"person": "carla", "why": "left"})
    words = {line.person: line.word for line in lines(stand.enclave.campaigns["review-1"], stand.enclave, NOON.date())}
    assert words == {"alice": Word.CONFIRMED, "hilda": Word.CONFIRMED, "carla": Word.GONE}
    stand.do(closing)


def test_an_answer_is_given_in_the_last_campaign_that_asks(stand: Stand) -> None:
    stand.do(opening())
    for person in ("alice", "hilda", "carla"):
        stand.do(confirming(person))
    stand.do(closing)
    stand.do(opening())
    assert stand.refused(confirming()) == "campaign.later"
    stand.do(confirming(at="review-2"))
