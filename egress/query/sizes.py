"""How many rows a table can have at most, before anything is read: from what the catalogue says of its keys. Pure."""

from __future__ import annotations

from math import prod

from egress.query.facts import columns_of
from egress.query.model import ColumnRef, Expression, Literal, Query
from hub.catalogue.model import Catalogue, Column, ColumnType


def most_rows(query: Query, catalogue: Catalogue) -> int | None:
    """At most so many rows, margins included; None where a key's values are not bounded by the catalogue."""
    tables = {table.alias: table.table for table in (*query.tables, *(join.table for join in query.joins))}
    sizes = [_size(key.expression, tables, catalogue) for key in query.keys]
    counts = []
    for grouping in query.groupings:
        known = [size for position in grouping if (size := sizes[position]) is not None]
        if len(known) != len(grouping):
            return None
        counts.append(prod(known))
    return sum(counts)


def approximate_rows_sql(query: Query, selection: str) -> str:
    """How many rows the table has, to within some percent, in one pass that keeps nothing."""
    counts = []
    for grouping in query.groupings:
        keys = ", ".join(f"k{position}" for position in grouping)
        counts.append(f"approx_count_distinct(hash({keys}))" if keys else "1")
    return f"SELECT {' + '.join(counts)} FROM ({selection}) AS selection"  # noqa: S608 -- generated


def limited(sql: str, rows: int) -> str:
    """`sql` cut after one row more than `rows`."""
    return f"{sql} LIMIT {rows + 1:d}"


def _size(expression: Expression, tables: dict[str, str], catalogue: Catalogue) -> int | None:
    """Values of an expression, NULL included: no more than its columns have combinations."""
    if isinstance(expression, Literal):
        return 1
    sizes = [_values(ref, tables, catalogue) for ref in columns_of(expression)]
    known = [size for size in sizes if size is not None]
    return prod(known) if len(known) == len(sizes) else None


def _values(ref: ColumnRef, tables: dict[str, str], catalogue: Catalogue) -> int | None:
    column = catalogue.tables[tables[ref.alias]].columns.get(ref.column)
    size = None if column is None else _listed(column)
    return None if size is None else size + 1


def _listed(column: Column) -> int | None:
    if column.categories is not None:
        return len(column.categories)
    if column.type is ColumnType.BOOLEAN:
        return 2
    if column.bounds is not None and column.type in {ColumnType.INTEGER, ColumnType.DATE}:
        low, high = column.bounds
        span = high - low  # type: ignore[operator]  # both are of one type
        return (span if isinstance(span, int) else span.days) + 1  # type: ignore[union-attr]  # whole numbers or days
    return None
