"""What is asked after the password, and who lets whom enrol again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.policy.factors import (
    Ask,
    Asked,
    Enrol,
    Enter,
    Factor,
    FactorKind,
    Factors,
    SecondFactorRule,
    next_step,
    recovery_step,
)
from hub.policy.model import Role
from hub.policy.people import PeoplePolicy, read_people
from hub.policy.verdict import Refusal

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
BOTH = frozenset(FactorKind)
APP, KEY = FactorKind.APP, FactorKind.KEY
RULE = SecondFactorRule.model_validate(
    {"not_asked_of": ["oversight"], "recovery": {"operators": ["ada", "omar", "zoe"]}}
)


def holding(*kinds: FactorKind) -> Factors:
    factors = Factors()
    for kind in kinds:
        factors = factors.with_factor(Factor(f"id-{kind}", kind, "", NOW.isoformat()))
    return factors


@pytest.mark.parametrize(
    ("roles", "factors", "usable", "step"),
    [
        ((), Factors(), BOTH, Enrol(BOTH)),
        ((Role.RESEARCHER,), Factors(), BOTH, Enrol(BOTH)),
        ((Role.RESEARCHER,), Factors(), {APP}, Enrol(frozenset({APP}))),
        ((Role.OVERSIGHT,), Factors(), BOTH, Enter()),
        ((Role.OVERSIGHT, Role.RESEARCHER), Factors(), BOTH, Enrol(BOTH)),
        ((Role.OVERSIGHT,), holding(APP), BOTH, Ask(frozenset({APP}))),
        ((Role.RESEARCHER,), holding(APP, KEY), BOTH, Ask(BOTH)),
        ((Role.RESEARCHER,), holding(APP, KEY), {APP}, Ask(frozenset({APP}))),
    ],
)
def test_what_follows_the_password(
    roles: tuple[Role, ...], factors: Factors, usable: frozenset[FactorKind], step: object
) -> None:
    assert next_step(RULE, roles, factors, usable, NOW) == step


def test_a_factor_that_does_not_work_here_is_not_left_away() -> None:
    for factors in (holding(KEY), Factors()):
        usable = {APP} if factors.held else set[FactorKind]()
        verdict = next_step(RULE, (Role.RESEARCHER,), factors, usable, NOW)
        assert isinstance(verdict, Refusal)
        assert verdict.rule == "second_factor.unusable"


def test_kinds_that_the_policy_does_not_allow_are_not_offered() -> None:
    rule = RULE.model_copy(update={"kinds": (KEY,)})
    assert next_step(rule, (), Factors(), BOTH, NOW) == Enrol(frozenset({KEY}))
    assert isinstance(next_step(rule, (), holding(APP), BOTH, NOW), Refusal)


@pytest.mark.parametrize(("seconds", "allowed"), [(-1, True), (0, False), (1, False)])
def test_after_a_recovery_there_is_some_time_to_enrol(seconds: int, allowed: bool) -> None:
    factors = Factors(enrol_until=NOW)
    step = next_step(RULE, (), factors, BOTH, NOW + timedelta(seconds=seconds))
    assert isinstance(step, Enrol) is allowed
    exempt = next_step(RULE, (Role.OVERSIGHT,), factors, BOTH, NOW + timedelta(seconds=seconds))
    assert isinstance(exempt, Enter) is allowed


def test_an_enrolment_uses_the_leave_up() -> None:
    factors = Factors(enrol_until=NOW).with_factor(Factor("a", APP, "", ""))
    assert factors.enrol_until is None
    assert factors.without("a").held == {}


def test_without_its_part_the_policy_asks_everybody() -> None:
    raw = read_people().model_dump(mode="json", exclude={"second_factor"})
    rule = PeoplePolicy.model_validate(raw).second_factor
    assert frozenset(rule.kinds) == BOTH
    assert all(rule.is_asked_of((role,)) for role in Role)
    assert rule.is_asked_of(())


@pytest.mark.parametrize(
    ("operator", "person", "asked", "rule"),
    [
        ("mallory", "alice", None, "recovery.not_operator"),
        ("ada", "ada", None, "recovery.own"),
        ("ada", "alice", Asked("ada", NOW + timedelta(seconds=1)), "recovery.same_operator"),
        ("ada", "ada", Asked("omar", NOW + timedelta(hours=1)), "recovery.own"),
        ("mallory", "alice", Asked("omar", NOW + timedelta(hours=1)), "recovery.not_operator"),
    ],
)
def test_who_may_not_recover(operator: str, person: str, asked: Asked | None, rule: str) -> None:
    verdict = recovery_step(RULE, operator, person, Factors(asked=asked), NOW)
    assert isinstance(verdict, Refusal)
    assert verdict.rule == rule


@pytest.mark.parametrize(("seconds", "confirms"), [(-1, True), (0, False), (1, False)])
def test_two_operators_within_the_time(seconds: int, confirms: bool) -> None:
    first = recovery_step(RULE, "ada", "alice", Factors(), NOW)
    assert first == Asked("ada", NOW + timedelta(hours=24))
    later = NOW + timedelta(hours=24, seconds=seconds)
    second = recovery_step(RULE, "omar", "alice", Factors(asked=first), later)
    if confirms:
        assert second == later + timedelta(hours=24)
    else:
        assert second == Asked("omar", later + timedelta(hours=24))
