"""Rounding of cells made elsewhere.

`round`: what the rules flag is suppressed, the rest rounded, and totals are sums of what is left, so that they tell
nothing more (OpenSAFELY). `controlled`: every count rounded, none suppressed, totals stay sums of rounded parts.
Neither hides a small cell from somebody who knows totals exactly from elsewhere; the report says so.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from egress.checks.examined import TABLE, Rule
from egress.checks.model import Finding, Outcome, Risk
from egress.protect.audit import audit, interval
from egress.protect.cellfile import COUNT
from egress.protect.cellrules import Primary
from egress.protect.cells import Cells
from egress.protect.controlled import controlled
from egress.protect.protectedcells import (
    Known,
    Method,
    ProtectedCells,
    Wish,
    dealt_with,
    in_digits,
    intervals_told,
    known,
    losses,
    shown,
)
from egress.protect.rounding import to_base
from egress.protect.system import Marks, Numbers, Problem, System, Vector
from egress.protect.unusable import UnusableError
from hub.policy.model import DisclosureRules
from hub.words import say

ROUNDED = Rule("rounding", Risk.DIFFERENCING)
# A limit of computing time: every count is open to the audit of a rounded table. Larger tables go to people.
MAX_AUDITED = 3_000


def rounded_cells(cells: Cells, found: Primary, rules: DisclosureRules, wish: Wish) -> ProtectedCells:
    """Flagged cells suppressed, the others rounded, totals anew from them."""
    base = wish.base or rules.rounding_base.value
    gone = found.marks
    columns: dict[str, Numbers] = {}
    for name, numbers in shown(cells, wish).items():
        finest = _to_base(numbers, base) if name == COUNT else in_digits(numbers, rules)
        columns[name] = _added_up(cells, finest, gone)
    nothing = np.all([np.isnan(numbers) for numbers in columns.values()], axis=0)
    reasons = tuple(found.rules_of(cell) or (("empty",) if nothing[cell] else ()) for cell in range(cells.size))
    assumed = ROUNDED.passed(
        TABLE,
        say("Totals are sums of the rounded values that are shown: exact totals must not be published elsewhere."),
    )
    findings: tuple[Finding, ...] = (*(dealt_with(one) for one in found.findings), assumed)
    if nothing.all():
        why = say("Every value would be suppressed: nothing of the table is left.")
        findings = (*findings, ROUNDED.found(Outcome.FAIL, TABLE, why))
        columns = {}
    return ProtectedCells(
        cells,
        Method.ROUND,
        "",
        columns,
        reasons,
        _bounds(cells, gone, rules, columns),
        losses(cells, wish, columns),
        findings,
    )


def controlled_cells(cells: Cells, found: Primary, rules: DisclosureRules, wish: Wish) -> ProtectedCells:
    """All counts rounded to multiples of the base, additive where such a table is found. Raises: UnusableError."""
    if set(shown(cells, wish)) != {COUNT}:
        raise UnusableError(say("Controlled rounding is for counts: publish n alone, or ask for another method."))
    base, system = wish.base or rules.rounding_base.value, System.of(cells.relations, cells.size)
    table = controlled(cells.count, system, base)
    findings = [*(_by_rounding(one, base, rules) for one in found.findings)]
    if table is None:
        rounded = _to_base(cells.count, base)
        low, high = rounded - base // 2, rounded + (base - 1) // 2
        why = say("No table was found whose rounded totals are sums; each count is rounded by itself.")
        findings.append(ROUNDED.found(Outcome.REVIEW, TABLE, why))
    else:
        rounded, low, high = table, table - base + 1, table + base - 1
        findings.append(ROUNDED.passed(TABLE, say("Every total is the sum of its rounded parts.")))
    told: tuple[Known, ...] = ()
    if cells.size <= MAX_AUDITED or not found.marks.any():
        told = _within(cells, found.marks, (np.maximum(low, 0.0), high), rules, system)
    else:
        why = say("What rounded counts tell together is worked out for {limit} cells at most.", limit=MAX_AUDITED)
        findings.append(ROUNDED.found(Outcome.REVIEW, TABLE, why))
    exposed = sum(not one.hidden for one in told)
    if exposed:
        why = say("{cells} small counts can be worked out in spite of rounding; take a larger base.", cells=exposed)
        findings.append(ROUNDED.found(Outcome.FAIL, TABLE, why))
    columns = {COUNT: rounded} if not exposed else {}
    reasons = tuple(found.rules_of(cell) for cell in range(cells.size))
    return ProtectedCells(
        cells, Method.CONTROLLED, "", columns, reasons, told, losses(cells, wish, columns), tuple(findings)
    )


def _to_base(numbers: Numbers, base: int) -> Numbers:
    return np.array([float(to_base(int(number), base)) for number in numbers])


def _added_up(cells: Cells, finest: Numbers, gone: Marks) -> Numbers:
    """Sums over the finest cells that are shown; not-a-number for what is suppressed or has nothing left in it."""
    parts: dict[int, tuple[int, ...]] = {}
    for relation in cells.relations:
        parts.setdefault(relation.parent, relation.children)
    sums: dict[int, float | None] = {}

    def left(cell: int) -> float | None:
        if cell not in parts:
            return None if gone[cell] else float(finest[cell])
        if cell not in sums:
            below = [known for child in parts[cell] if (known := left(child)) is not None]
            sums[cell] = sum(below) if below else None
        return sums[cell]

    found = [None if gone[cell] else left(cell) for cell in range(cells.size)]
    return np.array([np.nan if value is None else value for value in found])


def _by_rounding(finding: Finding, base: int, rules: DisclosureRules) -> Finding:
    """Small counts are dealt with when no shown number tells them from larger ones."""
    if finding.outcome is not Outcome.FAIL:
        return finding
    if base < rules.min_persons.value:
        told = say("A base below {least} still shows that they are small.", least=rules.min_persons.value)
        return replace(finding, outcome=Outcome.REVIEW, remedy=told)
    return replace(
        finding, outcome=Outcome.PASS, remedy=say("All counts are rounded to multiples of {base}.", base=base)
    )


def _bounds(cells: Cells, gone: Marks, rules: DisclosureRules, columns: dict[str, Numbers]) -> tuple[Known, ...]:
    """Of suppressed cells nothing is known but the rules themselves: no number shown depends on them."""
    need = float(rules.protection_interval.value.counts if rules.protection_interval is not None else 1)
    most = rules.min_persons.value - 1
    found = []
    for name in columns:
        for cell in np.flatnonzero(gone).tolist():
            few = name == COUNT and cells.count[cell] <= most
            low, high = (0.0 if cells.count[cell] == 0 else min(1.0, most), float(most)) if few else (0.0, np.inf)
            asked = min(need, high - low) if name == COUNT else 0.0
            found.append(Known(cell, name, low, high, asked, hidden=True))
    return tuple(found)


def _within(
    cells: Cells, secret: Marks, ranges: tuple[Numbers, Numbers], rules: DisclosureRules, system: System
) -> tuple[Known, ...]:
    """What rounded counts and true sums together tell of the small ones: every count open, within its range."""
    if not secret.any():
        return ()
    width = float(rules.protection_interval.value.counts if rules.protection_interval is not None else 1)
    vector = Vector(COUNT, cells.count, np.full(cells.size, width), ranges[0], ranges[1], whole=True)
    everything = np.ones(cells.size, dtype=bool)
    problem = Problem(system, (vector,), secret)
    exposed = set(audit(problem, everything).exposed[0])
    found = []
    for number, cell in enumerate(np.flatnonzero(secret).tolist()):
        bounds = interval(problem, everything, cell) if number < intervals_told(cells.size) else None
        found.append(known(cell, COUNT, bounds, width, hidden=cell not in exposed))
    return tuple(found)
