"""Who may do what, and when: one row per rule, boundary days included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from hub.policy.decide import (
    may_build_extract,
    may_download,
    may_open_workspace,
    may_review,
    may_see_budget,
    may_see_requests,
    may_spend_privacy,
    may_submit,
)
from hub.policy.model import DataPermit, Person
from hub.policy.stops import Stops
from hub.policy.verdict import Act, Grant, Refusal, RefusedError, require
from tests.hub.policy.permits import a_permit

PERMIT = a_permit()
ALICE, CAROL, DORA, EVE = (Person(id=name, name=name) for name in ("alice", "carol", "dora", "eve"))
DAY = date(2026, 5, 1)
NONE = Stops()

Rule = Callable[[Person | None, DataPermit | None, date, Stops], Grant | Refusal]
AS_RESEARCHER: dict[Act, Rule] = {
    Act.OPEN_WORKSPACE: may_open_workspace,
    Act.SUBMIT_REQUEST: may_submit,
    Act.DOWNLOAD_PACKAGE: may_download,
    Act.SPEND_PRIVACY: may_spend_privacy,
}


@pytest.mark.parametrize("act", AS_RESEARCHER)
def test_a_researcher_of_the_permit_is_granted_exactly_that_act(act: Act) -> None:
    verdict = AS_RESEARCHER[act](ALICE, PERMIT, DAY, NONE)
    assert verdict == Grant(act, "alice", "care", "permit.researcher")
    assert require(verdict).covers(act, "care")
    assert not require(verdict).covers(act, "other")
    assert not any(require(verdict).covers(other, "care") for other in Act if other is not act)


@pytest.mark.parametrize("act", AS_RESEARCHER)
@pytest.mark.parametrize(
    ("person", "permit", "day", "rule"),
    [
        (None, PERMIT, DAY, "person.unknown"),
        (ALICE, None, DAY, "permit.missing"),
        (EVE, PERMIT, DAY, "permit.not_named"),
        (CAROL, PERMIT, DAY, "permit.not_named"),
        (DORA, PERMIT, DAY, "permit.not_named"),
        (ALICE, PERMIT, date(2026, 2, 28), "permit.not_begun"),
        (ALICE, PERMIT, date(2026, 3, 1), None),
        (ALICE, PERMIT, date(2026, 3, 2), None),
        (ALICE, PERMIT, date(2026, 9, 29), None),
        (ALICE, PERMIT, date(2026, 9, 30), None),
        (ALICE, PERMIT, date(2026, 10, 1), "permit.ended"),
    ],
)
def test_rules_of_a_researcher(
    act: Act, person: Person | None, permit: DataPermit | None, day: date, rule: str | None
) -> None:
    verdict = AS_RESEARCHER[act](person, permit, day, NONE)
    assert (verdict.rule if isinstance(verdict, Refusal) else None) == rule


@pytest.mark.parametrize(
    ("person", "author", "day", "rule"),
    [
        (CAROL, "alice", DAY, None),
        (CAROL, "carol", DAY, "review.own"),
        (ALICE, "alice", DAY, "review.own"),
        (ALICE, "bob", DAY, "permit.not_named"),
        (DORA, "alice", DAY, "permit.not_named"),
        (None, "alice", DAY, "person.unknown"),
        (CAROL, "alice", date(2026, 9, 30), None),
        (CAROL, "alice", date(2026, 10, 1), "permit.ended"),
    ],
)
def test_rules_of_a_review(person: Person | None, author: str, day: date, rule: str | None) -> None:
    verdict = may_review(person, PERMIT, author, day, NONE)
    assert (verdict.rule if isinstance(verdict, Refusal) else None) == rule


@pytest.mark.parametrize(
    ("permit", "day", "rule"),
    [
        (None, DAY, "permit.missing"),
        (PERMIT, date(2026, 2, 28), "permit.not_begun"),
        (PERMIT, date(2026, 3, 1), None),
        (PERMIT, date(2026, 9, 30), None),
        (PERMIT, date(2026, 10, 1), "permit.ended"),
    ],
)
def test_rules_of_a_build(permit: DataPermit | None, day: date, rule: str | None) -> None:
    verdict = may_build_extract("erik", permit, day, NONE)
    assert (verdict.rule if isinstance(verdict, Refusal) else None) == rule


@pytest.mark.parametrize(
    ("person", "permit", "rule"),
    [
        (ALICE, PERMIT, None),
        (CAROL, PERMIT, None),
        (DORA, PERMIT, None),  # who holds the data answers for what leaves of them
        (EVE, PERMIT, "permit.not_named"),
        (None, PERMIT, "person.unknown"),
        (ALICE, None, "permit.missing"),
    ],
)
def test_rules_of_seeing_requests(person: Person | None, permit: DataPermit | None, rule: str | None) -> None:
    verdict = may_see_requests(person, permit, NONE)
    assert (verdict.rule if isinstance(verdict, Refusal) else None) == rule


def test_a_required_refusal_carries_its_sentence() -> None:
    with pytest.raises(RefusedError, match="ended on 2026-09-30") as caught:
        require(may_submit(ALICE, PERMIT, date(2026, 10, 1), NONE))
    assert caught.value.refusal.rule == "permit.ended"


BUDGET = (Act.SEE_BUDGET, Act.SEE_SOURCE_BUDGET, Act.EXPORT_BUDGET)


@pytest.mark.parametrize(
    ("role", "granted"),
    [
        ("researcher", BUDGET[:1]),
        ("output_checker", BUDGET[:2]),
        ("data_holder", BUDGET),
        ("auditor", BUDGET),
        ("oversight", BUDGET),
        ("operator", ()),
        ("extractor", ()),
    ],
)
def test_who_sees_a_budget_and_who_takes_its_statement_away(role: str, granted: tuple[Act, ...]) -> None:
    permit = a_permit(persons=[{"person": "alice", "role": role}])
    for act in BUDGET:
        verdict = may_see_budget(ALICE, permit, NONE, act)
        if act in granted:
            assert verdict == Grant(act, "alice", "care", f"permit.{role}")
        else:
            assert isinstance(verdict, Refusal)
            assert verdict.rule == "permit.not_named"


@pytest.mark.parametrize("act", [act for act in Act if act not in BUDGET])
def test_the_rule_of_budgets_grants_nothing_else(act: Act) -> None:
    assert isinstance(may_see_budget(DORA, PERMIT, NONE, act), Refusal)


def test_nobody_and_no_permit_see_no_budget() -> None:
    assert [
        getattr(may_see_budget(*each, NONE), "rule", "") for each in ((None, PERMIT), (ALICE, None), (EVE, PERMIT))
    ] == [
        "person.unknown",
        "permit.missing",
        "permit.not_named",
    ]
