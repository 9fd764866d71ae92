"""Few establishments or households: a total of many patients of one hospital is that hospital's (INSEE: 3 units).

Runs where the rules name a least number of units; there, what is not known of units is for people.
"""

from __future__ import annotations

from egress.checks.examined import MAGNITUDES, TABLE, Examined, Rule, row_cells, rows_of, rows_where
from egress.checks.model import Finding, Outcome, Risk
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("low_units", Risk.LOW_COUNT)


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    if rules.min_units is None:
        return ()
    least = rules.min_units.value
    unknown = rows_where(examined, lambda cell: cell.units is None)
    if unknown:
        why = say(
            "The rules ask for at least {least} establishments or households per cell, "
            "and this query does not tell which contribute.",
            least=least,
        )
        return (RULE.found(Outcome.REVIEW, TABLE, why, row_cells(examined, unknown)),)
    rows = rows_where(examined, lambda cell: cell.units is not None and cell.units < least)
    findings: list[Finding] = []
    if rows:
        why = say("{rows} rows of the table are about fewer than {least} units.", rows=len(rows), least=least)
        findings.append(RULE.found(Outcome.FAIL, TABLE, why, row_cells(examined, rows)))
    findings += contributors(examined, rules)
    return tuple(findings) or (RULE.passed(TABLE, say("Each cell is about at least {least} units.", least=least)),)


def contributors(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    """Those who have a value, and for sums one other than 0."""
    if rules.min_units is None:
        return ()
    least = rules.min_units.value
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if measure.argument is None:
            continue
        unknown = rows_of(examined, position, lambda known: known.units is None)
        if unknown:
            why = say(
                "It is not known which establishments or households contribute to {rows} cells.", rows=len(unknown)
            )
            cells = tuple((row, examined.column(measure)) for row in unknown)
            findings.append(RULE.found(Outcome.REVIEW, measure.name, why, cells))
        rows = rows_of(examined, position, lambda known: known.units is not None and known.units < least)
        if measure.aggregate in MAGNITUDES and not measure.binary:
            rows = rows_of(
                examined,
                position,
                lambda known: min(_or(known.units, least), _or(known.unit_nonzero, least)) < least,
            )
        if rows:
            why = say("{rows} values come from fewer than {least} units.", rows=len(rows), least=least)
            cells = tuple((row, examined.column(measure)) for row in rows)
            findings.append(RULE.found(Outcome.FAIL, measure.name, why, cells))
    return tuple(findings)


def _or(count: int | None, unknown: int) -> int:
    return unknown if count is None else count
