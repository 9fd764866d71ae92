"""What a check looks at, and small helpers that every check shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import CellEvidence, Evidence, MeasureEvidence
from egress.query.model import Aggregate, Measure, Query
from egress.query.table import Table
from hub.policy.model import DisclosureRules
from hub.words import Message

Cell: TypeAlias = tuple[int, int]

# The aggregates that are worked out from persons' totals, so that one large person may stand for all.
MAGNITUDES = frozenset({Aggregate.SUM, Aggregate.AVG, Aggregate.STDDEV, Aggregate.SHARE})


@dataclass(frozen=True)
class Examined:
    """One recomputed table with its evidence; `evidence.cells[i]` is about `table.rows[i]`.

    `pseudonyms` are the extract's own person keys, as far as the caller can tell them, to be looked for in labels.
    """

    query: Query
    table: Table
    evidence: Evidence
    title: str = ""
    pseudonyms: frozenset[str] = frozenset()

    def column(self, measure: Measure) -> int:
        return self.query.columns.index(measure.name)

    def measure_columns(self) -> tuple[int, ...]:
        return tuple(self.column(measure) for measure in self.query.measures)


Check: TypeAlias = Callable[[Examined, DisclosureRules], tuple[Finding, ...]]


def row_cells(examined: Examined, rows: Iterable[int]) -> tuple[Cell, ...]:
    """All measures of some rows."""
    return tuple((row, column) for row in rows for column in examined.measure_columns())


def rows_where(examined: Examined, test: Callable[[CellEvidence], bool]) -> tuple[int, ...]:
    return tuple(row for row, cell in enumerate(examined.evidence.cells) if test(cell))


def rows_of(examined: Examined, position: int, test: Callable[[MeasureEvidence], bool]) -> tuple[int, ...]:
    """The rows whose evidence about the measure at `position` meets `test`. What is missing is `sound`'s to tell."""
    found = []
    for row, cell in enumerate(examined.evidence.cells):
        known = cell.measures[position]
        if known is not None and test(known):
            found.append(row)
    return tuple(found)


def few(persons: int, rules: DisclosureRules) -> bool:
    """Whether a part of a cell is about too few persons. Nobody at all is too few unless the rules let zeros be shown.

    A zero tells of everybody in the cell that they are not in that part (SACRO: zeros are disclosive by default).
    """
    if persons == 0 and rules.zeros is not None and not rules.zeros.value:
        return False
    return persons < rules.min_persons.value


@dataclass(frozen=True)
class Rule:
    """A check's name and risk, and its two sentences' maker: findings of one shape."""

    check: str
    risk: Risk

    def passed(self, where: str, why: Message) -> Finding:
        return Finding(self.check, self.risk, Outcome.PASS, where, why)

    def found(self, outcome: Outcome, where: str, why: Message, cells: tuple[Cell, ...] = ()) -> Finding:
        return Finding(self.check, self.risk, outcome, where, why, cells)


TABLE = "table"
