"""Cells made elsewhere, from rules to what may be published, by the method that is asked for."""

from __future__ import annotations

from dataclasses import replace

from egress.checks.examined import TABLE, Rule
from egress.checks.model import Finding, Risk
from egress.protect.cellrounding import controlled_cells, rounded_cells
from egress.protect.cellrules import primary
from egress.protect.cells import Cells
from egress.protect.cellsuppression import Proposer, suppressed
from egress.protect.protectedcells import Method, ProtectedCells, Wish, shown, with_means
from egress.protect.unusable import UnusableError
from hub.policy.model import DisclosureRules
from hub.words import say

TOTALS = Rule("totals", Risk.DIFFERENCING)


def protect_cells(cells: Cells, rules: DisclosureRules, wish: Wish, propose: Proposer | None = None) -> ProtectedCells:
    """What may be published of `cells`, and the audit of the rest. Raises: UnusableError for a wish that cannot be."""
    if not shown(cells, wish):
        raise UnusableError(say("There is no such column to publish in the file."))
    found = primary(cells, rules)
    if wish.method is Method.CONTROLLED:
        done = controlled_cells(cells, found, rules, wish)
    elif wish.method is Method.ROUND:
        done = rounded_cells(cells, found, rules, wish)
    else:
        done = suppressed(cells, found, rules, wish, propose)
    columns = with_means(done.columns, rules) if wish.means else done.columns
    return replace(done, columns=columns, findings=(*done.findings, *_about_totals(cells)))


def _about_totals(cells: Cells) -> tuple[Finding, ...]:
    if cells.added:
        why = say(
            "The file lacks {cells} totals; they were added up and are protected with the rest.", cells=cells.added
        )
        return (TOTALS.passed(TABLE, why),)
    return ()
