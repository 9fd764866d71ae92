"""Dominance, the (n, k) rule: the n largest persons make at most the share k of a cell (INSEE: one unit, 85 %).

Shares are of absolute totals of persons, so that a negative contribution hides nobody.
"""

from __future__ import annotations

from egress.checks.examined import MAGNITUDES, Examined, Rule, rows_of
from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import MeasureEvidence
from hub.policy.model import DisclosureRules, Dominance
from hub.words import Message, say

RULE = Rule("dominance", Risk.DOMINANCE)


def dominated(known: MeasureEvidence, limit: Dominance) -> bool:
    largest = known.largest + (known.second if limit.n == 2 else 0.0)
    return largest > limit.k * known.total


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    if rules.dominance is None:
        return ()
    limit = rules.dominance.value
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if measure.aggregate not in MAGNITUDES or measure.binary:
            continue
        rows = rows_of(examined, position, lambda known: dominated(known, limit))
        if rows:
            cells = tuple((row, examined.column(measure)) for row in rows)
            findings.append(RULE.found(Outcome.FAIL, measure.name, _too_large(limit, len(rows)), cells))
        else:
            findings.append(RULE.passed(measure.name, _shared(limit)))
    return tuple(findings)


def _too_large(limit: Dominance, rows: int) -> Message:
    percent = f"{round(100 * limit.k, 6):g}"
    if limit.n == 1:
        return say("In {rows} cells one person makes more than {percent} % of the total.", rows=rows, percent=percent)
    return say("In {rows} cells two persons make more than {percent} % of the total.", rows=rows, percent=percent)


def _shared(limit: Dominance) -> Message:
    percent = f"{round(100 * limit.k, 6):g}"
    if limit.n == 1:
        return say("No person makes more than {percent} % of a cell's total.", percent=percent)
    return say("No two persons make more than {percent} % of a cell's total.", percent=percent)
