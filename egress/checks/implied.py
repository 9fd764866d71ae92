"""Counts that a table implies: the other side of a share, those without a value, what a total leaves beside a cell.

A sum or mean of 0/1 gives the persons with 1 and, with the cell's count, those with 0; both are cells of a table that
nobody wrote down. A count of values gives those who have none. A total less one of its cells is about all others.
"""

from __future__ import annotations

from egress.checks.examined import MAGNITUDES, TABLE, Examined, Rule, few, row_cells, rows_of, rows_where
from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import CellEvidence, MeasureEvidence
from egress.query.model import Aggregate, Measure
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("implied_counts", Risk.IMPLICIT_TABLES)
REST = Rule("implied_rest", Risk.IMPLICIT_TABLES)

_PARTS = frozenset({Aggregate.COUNT_VALUES, Aggregate.COUNT_PERSONS, Aggregate.SHARE_PERSONS})


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    least = rules.min_persons.value
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if not implies(measure):
            continue
        rows = rows_of(examined, position, lambda known, measure=measure: _few(known, measure, rules))  # type: ignore[misc]  # bound now
        unsure = [row for row, cell in enumerate(examined.evidence.cells) if _unsure(cell, position, measure)]
        if rows:
            why = say(
                "{rows} values imply a count of fewer than {least} persons on the other side.",
                rows=len(rows),
                least=least,
            )
            cells = tuple((row, examined.column(measure)) for row in rows)
            findings.append(RULE.found(Outcome.FAIL, measure.name, why, cells))
        if unsure:
            why = say("For {rows} values it is not known how many persons are on the other side.", rows=len(unsure))
            cells = tuple((row, examined.column(measure)) for row in unsure)
            findings.append(RULE.found(Outcome.REVIEW, measure.name, why, cells))
        if not rows and not unsure:
            why = say("No value implies a count of fewer than {least} persons.", least=least)
            findings.append(RULE.passed(measure.name, why))
    return (*findings, *_beside_totals(examined, least))


def implies(measure: Measure) -> bool:
    """Whether `measure` tells of a part of its cell, so that the other part is told as well."""
    if measure.argument is None:
        return False
    return measure.aggregate in _PARTS or (measure.aggregate in MAGNITUDES and measure.binary)


def _few(known: MeasureEvidence, measure: Measure, rules: DisclosureRules) -> bool:
    """Of 0/1 both sides count; of those who have a value, the others, where there are any."""
    if measure.aggregate in _PARTS:
        others = known.missing if known.others is None else max(known.others, known.missing)
        return 0 < others < rules.min_persons.value
    return few(known.nonzero, rules) or few(known.zeros or 0, rules)


def _unsure(cell: CellEvidence, position: int, measure: Measure) -> bool:
    """Rows without a value, and nobody told how many persons they are of."""
    known = cell.measures[position]
    if known is None or measure.aggregate not in _PARTS or known.others is not None:
        return False
    return known.rows < cell.rows and known.missing == 0


def _beside_totals(examined: Examined, least: int) -> tuple[Finding, ...]:
    """Cells that leave fewer persons than `least`, but some, in a total of the table."""
    if len(examined.query.groupings) < 2:
        return ()
    rows = rows_where(examined, lambda cell: cell.rest is not None and 0 < cell.rest < least)
    if rows:
        why = say("{rows} cells leave fewer than {least} persons in one of their totals.", rows=len(rows), least=least)
        return (REST.found(Outcome.FAIL, TABLE, why, row_cells(examined, rows)),)
    return (REST.passed(TABLE, say("No cell leaves fewer than {least} persons in a total.", least=least)),)
