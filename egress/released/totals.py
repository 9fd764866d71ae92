"""Totals that a table does not show: two tables that break the same one down tell of one another."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from egress.query.table import TOTAL, Table, Value
from egress.released.fingerprint import Fingerprint

# Totals of finer cells than these are not looked at; bounds computing time.
MOST_KEYS = 5


def totals(one: Fingerprint) -> Fingerprint:
    """The totals that a table does not show, as one that hides them all: two tables may break the same total down."""
    query = one.query
    above = {
        part
        for grouping in query.groupings
        if len(grouping) <= MOST_KEYS
        for size in range(len(grouping))
        for part in combinations(grouping, size)
    } - set(query.groupings)
    places = {at: one.table.columns.index(key.name) for at, key in enumerate(query.keys)}
    rows: dict[tuple[tuple[int, ...], tuple[Value | None, ...]], None] = {}
    for grouping, row in zip(one.groupings, one.table.rows, strict=True):
        for part in above:
            if set(part) <= set(grouping):
                shown: list[Value | None] = [None] * len(row)
                for at, place in places.items():
                    shown[place] = row[place] if at in part else TOTAL
                rows[part, tuple(shown)] = None
    return replace(
        one,
        query=replace(query, groupings=tuple(sorted(above)) or query.groupings),
        table=Table(one.table.columns, tuple(row for _, row in rows)),
        groupings=tuple(part for part, _ in rows),
        primary=(),
        large=(),
    )
