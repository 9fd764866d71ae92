"""Shares and rates of two sums: what a share is a share of is a column of its own, and meets the same checks.

A rate times its denominator is its numerator, and the denominator is mostly known; so both sides are judged.
"""

from __future__ import annotations

from dataclasses import replace

from egress.checks import dominance, implied, low_counts, p_ratio, unanimity, units
from egress.checks.conditions import ONE, Part, part_of
from egress.checks.examined import Examined, Rule
from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import CellEvidence, Evidence
from egress.query.model import Aggregate, Measure
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("denominators", Risk.IMPLICIT_TABLES)

_CHECKS = (low_counts.contributors, units.contributors, dominance.check, p_ratio.check, implied.check, unanimity.check)


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if measure.denominator is None or part_of(measure.denominator) == Part(ONE):
            continue  # of all rows: the cell's own count
        cells = examined.evidence.cells
        unknown = [
            row
            for row, cell in enumerate(cells)
            if (known := cell.measures[position]) is None or known.denominator is None
        ]
        if unknown:
            why = say("Of {rows} cells it is not known what this share is a share of.", rows=len(unknown))
            column = examined.column(measure)
            findings.append(RULE.found(Outcome.REVIEW, measure.name, why, tuple((row, column) for row in unknown)))
        else:
            beneath = _beneath(examined, position, measure)
            findings += [
                found for check in _CHECKS for found in check(beneath, rules) if found.outcome is not Outcome.PASS
            ]
    return tuple(findings)


def _beneath(examined: Examined, position: int, measure: Measure) -> Examined:
    """The table with the denominator of one share as its only measure, under the share's own name."""
    persons = measure.aggregate is Aggregate.SHARE_PERSONS
    part = part_of(measure.denominator) if measure.denominator is not None else None
    binary = not persons and part is not None and bool(part.conditions) and part.value == ONE
    column = Measure(
        measure.name,
        Aggregate.COUNT_PERSONS if persons else Aggregate.SUM,
        measure.denominator,
        binary=binary,
        sensitive=measure.sensitive and binary,
    )
    query = replace(examined.query, measures=(column,))
    cells = tuple(_cell(cell, position) for cell in examined.evidence.cells)
    return replace(examined, query=query, evidence=Evidence(cells))


def _cell(cell: CellEvidence, position: int) -> CellEvidence:
    known = cell.measures[position]
    return replace(cell, measures=(None if known is None else known.denominator,), rest=None)
