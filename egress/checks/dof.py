"""Degrees of freedom: a standard deviation of n persons has n - 1 of them (ESSnet, SACRO: at least 10)."""

from __future__ import annotations

from egress.checks.examined import Examined, Rule, rows_of
from egress.checks.model import Finding, Outcome, Risk
from egress.query.model import Aggregate
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("degrees_of_freedom", Risk.LOW_DOF)


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    if rules.min_dof is None:
        return ()
    least = rules.min_dof.value
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if measure.aggregate is not Aggregate.STDDEV:
            continue
        rows = rows_of(examined, position, lambda known: known.persons - 1 < least)
        if rows:
            why = say("{rows} values have fewer than {least} degrees of freedom.", rows=len(rows), least=least)
            cells = tuple((row, examined.column(measure)) for row in rows)
            findings.append(RULE.found(Outcome.FAIL, measure.name, why, cells))
        else:
            why = say("Each value has at least {least} degrees of freedom.", least=least)
            findings.append(RULE.passed(measure.name, why))
    return tuple(findings)
