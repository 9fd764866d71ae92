"""The p % rule: the second largest person cannot estimate the largest to within p % (Handbook, 2nd ed., ch. 4)."""

from __future__ import annotations

from egress.checks.examined import MAGNITUDES, Examined, Rule, rows_of
from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import MeasureEvidence
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("p_ratio", Risk.DOMINANCE)


def estimable(known: MeasureEvidence, ratio: float) -> bool:
    """Whether what is left without the two largest is less than `ratio` of the largest. An empty total shows nobody."""
    return known.total > 0 and known.total - known.largest - known.second < ratio * known.largest


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    if rules.p_ratio is None:
        return ()
    ratio = rules.p_ratio.value
    percent = f"{round(100 * ratio, 6):g}"
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if measure.aggregate not in MAGNITUDES or measure.binary:
            continue
        rows = rows_of(examined, position, lambda known: estimable(known, ratio))
        if rows:
            why = say(
                "In {rows} cells one person could estimate another one's value to within {percent} %.",
                rows=len(rows),
                percent=percent,
            )
            cells = tuple((row, examined.column(measure)) for row in rows)
            findings.append(RULE.found(Outcome.FAIL, measure.name, why, cells))
        else:
            why = say("No person could estimate another one's value to within {percent} %.", percent=percent)
            findings.append(RULE.passed(measure.name, why))
    return tuple(findings)
