"""Counts that a table implies: the other side of a share, and those without a value.

A sum or mean of 0/1 gives the persons with 1 and, with the cell's count, those with 0; both are cells of a table that
nobody wrote down. A count of values gives those who have none. A sum under a condition, beside the same sum without
it, gives the sum of all others.
"""

from __future__ import annotations

from egress.checks.examined import MAGNITUDES, Examined, Rule, rows_of
from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import MeasureEvidence
from egress.query.model import Aggregate, Case, Measure
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("implied_counts", Risk.IMPLICIT_TABLES)


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    least = rules.min_persons.value
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        share = measure.aggregate in MAGNITUDES and measure.binary
        if not share and measure.aggregate is not Aggregate.COUNT_VALUES:
            continue
        rows = rows_of(examined, position, lambda known, measure=measure: _few(known, measure, least))  # type: ignore[misc]  # bound now
        if rows:
            why = say(
                "{rows} values imply a count of fewer than {least} persons on the other side.",
                rows=len(rows),
                least=least,
            )
            cells = tuple((row, examined.column(measure)) for row in rows)
            findings.append(RULE.found(Outcome.FAIL, measure.name, why, cells))
        else:
            why = say("No value implies a count of fewer than {least} persons.", least=least)
            findings.append(RULE.passed(measure.name, why))
    return (*findings, *_under_condition(examined))


def _under_condition(examined: Examined) -> tuple[Finding, ...]:
    """Pairs of columns whose difference is a third one that was not looked at: people look at them."""
    whole = {measure.argument: measure.name for measure in examined.query.measures if measure.aggregate in MAGNITUDES}
    findings: list[Finding] = []
    for measure in examined.query.measures:
        if measure.binary or measure.aggregate not in MAGNITUDES or not isinstance(measure.argument, Case):
            continue
        for _, result in measure.argument.whens:
            if result in whole:
                why = say(
                    "This column and {other} differ by a condition: their difference is about the others.",
                    other=whole[result],
                )
                findings.append(RULE.found(Outcome.REVIEW, measure.name, why))
    return tuple(findings)


def _few(known: MeasureEvidence, measure: Measure, least: int) -> bool:
    if measure.aggregate is Aggregate.COUNT_VALUES:
        return 0 < known.missing < least
    return known.nonzero < least or (known.zeros or 0) < least
