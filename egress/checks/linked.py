"""Tables of one request that are totals of one another: what one suppresses, another may give back.

Covers tables over the same rows (same tables, joins and filters) with a measure in common. Other relations, and
tables released before, are the differencing check's (design, section 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from egress.checks.model import Finding, Outcome, Risk
from egress.query.model import Aggregate, Expression, Query
from hub.words import say

CHECK = "linked_tables"


@dataclass(frozen=True)
class DeclaredTable:
    """One exact table of a request; `suppressing` says whether its protected version hides values."""

    name: str
    query: Query
    suppressing: bool


def linked_tables(tables: Sequence[DeclaredTable]) -> Mapping[str, Finding]:
    """A finding for each table that hides values of which another table of the request holds totals, by its name."""
    found: dict[str, Finding] = {}
    for table in tables:
        others = [
            other.name for other in tables if other.name != table.name and _gives_totals(other.query, table.query)
        ]
        if table.suppressing and others:
            found[table.name] = _finding(others)
    return found


def _finding(others: Iterable[str]) -> Finding:
    why = say(
        "Totals of this table stand in {others}: what is suppressed here may be computed from there. "
        "Declare them as one table with totals (ROLLUP, CUBE), so that they are protected together.",
        others=", ".join(sorted(others)),
    )
    return Finding(CHECK, Risk.DIFFERENCING, Outcome.REVIEW, "table", why)


def _gives_totals(total: Query, part: Query) -> bool:
    if not _same_rows(total, part) or not _measures(total) & _measures(part):
        return False
    fine = _groupings(part)
    return any(coarse < whole for coarse in _groupings(total) for whole in fine)


def _same_rows(one: Query, other: Query) -> bool:
    rows = [(frozenset(query.tables), frozenset(query.joins), frozenset(query.where)) for query in (one, other)]
    return rows[0] == rows[1]


def _groupings(query: Query) -> set[frozenset[Expression]]:
    return {frozenset(query.keys[position].expression for position in grouping) for grouping in query.groupings}


def _measures(query: Query) -> set[tuple[str, Expression | None]]:
    """What adds up, or gives what adds up: a mean beside a count is a sum."""
    additive = {Aggregate.SUM: "sum", Aggregate.AVG: "sum"}
    return {
        (additive.get(measure.aggregate, str(measure.aggregate)), measure.argument)
        for measure in query.measures
        if measure.aggregate not in {Aggregate.STDDEV, Aggregate.QUANTILE}
    }
