"""What protection does to a table, cell by cell: which cells are meant and why, and what is lost. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from egress.checks.model import Finding, Outcome
from egress.checks.table import Table

SECONDARY = "secondary_suppression"


class Mark(StrEnum):
    """Why a cell is meant: a check found it; it would give another one back; people look at it."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    REVIEW = "review"


_STRONGEST = (Mark.PRIMARY, Mark.SECONDARY, Mark.REVIEW)


@dataclass(frozen=True)
class Loss:
    """Information that protection takes: `cells` suppressed of all cells `of`, `secondary` ones among them."""

    cells: int
    secondary: int
    of: int


def marks_of(findings: Sequence[Finding]) -> Mapping[tuple[int, int], Mark]:
    """The mark of each cell that a finding names; the strongest where several do."""
    found: dict[tuple[int, int], Mark] = {}
    for finding in findings:
        if (mark := _mark(finding)) is not None:
            found |= {cell: min(found.get(cell, mark), mark, key=_STRONGEST.index) for cell in finding.cells}
    return found


def _mark(finding: Finding) -> Mark | None:
    if not finding.notable:
        return None
    if finding.check == SECONDARY:
        return Mark.SECONDARY
    return Mark.REVIEW if finding.outcome is Outcome.REVIEW and finding.remedy is None else Mark.PRIMARY


def loss_of(exact: Table, protected: Table, keys: Sequence[str], findings: Sequence[Finding]) -> Loss:
    """What is lost between a table and its protected version, whose rows are the same."""
    places = [at for at, name in enumerate(exact.columns) if name not in keys]
    pairs = list(zip(exact.rows, protected.rows, strict=True))
    gone = {
        (row, at)
        for row, (before, after) in enumerate(pairs)
        for at in places
        if before[at] is not None and after[at] is None
    }
    marks = marks_of(findings)
    primary = {row for (row, _), mark in marks.items() if mark is Mark.PRIMARY}
    secondary = sum(row not in primary for row, _ in gone)
    return Loss(len(gone), secondary, len(places) * len(pairs))
