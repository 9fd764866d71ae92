"""Tables of one request whose relation is no sum: quantiles of a group and of its parts bound one another.

What adds up is protected together (`egress.released`), filters that differ are recomputed (`egress.airlock`). What the
quantiles of several tables tell of a suppressed one nobody works out: people look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from egress.checks.model import Finding, Outcome, Risk
from egress.query.canonical import canonical
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
    """A finding for each table that hides quantiles which another table of the request may bound, by its name."""
    found: dict[str, Finding] = {}
    tables = [replace(table, query=canonical(table.query)) for table in tables]
    for table in tables:
        others = [other.name for other in tables if other.name != table.name and _bounds(other.query, table.query)]
        if table.suppressing and others:
            found[table.name] = _finding(others)
    return found


def _finding(others: Iterable[str]) -> Finding:
    why = say(
        "The same quantiles of coarser or finer groups stand in {others}: the machine does not work out what they tell "
        "of the suppressed ones here.",
        others=", ".join(sorted(others)),
    )
    return Finding(CHECK, Risk.DIFFERENCING, Outcome.REVIEW, "table", why)


def _bounds(one: Query, other: Query) -> bool:
    if not _same_rows(one, other) or not _measures(one) & _measures(other):
        return False
    return any(mine < theirs or theirs < mine for mine in _groupings(one) for theirs in _groupings(other))


def _same_rows(one: Query, other: Query) -> bool:
    return (one.tables, one.joins, one.where) == (other.tables, other.joins, other.where)


def _groupings(query: Query) -> set[frozenset[Expression]]:
    return {frozenset(query.keys[position].expression for position in grouping) for grouping in query.groupings}


def _measures(query: Query) -> set[tuple[float | None, Expression | None]]:
    return {
        (measure.parameter, measure.argument) for measure in query.measures if measure.aggregate is Aggregate.QUANTILE
    }
