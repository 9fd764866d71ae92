"""The checks of a recomputed table, in the order in which a reader meets them."""

from __future__ import annotations

from egress.checks import dof, dominance, extremes, identifiers, implied, labels, low_counts, p_ratio, shape, unanimity
from egress.checks.examined import Check, Examined, Rule
from egress.checks.model import Finding, Outcome, Risk
from hub.policy.model import DisclosureRules
from hub.words import say

CHECKS: tuple[Check, ...] = (
    shape.check,
    low_counts.check,
    extremes.check,
    dominance.check,
    p_ratio.check,
    implied.check,
    unanimity.check,
    dof.check,
    labels.check,
    identifiers.check,
)

# What an output may be (statbarns) and we know how to check; any other is for people.
KNOWN_STATBARNS = frozenset({"frequencies", "linear_aggregations", "position", "shape"})


def examine(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    """Every finding of every check."""
    return tuple(finding for check in CHECKS for finding in check(examined, rules))


def unknown_statbarn(statbarn: str) -> tuple[Finding, ...]:
    """A review for a kind of output that no check knows; nothing for one that has checks."""
    if statbarn in KNOWN_STATBARNS:
        return ()
    why = say("No check knows this kind of output: people look at it.")
    return (Rule("statbarn", Risk.AUXILIARY_INFORMATION).found(Outcome.REVIEW, "output", why),)
