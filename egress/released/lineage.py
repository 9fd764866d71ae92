"""An earlier query on today's extract: whether it can be run there so that it reads the rows that it read then.

Assumed, and said so to whom it matters: the source's own rows, and who opted out, did not change between the two
extracts. Persons are compared by the pseudonyms of one extract only, so another project's query is run here, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from egress.query.model import Call, ColumnRef, Expression, Literal, Query, columns_in
from egress.released.fingerprint import Fingerprint, Granted, Lineage
from hub.catalogue.model import Catalogue, ColumnType


def on_extract(earlier: Fingerprint, lineage: Lineage, catalogue: Catalogue, persons: frozenset[str]) -> Query | None:
    """The query of `earlier` as it is to be run on the extract of `lineage`, narrowed to the years granted then.

    None when that extract lacks a column or rows of it. `persons`: the tables that hold the person key.
    """
    if earlier.lineage.source != lineage.source:
        return None
    query = earlier.query
    if earlier.lineage.extract == lineage.extract:
        return query
    if not all(_held(alias_table, column, catalogue, persons) for alias_table, column in _columns(query)):
        return None
    then = {part.table: part for part in earlier.lineage.population}
    now = {part.table: part for part in lineage.population}
    narrowed: list[Expression] = []
    left = {join.table.alias for join in query.joins if join.kind == "left"}
    for table in query.tables:
        before, after = then.get(table.table), now.get(table.table)
        if before is None or after is None or not _covers(after, before):
            return None
        if (before.column, before.first, before.last) == (after.column, after.first, after.last):
            continue
        condition = _in_years(before, table.alias, catalogue)
        if condition is None or table.alias in left:
            return None  # a condition on it would take rows of the other tables along
        narrowed.append(condition)
    return replace(query, where=(*query.where, *narrowed)) if narrowed else query


def _columns(query: Query) -> Iterator[tuple[str, str]]:
    """(table, column) of everything the query reads."""
    tables = {table.alias: table.table for table in query.tables}
    expressions = [*query.where, *(key.expression for key in query.keys)]
    expressions += [part for each in query.measures for part in (each.argument, each.denominator) if part is not None]
    expressions += [ref for join in query.joins for pair in join.on for ref in pair]
    for expression in (*expressions, query.person):
        for ref in columns_in(expression):
            yield tables[ref.alias], ref.column
    for name in tables.values():
        yield name, ""


def _held(table: str, column: str, catalogue: Catalogue, persons: frozenset[str]) -> bool:
    described = catalogue.tables.get(table)
    if described is None:
        return False
    if column == catalogue.source.person_key:
        return table in persons
    return column in {"", described.row_key} or column in described.columns


def _covers(now: Granted, then: Granted) -> bool:
    """Whether the rows granted now hold those granted then."""
    if now.column is None:
        return True
    if now.column != then.column or None in {now.first, now.last, then.first, then.last}:
        return False
    return now.first <= then.first and then.last <= now.last  # type: ignore[operator]  # none is None


def _in_years(granted: Granted, alias: str, catalogue: Catalogue) -> Expression | None:
    """The condition by which the extract of then was cut; None when its column is not here."""
    column = catalogue.tables[granted.table].columns.get(granted.column or "")
    if column is None or granted.column is None or granted.first is None or granted.last is None:
        return None
    year: Expression = ColumnRef(alias, granted.column)
    if column.type is ColumnType.DATE:
        year = Call("year", (year,))
    return Call(
        "between",
        (year, Literal(granted.first, published=True), Literal(granted.last, published=True)),
    )
