"""Tables about single persons: nothing but cells below the threshold, or nearly as many cells as persons.

No protection makes such a table one about groups; it is refused. A table with more cells than groups of the
threshold's size could fill is for people. "Nearly all" cells is what the rules call nearly all of a group (unanimity).
"""

from __future__ import annotations

from egress.checks.examined import TABLE, Examined, Rule, row_cells
from egress.checks.model import Finding, Outcome, Risk
from hub.policy.model import DisclosureRules
from hub.words import Message, say

RULE = Rule("shape", Risk.INDIVIDUALS)


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    least = rules.min_persons.value
    cells = examined.evidence.cells
    if not cells:
        return (RULE.found(Outcome.FAIL, TABLE, say("The table has no row: no person is in its selection.")),)
    finest = examined.query.groupings[0]
    fine = [cell.persons for cell in cells if cell.grouping == finest] or [cell.persons for cell in cells]
    why = _individuals(fine, rules)
    if why is not None:
        return (RULE.found(Outcome.FAIL, TABLE, why, row_cells(examined, range(len(cells)))),)
    if least * len(fine) > sum(fine):
        why = say(
            "The table has so many cells that they are about fewer than {least} persons on average: "
            "coarser keys would tell more.",
            least=least,
        )
        return (RULE.found(Outcome.REVIEW, TABLE, why),)
    return (RULE.passed(TABLE, say("The table is about groups of persons.")),)


def _individuals(fine: list[int], rules: DisclosureRules) -> Message | None:
    """Why a table with so many persons in its finest cells is about individuals."""
    least = rules.min_persons.value
    if all(persons < least for persons in fine):
        return say("This table is about individuals: every cell is about fewer than {least} persons.", least=least)
    if 2 * len(fine) > sum(fine):
        return say("This table is about individuals: it has fewer than two persons per cell on average.")
    if rules.unanimity is not None and sum(persons <= 1 for persons in fine) > rules.unanimity.value * len(fine):
        return say("This table is about individuals: nearly all of its cells are about one person.")
    return None
