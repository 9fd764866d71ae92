"""Suppression of cells made elsewhere: by rule, then what would give those back; the audit judges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from egress.checks.examined import TABLE, Rule
from egress.checks.model import Finding, Outcome, Risk
from egress.protect.audit import audit, interval
from egress.protect.cellfile import COUNT, VALUE
from egress.protect.cellrules import Primary
from egress.protect.cells import Cells
from egress.protect.protectedcells import (
    SECONDARY,
    SUPPRESSED,
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
from egress.protect.secondary import Effort, suppress
from egress.protect.system import Exposed, Marks, Numbers, Problem, System, Vector
from hub.policy.model import DisclosureRules
from hub.words import say

SECOND = Rule("secondary_suppression", Risk.DIFFERENCING)
LEFT = Rule("suppression", Risk.LOW_COUNT)

Proposer = Callable[[Problem], Marks | None]


def problem_of(cells: Cells, secret: Marks, rules: DisclosureRules, wish: Wish) -> Problem:
    """What is to be protected of the columns that are published."""
    asked = rules.protection_interval.value if rules.protection_interval is not None else None
    width = asked.counts if asked is not None else 1
    share = asked.share if asked is not None else (rules.p_ratio.value if rules.p_ratio is not None else 0.0)
    vectors = []
    for name, numbers in shown(cells, wish).items():
        if name == COUNT:
            zeros = bool(rules.zeros is not None and rules.zeros.value)
            vectors.append(
                Vector.counts(COUNT, numbers, secret, threshold=rules.min_persons.value, width=width, zeros=zeros)
            )
        else:
            vectors.append(Vector.totals(VALUE, numbers, share=share, negatives=bool((numbers < 0).any())))
    return Problem(System.of(cells.relations, cells.size), tuple(vectors), secret, singles=cells.count == 1)


def suppressed(
    cells: Cells, found: Primary, rules: DisclosureRules, wish: Wish, propose: Proposer | None = None
) -> ProtectedCells:
    """The cells under suppression. `propose` may name cells to begin with."""
    secret, told = found.marks, (rules, wish)
    problem = problem_of(cells, secret, rules, wish)
    if not rules.secondary_suppression.value:
        why = say("These rules ask for no secondary suppression: totals may give suppressed values back.")
        return _published(cells, found, (problem, secret), told, "rules", SECOND.found(Outcome.REVIEW, TABLE, why))
    if rules.audit is not None and cells.size > rules.audit.value.cells:
        why = say(
            "With its totals the table has {cells} cells; these rules let at most {limit} be protected by machine.",
            cells=cells.size,
            limit=rules.audit.value.cells,
        )
        return _withheld(cells, found, SECOND.found(Outcome.REVIEW, TABLE, why))
    if not secret.any():
        none = SECOND.passed(TABLE, say("No cell is suppressed, so that none can be given back."))
        return _published(cells, found, (problem, secret), told, "rules", none)
    proposal = propose(problem) if propose is not None else None
    pattern = suppress(problem, proposal, Effort.thorough(problem.system.size))
    if isinstance(pattern, Exposed):
        why = say("The totals of this table cannot be protected: ask for it without totals, or with coarser keys.")
        return _withheld(cells, found, SECOND.found(Outcome.FAIL, TABLE, why))
    if pattern.suppressed.all():
        why = say("Every value would be suppressed: nothing of the table is left.")
        return _withheld(cells, found, LEFT.found(Outcome.FAIL, TABLE, why))
    return _published(
        cells, found, (problem, pattern.suppressed), told, pattern.method, _agreed(pattern.suppressed, secret)
    )


def _agreed(gone: Marks, secret: Marks) -> Finding:
    further = int((gone & ~secret).sum())
    if not further:
        return SECOND.passed(TABLE, say("No total gives back a suppressed value."))
    why = say("{rows} further rows would give suppressed values back, by way of totals.", rows=further)
    return replace(SECOND.passed(TABLE, why), remedy=SUPPRESSED)


def _withheld(cells: Cells, found: Primary, finding: Finding) -> ProtectedCells:
    """No table at all; what the rules flag is no worse than the reason for it."""
    reasons = tuple(found.rules_of(cell) for cell in range(cells.size))
    flagged = (replace(one, outcome=finding.outcome) if one.outcome is Outcome.FAIL else one for one in found.findings)
    return ProtectedCells(cells, Method.SUPPRESS, "", {}, reasons, (), {}, (*flagged, finding))


def _published(
    cells: Cells,
    found: Primary,
    pattern: tuple[Problem, Marks],
    told: tuple[DisclosureRules, Wish],
    how: str,
    *after: Finding,
) -> ProtectedCells:
    rules, wish = told
    problem, gone = pattern
    columns: dict[str, Numbers] = {}
    for name, numbers in shown(cells, wish).items():
        spelled = in_digits(numbers, rules) if name == VALUE and cells.decimals else numbers
        columns[name] = np.where(gone, np.nan, spelled)
    reasons = tuple(found.rules_of(cell) or ((SECONDARY,) if gone[cell] else ()) for cell in range(cells.size))
    return ProtectedCells(
        cells,
        Method.SUPPRESS,
        how,
        columns,
        reasons,
        known_of(problem, gone),
        losses(cells, wish, columns),
        (*(dealt_with(one) for one in found.findings), *after),
    )


def known_of(problem: Problem, gone: Marks) -> tuple[Known, ...]:
    """The audit of every cell that is not shown, vector by vector; primary ones first get their interval."""
    if not gone.any():
        return ()
    result = audit(problem, gone)
    secret = problem.secret
    order = sorted(np.flatnonzero(gone).tolist(), key=lambda cell: (not secret[cell], cell))
    told = set(order[: intervals_told(problem.system.size) // max(len(problem.vectors), 1)])
    by_insiders = {(one.vector, one.cell) for one in result.insiders}
    found: list[Known] = []
    for at, vector in enumerate(problem.vectors):
        bad = {*result.exposed[at], *result.recoverable[at]}
        for cell in sorted(order):
            need = float(vector.need[cell]) if secret[cell] else 0.0
            hidden = cell not in bad and (at, cell) not in by_insiders
            bounds = interval(problem, gone, cell, at) if cell in told else None
            found.append(known(cell, vector.name, bounds, need, hidden=hidden))
    return tuple(found)
