"""Labels that the catalogue does not list: values of a plain column that stand in the table as keys.

They come from the data holder's column and not from the author, so a label that enough persons share is about a group.
One that few share is shown even where its values are suppressed, and may itself tell who they are: people look at it.
"""

from __future__ import annotations

from egress.checks.examined import Examined, Rule
from egress.checks.model import Finding, Outcome, Risk
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("labels", Risk.INDIVIDUALS)


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    least = rules.min_persons.value
    findings = []
    for position, key in enumerate(examined.query.keys):
        if key.listed:
            continue
        few = sum(position in cell.grouping and cell.persons < least for cell in examined.evidence.cells)
        if few:
            why = say(
                "{rows} labels that the catalogue does not list are about fewer than {least} persons, "
                "and would be shown.",
                rows=few,
                least=least,
            )
            findings.append(RULE.found(Outcome.REVIEW, key.name, why))
        else:
            why = say(
                "The catalogue does not list these labels; each is shared by at least {least} persons.", least=least
            )
            findings.append(RULE.passed(key.name, why))
    return tuple(findings)
