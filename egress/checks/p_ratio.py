"""The p % rule: the second largest contributor cannot estimate the largest to within p % (Handbook, 2nd ed., ch. 4).

Contributors are persons, and where the rules protect them (`min_units`) also establishments or households.
"""

from __future__ import annotations

from egress.checks.contributors import by_person, by_unit
from egress.checks.examined import MAGNITUDES, Examined, Rule, rows_of
from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import MeasureEvidence
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("p_ratio", Risk.DOMINANCE)
UNITS = Rule("unit_p_ratio", Risk.DOMINANCE)


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    if rules.p_ratio is None:
        return ()
    ratio = rules.p_ratio.value
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if measure.aggregate not in MAGNITUDES or measure.binary:
            continue
        rows = rows_of(examined, position, lambda known: by_person(known).estimable(ratio))
        cells = tuple((row, examined.column(measure)) for row in rows)
        findings.append(_by_person(measure.name, cells, ratio))
        if rules.min_units is not None:
            rows = rows_of(examined, position, lambda known: _by_unit(known, ratio))
            if rows:
                why = say(
                    "In {rows} cells one establishment or household could estimate another one's value "
                    "to within {percent} %.",
                    rows=len(rows),
                    percent=_percent(ratio),
                )
                cells = tuple((row, examined.column(measure)) for row in rows)
                findings.append(UNITS.found(Outcome.FAIL, measure.name, why, cells))
    return tuple(findings)


def _by_person(where: str, cells: tuple[tuple[int, int], ...], ratio: float) -> Finding:
    percent = _percent(ratio)
    if not cells:
        why = say("No person could estimate another one's value to within {percent} %.", percent=percent)
        return RULE.passed(where, why)
    why = say(
        "In {rows} cells one person could estimate another one's value to within {percent} %.",
        rows=len(cells),
        percent=percent,
    )
    return RULE.found(Outcome.FAIL, where, why, cells)


def _by_unit(known: MeasureEvidence, ratio: float) -> bool:
    """What is not known of units is told by the check of their number."""
    found = by_unit(known)
    return found is not None and found.estimable(ratio)


def _percent(ratio: float) -> str:
    return f"{round(100 * ratio, 6):g}"
