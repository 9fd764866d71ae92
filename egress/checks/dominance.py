"""Dominance, the (n, k) rule: the n largest contributors make at most the share k of a cell (INSEE: one unit, 85 %).

Contributors are persons, and where the rules protect them (`min_units`) also establishments or households.
Shares are of absolute totals, so that a negative contribution hides nobody.
"""

from __future__ import annotations

from egress.checks.contributors import by_person, by_unit
from egress.checks.examined import MAGNITUDES, Examined, Rule, rows_of
from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import MeasureEvidence
from hub.policy.model import DisclosureRules, Dominance
from hub.words import Message, say

RULE = Rule("dominance", Risk.DOMINANCE)
UNITS = Rule("unit_dominance", Risk.DOMINANCE)


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    if rules.dominance is None:
        return ()
    limit = rules.dominance.value
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if measure.aggregate not in MAGNITUDES or measure.binary:
            continue
        rows = rows_of(examined, position, lambda known: by_person(known).dominated(limit.n, limit.k))
        if rows:
            cells = tuple((row, examined.column(measure)) for row in rows)
            findings.append(RULE.found(Outcome.FAIL, measure.name, _too_large(limit, len(rows)), cells))
        else:
            findings.append(RULE.passed(measure.name, _shared(limit)))
        if rules.min_units is not None:
            rows = rows_of(examined, position, lambda known: _by_unit(known, limit))
            if rows:
                cells = tuple((row, examined.column(measure)) for row in rows)
                findings.append(UNITS.found(Outcome.FAIL, measure.name, _unit_too_large(limit, len(rows)), cells))
    return tuple(findings)


def _by_unit(known: MeasureEvidence, limit: Dominance) -> bool:
    """What is not known of units is told by the check of their number."""
    found = by_unit(known)
    return found is not None and found.dominated(limit.n, limit.k)


def _too_large(limit: Dominance, rows: int) -> Message:
    percent = f"{round(100 * limit.k, 6):g}"
    if limit.n == 1:
        return say("In {rows} cells one person makes more than {percent} % of the total.", rows=rows, percent=percent)
    return say("In {rows} cells two persons make more than {percent} % of the total.", rows=rows, percent=percent)


def _unit_too_large(limit: Dominance, rows: int) -> Message:
    percent = f"{round(100 * limit.k, 6):g}"
    if limit.n == 1:
        return say(
            "In {rows} cells one establishment or household makes more than {percent} % of the total.",
            rows=rows,
            percent=percent,
        )
    return say(
        "In {rows} cells two establishments or households make more than {percent} % of the total.",
        rows=rows,
        percent=percent,
    )


def _shared(limit: Dominance) -> Message:
    percent = f"{round(100 * limit.k, 6):g}"
    if limit.n == 1:
        return say("No person makes more than {percent} % of a cell's total.", percent=percent)
    return say("No two persons make more than {percent} % of a cell's total.", percent=percent)
