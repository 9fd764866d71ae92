"""Which second factors a person has, as the log tells it, and what is asked of them after the password. Pure.

Strong authentication for high-risk data: SNDS security baseline 5.3; CNIL, référentiel EDS, SEC-AUT.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from pydantic import Field

from hub.policy.model import Frozen, PersonId, Role, Sourced
from hub.policy.verdict import Refusal
from hub.words import say


class FactorKind(StrEnum):
    """What people can hold beside their password."""

    APP = "app"
    KEY = "key"


class Recovery(Frozen):
    """How a person who lost every second factor gets a new one: two operators, each by themselves."""

    operators: tuple[PersonId, ...] = ()
    ask_hours: int = Field(24, ge=1, description="within which the second operator confirms")
    enrol_hours: int = Field(24, ge=1, description="within which the person enrols again")


class SecondFactorRule(Frozen):
    """`[second_factor]` of `people.toml`. Without that part a second factor of any kind is asked of everybody."""

    kinds: tuple[FactorKind, ...] = Field((FactorKind.APP, FactorKind.KEY), min_length=1)
    not_asked_of: tuple[Role, ...] = Field((), description="of whoever has these roles only, on every project")
    minutes: Sourced[int] = Sourced[int](value=5, source="design: time to fetch a telephone")
    recovery: Recovery = Recovery()

    def is_asked_of(self, roles: Iterable[Role]) -> bool:
        """Whether a person with these roles needs one; whoever has no role yet does."""
        held = frozenset(roles)
        return not held or not held <= frozenset(self.not_asked_of)


@dataclass(frozen=True)
class Factor:
    """One enrolled second factor. Its secret or public key stands in the hub's store, never in the log."""

    id: str
    kind: FactorKind
    label: str
    at: str


@dataclass(frozen=True)
class Asked:
    """A recovery that one operator asked for, and until when another may confirm it."""

    by: str
    until: datetime


@dataclass(frozen=True)
class Factors:
    """One person's. After a recovery there are none, and `enrol_until` is when its leave to enrol ends."""

    held: Mapping[str, Factor] = field(default_factory=lambda: MappingProxyType({}))
    asked: Asked | None = None
    enrol_until: datetime | None = None

    def with_factor(self, factor: Factor) -> Factors:
        """After an enrolment, which uses up a recovery's leave."""
        return replace(self, held=MappingProxyType({**self.held, factor.id: factor}), enrol_until=None)

    def without(self, identity: str) -> Factors:
        """After one was removed."""
        kept = {key: factor for key, factor in self.held.items() if key != identity}
        return replace(self, held=MappingProxyType(kept))


@dataclass(frozen=True)
class Enter:
    """Nothing more is asked."""


@dataclass(frozen=True)
class Ask:
    """One of the enrolled second factors is asked for."""

    kinds: frozenset[FactorKind]


@dataclass(frozen=True)
class Enrol:
    """A second factor is enrolled first; one of `kinds`."""

    kinds: frozenset[FactorKind]


NextStep = Enter | Ask | Enrol | Refusal


def next_step(
    rule: SecondFactorRule, roles: Iterable[Role], factors: Factors, usable: Iterable[FactorKind], now: datetime
) -> NextStep:
    """What follows the right password. `usable` are the kinds that work at this hub's address.

    Who has a second factor is asked for it whether they must have one or not: it cannot be left away.
    """
    works = frozenset(usable) & frozenset(rule.kinds)
    if factors.held:
        kinds = frozenset(factor.kind for factor in factors.held.values()) & works
        return Ask(kinds) if kinds else _UNUSABLE
    if factors.enrol_until is not None and now >= factors.enrol_until:
        return _TOO_LATE
    if not rule.is_asked_of(roles):
        return Enter()
    return Enrol(works) if works else _UNUSABLE


def recovery_step(
    rule: SecondFactorRule, operator: str, person: str, factors: Factors, now: datetime
) -> Asked | datetime | Refusal:
    """What `operator`'s word is: the first of two (`Asked`), or the second (the end of the time to enrol again)."""
    operators = rule.recovery.operators
    if operator not in operators:
        why = say("{operator} is not one of the operators who may do this (people.toml: recovery).", operator=operator)
        return Refusal("recovery.not_operator", why)
    if operator == person:
        return Refusal("recovery.own", say("Nobody recovers their own second factor; two other operators do."))
    if factors.asked is None or now >= factors.asked.until:
        return Asked(operator, now + timedelta(hours=rule.recovery.ask_hours))
    if factors.asked.by == operator:
        return Refusal("recovery.same_operator", say("You asked for this recovery; another operator confirms it."))
    return now + timedelta(hours=rule.recovery.enrol_hours)


_UNUSABLE = Refusal(
    "second_factor.unusable",
    say("A second factor is needed, and none of the allowed kinds works at this address; tell an operator."),
)
_TOO_LATE = Refusal(
    "second_factor.enrol_too_late",
    say("The time to enrol a new second factor has passed; ask two operators for another recovery."),
)
