"""Extreme values. min and max are outside the grammar; what is left is a quantile with few persons beyond it.

ABS and OpenSAFELY ask for the threshold on each side of a quantile. A value that as many persons share, as 0 often
is, is nobody's own and needs no sides. Neighbouring quantiles of one column are a ladder: with few persons between
its rungs it is the list of their values.
"""

from __future__ import annotations

from itertools import pairwise

from egress.checks.examined import Examined, Rule, rows_of
from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import CellEvidence, MeasureEvidence
from egress.query.model import Aggregate, Expression
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("quantile_support", Risk.LOW_COUNT)
LADDER = Rule("quantile_ladder", Risk.LOW_COUNT)


def unsupported(known: MeasureEvidence, least: int) -> bool:
    """Unknown sides support nothing."""
    below, at, above = known.below or 0, known.at or 0, known.above or 0
    return at < least and min(below, above) < least


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    least = rules.min_persons.value
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if measure.aggregate is not Aggregate.QUANTILE:
            continue
        rows = rows_of(examined, position, lambda known: unsupported(known, least))
        if rows:
            why = say("{rows} quantiles have fewer than {least} persons on a side.", rows=len(rows), least=least)
            cells = tuple((row, examined.column(measure)) for row in rows)
            findings.append(RULE.found(Outcome.FAIL, measure.name, why, cells))
        else:
            why = say("Each quantile has at least {least} persons on each side.", least=least)
            findings.append(RULE.passed(measure.name, why))
    return (*findings, *_ladders(examined, least))


def _ladders(examined: Examined, least: int) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    measures = examined.query.measures
    for rungs in _rungs(examined):
        for low, high in pairwise(rungs):
            rows = [row for row, cell in enumerate(examined.evidence.cells) if _close(cell, low, high, least)]
            if rows:
                why = say(
                    "In {rows} cells fewer than {least} persons lie between this quantile and {other}.",
                    rows=len(rows),
                    least=least,
                    other=measures[low].name,
                )
                cells = tuple((row, examined.column(measures[high])) for row in rows)
                findings.append(LADDER.found(Outcome.FAIL, measures[high].name, why, cells))
    return tuple(findings)


def _rungs(examined: Examined) -> list[list[int]]:
    """The quantiles of each column in rising order, as positions of measures."""
    by_argument: dict[Expression, list[int]] = {}
    for position, measure in enumerate(examined.query.measures):
        if measure.aggregate is Aggregate.QUANTILE and measure.argument is not None:
            by_argument.setdefault(measure.argument, []).append(position)
    shares = [measure.parameter or 0.0 for measure in examined.query.measures]
    return [sorted(positions, key=lambda at: shares[at]) for positions in by_argument.values()]


def _close(cell: CellEvidence, low: int, high: int, least: int) -> bool:
    """Whether few persons lie above the lower and not above the higher quantile, unless both are values of many."""
    below, above = cell.measures[low], cell.measures[high]
    if below is None or above is None:
        return False
    if (below.at or 0) >= least and (above.at or 0) >= least:
        return False
    return (below.above or 0) - (above.above or 0) < least
