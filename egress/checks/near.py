"""Models of one request that are about nearly the same persons: their difference is about the few that differ.

Two fits of one outcome with and without a person give that person's value back (Bleninger, Drechsler, Ronning 2011);
two curves of the same events by other groups subtract like tables do. Who reads both decides; missing values make
innocent pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from egress.checks.examined import Rule
from egress.checks.model import Finding, Outcome, Risk
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("near_models", Risk.DIFFERENCING)


@dataclass(frozen=True)
class Sample:
    """What one model of a request is about. `curve`: its steps tell numbers of persons at each time."""

    name: str
    outcome: tuple[str, ...]
    persons: int
    rows: int
    curve: bool = False


def near(one: Sample, others: Sequence[Sample], rules: DisclosureRules) -> tuple[Finding, ...]:
    """A review for each other model that differs from `one` by few persons, or subtracts from it."""
    least = rules.min_persons.value
    found = [other for other in others if other.name != one.name and _is_near(one, other, least)]
    why = [
        say(
            "Its difference from {other} of this request may be about fewer than {least} persons.",
            other=other.name,
            least=least,
        )
        for other in found
    ]
    return tuple(RULE.found(Outcome.REVIEW, "model", each) for each in why)


def _is_near(one: Sample, other: Sample, least: int) -> bool:
    if one.outcome != other.outcome:
        return False
    if one.curve and other.curve:
        return True
    return (one.persons, one.rows) != (other.persons, other.rows) and abs(one.persons - other.persons) < least
