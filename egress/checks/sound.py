"""Whether evidence can be believed at all: nothing missing, no number that contradicts another, nothing but numbers.

The other checks read evidence as it is. What is not known must not look like what is in order, so it is told here.
"""

from __future__ import annotations

from math import isfinite

from egress.checks.examined import TABLE, Examined, Rule, row_cells
from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import CellEvidence, MeasureEvidence
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("evidence", Risk.AUXILIARY_INFORMATION)

# Sums of doubles in another order differ in their last digits.
_LAST_DIGITS = 1e-9


def shaped(examined: Examined) -> bool:
    """Whether evidence and table are about the same cells and measures; without that no check can read them."""
    query, cells, rows = examined.query, examined.evidence.cells, examined.table.rows
    return len(cells) == len(rows) and all(
        len(cell.measures) == len(query.measures)
        and len(cell.keys) == len(query.keys)
        and all(0 <= position < len(query.keys) for position in cell.grouping)
        for cell in cells
    )


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    del rules  # no threshold: a contradiction is one whatever the rules
    if not shaped(examined):
        why = say("Table and evidence are not about the same cells; nothing can be said of it.")
        return (RULE.found(Outcome.FAIL, TABLE, why),)
    findings: list[Finding] = []
    cells = examined.evidence.cells
    wrong = [row for row, cell in enumerate(cells) if not _consistent(cell)]
    if wrong:
        why = say("In {rows} cells the evidence contradicts itself or is no number.", rows=len(wrong))
        findings.append(RULE.found(Outcome.FAIL, TABLE, why, row_cells(examined, wrong)))
    needed = [at for at, measure in enumerate(examined.query.measures) if measure.argument is not None]
    unknown = [row for row, cell in enumerate(cells) if any(cell.measures[at] is None for at in needed)]
    if unknown:
        why = say("Of {rows} cells it is not known who contributes to them.", rows=len(unknown))
        findings.append(RULE.found(Outcome.REVIEW, TABLE, why, row_cells(examined, unknown)))
    return tuple(findings) or (RULE.passed(TABLE, say("The evidence of every cell is complete.")),)


def _consistent(cell: CellEvidence) -> bool:
    counts = [cell.rows, cell.persons, *_given(cell.units, cell.rest)]
    if any(count < 0 for count in counts) or cell.persons > cell.rows:
        return False
    return all(known is None or _believable(known, cell) for known in cell.measures)


def _believable(known: MeasureEvidence, cell: CellEvidence) -> bool:
    counts = [known.rows, known.persons, known.nonzero, known.missing]
    counts += _given(known.zeros, known.below, known.at, known.above, known.others)
    counts += _given(known.units, known.unit_nonzero, known.distinct, known.top_class)
    if any(count < 0 for count in counts):
        return False
    if known.persons > cell.persons or known.rows > cell.rows or known.nonzero > known.persons:
        return False
    if known.denominator is not None and not _believable(known.denominator, cell):
        return False
    return _ordered(known.total, known.largest, known.second) and _ordered(
        known.unit_total, known.unit_largest, known.unit_second
    )


def _given(*counts: int | None) -> list[int]:
    return [count for count in counts if count is not None]


def _ordered(total: float | None, largest: float | None, second: float | None) -> bool:
    """Whether these can be a total and its two largest parts."""
    if total is None or largest is None or second is None:
        return total is None and largest is None and second is None
    if not all(isfinite(value) and value >= 0 for value in (total, largest, second)):
        return False
    return second <= largest <= total * (1 + _LAST_DIGITS)
