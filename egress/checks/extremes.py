"""Extreme values. min and max are outside the grammar; what is left is a quantile with few persons beyond it.

ABS and OpenSAFELY ask for the threshold on each side of a quantile. A value that as many persons share, as 0 often
is, is nobody's own and needs no sides.
"""

from __future__ import annotations

from egress.checks.examined import Examined, Rule, rows_of
from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import MeasureEvidence
from egress.query.model import Aggregate
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("quantile_support", Risk.LOW_COUNT)


def unsupported(known: MeasureEvidence, least: int) -> bool:
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
    return tuple(findings)
