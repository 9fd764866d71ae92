"""Suppression: a flagged cell takes all measures of its row with it, as count, sum and mean give each other back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from egress.checks.examined import TABLE, Examined, Rule, row_cells
from egress.checks.model import Audience, Finding, Outcome, Protection, Risk
from egress.protect.additive import problem_of
from egress.protect.secondary import suppress
from egress.protect.shown import shown
from egress.protect.system import Exposed, Pattern
from egress.query.table import Table
from hub.policy.model import DisclosureRules
from hub.words import say

SECONDARY = Rule("secondary_suppression", Risk.DIFFERENCING)
LOSS = Rule("information_loss", Risk.DIFFERENCING)
LEFT = Rule("suppression", Risk.LOW_COUNT)
SUPPRESSED = say("These values are suppressed.")
NOT_PROTECTED = SECONDARY.found(
    Outcome.FAIL,
    TABLE,
    say("The totals of this table cannot be protected: ask for it without totals, or with coarser keys."),
)


@dataclass(frozen=True)
class Protected:
    """The table as it may leave, and the findings as they stand afterwards. `rows` are the suppressed ones."""

    table: Table
    findings: tuple[Finding, ...]
    rows: frozenset[int]


def protect(
    examined: Examined, findings: tuple[Finding, ...], protection: Protection, rules: DisclosureRules
) -> Protected:
    """What `protection` makes of a table and its findings. Under `none` nothing is suppressed."""
    if protection not in {Protection.SUPPRESS, Protection.ROUND}:
        return Protected(shown(examined, frozenset(), protection, rules), findings, frozenset())
    primary = primary_rows(findings)
    if not primary or not rules.secondary_suppression.value:
        return hide(examined, findings, primary, protection, rules)
    if rules.audit is not None and len(examined.table.rows) > rules.audit.value.cells:
        return hide(examined, (*findings, _too_large(rules.audit.value.cells)), primary, protection, rules)
    problem = problem_of(examined, primary, rules)
    if not problem.system.sums.shape[0]:
        return hide(examined, findings, primary, protection, rules)
    pattern = suppress(problem)
    if isinstance(pattern, Exposed):
        return Protected(examined.table, (*findings, NOT_PROTECTED), primary)
    rows = frozenset(np.flatnonzero(pattern.suppressed).tolist())
    about = (*about_totals(examined, rows - primary), about_loss(pattern))
    return hide(examined, (*findings, *about), rows, protection, rules)


def primary_rows(findings: Iterable[Finding]) -> frozenset[int]:
    """The rows that `findings` want hidden for their own sake."""
    return frozenset(row for finding in findings if finding.outcome is Outcome.FAIL for row, _ in finding.cells)


def hide(
    examined: Examined,
    findings: tuple[Finding, ...],
    rows: frozenset[int],
    protection: Protection,
    rules: DisclosureRules,
) -> Protected:
    """The table without `rows`, and its findings once they are gone."""
    after = tuple(_remedied(finding, rows) for finding in findings)
    if rows and len(rows) == len(examined.table.rows):
        after += (
            LEFT.found(Outcome.FAIL, TABLE, say("Every value would be suppressed: nothing of the table is left.")),
        )
    return Protected(shown(examined, rows, protection, rules), after, rows)


def about_totals(examined: Examined, further: frozenset[int]) -> tuple[Finding, ...]:
    """What there is to say of a pattern: which `further` rows went, or that none had to."""
    if further:
        why = say("{rows} further rows would give suppressed values back, by way of totals.", rows=len(further))
        cells = row_cells(examined, sorted(further))
        return (replace(SECONDARY.passed(TABLE, why), cells=cells, remedy=SUPPRESSED),)
    return (SECONDARY.passed(TABLE, say("No total gives back a suppressed value.")),)


def about_loss(pattern: Pattern) -> Finding:
    """What suppression took. For checkers: a share of what is hidden tells something of it."""
    why = say(
        "{cells} of {all} cells and {share} % of the total are suppressed, {further} of them by way of totals "
        "(method: {method}; audited: no suppressed value is given back).",
        cells=pattern.loss.cells,
        all=pattern.loss.of,
        share=round(100 * pattern.loss.value_share),
        further=pattern.loss.secondary,
        method=pattern.method,
    )
    return replace(LOSS.passed(TABLE, why), audience=Audience.CHECKER)


def _too_large(cells: int) -> Finding:
    why = say(
        "This table has more cells than the {cells} that the machine protects: only small and revealing cells are "
        "suppressed, and people must look for what totals give back.",
        cells=cells,
    )
    return SECONDARY.found(Outcome.REVIEW, TABLE, why)


def _remedied(finding: Finding, rows: Iterable[int]) -> Finding:
    """A finding all of whose cells are suppressed is dealt with."""
    if finding.outcome is Outcome.PASS or not finding.cells or not {row for row, _ in finding.cells} <= set(rows):
        return finding
    if finding.risk is Risk.INDIVIDUALS:
        return finding
    return replace(finding, outcome=Outcome.PASS, remedy=SUPPRESSED)
