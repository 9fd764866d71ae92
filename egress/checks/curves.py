"""Survival curves: steps are joined until none is about few persons, and the tail is cut.

A curve drawn to its last event shows every person by their time. Here a step leaves at the end of an interval in which
enough persons had the event, while enough are still at risk (O'Keefe et al. 2012; ACRO; OpenSAFELY rounds likewise).
Two numbers at risk that follow each other tell events and censored between them, so neither may be a few.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from egress.checks.examined import Rule
from egress.checks.model import Finding, Outcome, Risk
from hub.policy.model import DisclosureRules
from hub.words import say

STEPS = Rule("survival_steps", Risk.LOW_COUNT)
GROUPS = Rule("survival_groups", Risk.LOW_COUNT)


@dataclass(frozen=True)
class Step:
    """What happened up to `time` since the step before, and what stands at its end.

    `at_risk`: persons who had neither event nor end of observation up to `time`.
    """

    time: int
    at_risk: int
    events: int
    censored: int
    value: float
    low: float
    high: float


def coarsened(persons: int, steps: Iterable[Step], least: int) -> tuple[Step, ...]:
    """The steps of one curve that may be shown, of `persons` at its start; none where `persons` are too few.

    Between two of them are at least `least` events and either no censored or at least `least`; after each of them at
    least `least` are at risk.
    """
    if persons < least:
        return ()
    shown: list[Step] = []
    events = censored = 0
    for step in steps:
        events, censored = events + step.events, censored + step.censored
        if step.at_risk < least:
            break
        if events >= least and (censored == 0 or censored >= least):
            shown.append(Step(step.time, step.at_risk, events, censored, step.value, step.low, step.high))
            events = censored = 0
    return tuple(shown)


def least_of(rules: DisclosureRules) -> int:
    """How many a step must be about: one row is one person here, and one event."""
    return max(rules.min_persons.value, rules.min_events.value if rules.min_events is not None else 0)


def check(
    persons: Sequence[int], exact: Sequence[Sequence[Step]], shown: Sequence[Sequence[Step]], rules: DisclosureRules
) -> tuple[Finding, ...]:
    """The findings about curves that would leave as `shown`, one per group of `persons`."""
    least = least_of(rules)
    if any(one < least for one in persons):
        why = say("A curve is about fewer than {least} persons: use coarser groups.", least=least)
        return (GROUPS.found(Outcome.FAIL, "curve", why),)
    if not any(shown):
        why = say(
            "No step of the curve has {least} events with as many still at risk: use longer steps or coarser groups.",
            least=least,
        )
        return (STEPS.found(Outcome.FAIL, "curve", why),)
    joined = sum(map(len, exact)) - sum(map(len, shown))
    why = say("Each step that leaves has at least {least} events, and as many still at risk.", least=least)
    found = STEPS.passed("curve", why)
    if joined:
        remedy = say("{steps} finer steps were joined to it, or cut from the tail.", steps=joined)
        found = Finding(STEPS.check, STEPS.risk, Outcome.PASS, "curve", why, remedy=remedy)
    return (GROUPS.passed("curve", say("Each curve begins with at least {least} persons.", least=least)), found)
