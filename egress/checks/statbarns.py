"""Which families of statistics an output belongs to, in the words of the SACRO project; each family has its checks.

A family that no check knows is for people.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from egress.checks.examined import TABLE, Examined, Rule
from egress.checks.model import Finding, Outcome, Risk
from egress.query.model import Aggregate, Measure, Query
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("statbarn", Risk.AUXILIARY_INFORMATION)


class Statbarn(StrEnum):
    """The families as published (SACRO guide to statistical output checking; ACRO's ontology)."""

    FREQUENCIES = "frequencies"
    LINEAR_AGGREGATIONS = "linear_aggregations"
    POSITION = "position"
    SHAPE = "shape"
    CALCULATED_RATIOS = "calculated_ratios"
    ENDPOINTS = "endpoints"
    MODE = "mode"
    NON_LINEAR_CONCENTRATION_RATIOS = "non_linear_concentration_ratios"
    GINI = "gini"
    CORRELATION_COEFFICIENTS = "correlation_coefficients"
    STATISTICAL_HYPOTHESIS_TESTS = "statistical_hypothesis_tests"
    HAZARD_SURVIVAL_TABLES = "hazard_survival_tables"
    LINKED_MULTILEVEL_TABLES = "linked_multilevel_tables"
    CLUSTERS = "clusters"


class NoFamily(StrEnum):
    """What is said in a family's place."""

    UNPLACED = "unplaced"  # a statistic that nobody placed in one
    NO_STATISTIC = "no_statistic"  # words, or records of a synthetic extract


KNOWN = frozenset(
    {
        Statbarn.FREQUENCIES,
        Statbarn.LINEAR_AGGREGATIONS,
        Statbarn.POSITION,
        Statbarn.SHAPE,
        Statbarn.CALCULATED_RATIOS,
        Statbarn.CORRELATION_COEFFICIENTS,
        Statbarn.STATISTICAL_HYPOTHESIS_TESTS,
        Statbarn.HAZARD_SURVIVAL_TABLES,
    }
)

_BY_AGGREGATE: dict[str, Statbarn] = {
    Aggregate.COUNT_ROWS: Statbarn.FREQUENCIES,
    Aggregate.COUNT_PERSONS: Statbarn.FREQUENCIES,
    Aggregate.COUNT_VALUES: Statbarn.FREQUENCIES,
    Aggregate.SUM: Statbarn.LINEAR_AGGREGATIONS,
    Aggregate.AVG: Statbarn.LINEAR_AGGREGATIONS,
    Aggregate.STDDEV: Statbarn.SHAPE,
    Aggregate.QUANTILE: Statbarn.POSITION,
    Aggregate.SHARE: Statbarn.CALCULATED_RATIOS,
    Aggregate.SHARE_PERSONS: Statbarn.CALCULATED_RATIOS,
}


def family_of(measure: Measure) -> Statbarn | None:
    """The family of one measure, None if nobody placed its aggregate. A sum of 0/1 counts, their mean is a rate."""
    if measure.binary and measure.aggregate is Aggregate.SUM:
        return Statbarn.FREQUENCIES
    if measure.binary and measure.aggregate is Aggregate.AVG:
        return Statbarn.CALCULATED_RATIOS
    return _BY_AGGREGATE.get(measure.aggregate)


def statbarn_of(query: Query) -> tuple[Statbarn | None, ...]:
    """The families of a table, each once, in the order of its measures."""
    return tuple(dict.fromkeys(family_of(measure) for measure in query.measures))


def families_of(query: Query) -> tuple[str, ...]:
    """As `statbarn_of`, in words that can be kept: a family, or what is said in its place."""
    return tuple(str(family or NoFamily.UNPLACED) for family in statbarn_of(query))


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    del rules
    found = statbarn_of(examined.query)
    unknown = unknown_statbarns(str(statbarn) for statbarn in found)
    if unknown:
        return unknown
    why = say("Kind of statistics: {statbarns}.", statbarns=", ".join(str(statbarn) for statbarn in found))
    return (RULE.passed(TABLE, why),)


def unknown_statbarns(statbarns: Iterable[str]) -> tuple[Finding, ...]:
    """A review for kinds of output that no check knows; nothing where all have checks."""
    if all(statbarn in KNOWN for statbarn in statbarns):
        return ()
    return (RULE.found(Outcome.REVIEW, "output", say("No check knows this kind of output: people look at it.")),)
