"""Empty cells: a combination of keys that no row has tells of everybody that they are not in it.

Runs where the rules say whether zeros are disclosive. Which zeros no row could fill (structural zeros, as men in
maternity wards) is not known to the machine, so people look at them all.
"""

from __future__ import annotations

from math import prod

from egress.checks.examined import TABLE, Examined, Rule
from egress.checks.model import Finding, Outcome, Risk
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("zeros", Risk.CLASS_DISCLOSURE)


def absent(examined: Examined) -> int:
    """How many combinations of the values seen have no row, over all groupings."""
    found = 0
    for grouping in examined.query.groupings:
        cells = [cell for cell in examined.evidence.cells if cell.grouping == grouping]
        found += prod(len({cell.keys[position] for cell in cells}) for position in grouping) - len(cells)
    return max(found, 0)


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    if rules.zeros is None:
        return ()
    if not rules.zeros.value:
        return (RULE.passed(TABLE, say("The rules let empty cells be shown.")),)
    cells = absent(examined)
    if cells:
        why = say("{cells} combinations of the keys are empty, and the table tells which.", cells=cells)
        return (RULE.found(Outcome.REVIEW, TABLE, why),)
    return (RULE.passed(TABLE, say("No combination of the keys is empty.")),)
