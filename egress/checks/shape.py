"""Tables about single persons: nothing but cells below the threshold, or nearly as many cells as persons.

No protection makes such a table one about groups; it is refused.
"""

from __future__ import annotations

from egress.checks.examined import TABLE, Examined, Rule, row_cells
from egress.checks.model import Finding, Outcome, Risk
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("shape", Risk.INDIVIDUALS)


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    least = rules.min_persons.value
    cells = examined.evidence.cells
    if not cells:
        return (RULE.found(Outcome.FAIL, TABLE, say("The table has no row: no person is in its selection.")),)
    finest = examined.query.groupings[0]
    fine = [cell for cell in cells if cell.grouping == finest] or list(cells)
    everything = row_cells(examined, range(len(cells)))
    if all(cell.persons < least for cell in fine):
        why = say("This table is about individuals: every cell is about fewer than {least} persons.", least=least)
        return (RULE.found(Outcome.FAIL, TABLE, why, everything),)
    if 2 * len(fine) > sum(cell.persons for cell in fine):
        why = say("This table is about individuals: it has fewer than two persons per cell on average.")
        return (RULE.found(Outcome.FAIL, TABLE, why, everything),)
    return (RULE.passed(TABLE, say("The table is about groups of persons.")),)
