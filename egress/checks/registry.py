"""The checks of a recomputed table, in the order in which a reader meets them."""

from __future__ import annotations

from egress.checks import (
    differences,
    dof,
    dominance,
    extremes,
    identifiers,
    implied,
    labels,
    low_counts,
    p_ratio,
    shape,
    shares,
    sound,
    statbarns,
    unanimity,
    units,
    zeros,
)
from egress.checks.examined import Check, Examined, Rule
from egress.checks.model import Finding, Risk
from hub.policy.model import DisclosureRules
from hub.words import say

CHECKS: tuple[Check, ...] = (
    sound.check,
    statbarns.check,
    shape.check,
    low_counts.check,
    units.check,
    zeros.check,
    extremes.check,
    dominance.check,
    p_ratio.check,
    implied.check,
    shares.check,
    differences.check,
    unanimity.check,
    dof.check,
    labels.check,
    identifiers.check,
)

# The rules that a holder may leave out, and the checks that then do not run.
OPTIONAL = ("min_events", "min_units", "zeros", "dominance", "p_ratio", "unanimity", "min_dof")


def examine(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    """Every finding of every check, and which did not run. Never raises, whatever the evidence."""
    if not sound.shaped(examined):
        return sound.check(examined, rules)
    return (*(finding for check in CHECKS for finding in check(examined, rules)), *_not_run(rules))


def _not_run(rules: DisclosureRules) -> tuple[Finding, ...]:
    absent = [name for name in OPTIONAL if getattr(rules, name) is None]
    if not absent:
        return ()
    why = say(
        "The rules {rules} name no {absent}; these checks did not run.", rules=rules.name, absent=", ".join(absent)
    )
    return (Rule("rules", Risk.AUXILIARY_INFORMATION).passed("rules", why),)
