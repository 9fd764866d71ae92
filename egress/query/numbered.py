"""Extracts whose persons are numbered: queries by number instead of key, and rows one range of persons at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from egress.query.facts import Fact, facts, selected
from egress.query.model import ColumnRef, Query
from egress.query.sql import column_sql, order_sql, quoted
from hub.extracts.manifest import PERSON_NUMBER, Manifest

# Tables beside the extract's: no table of a catalogue can be called so.
CELLS, PLACES = quoted("cells of the query"), quoted("places of the query")


def by_number(query: Query, manifest: Manifest) -> Query:
    """`query` with numbers where keys stood: in joins of persons, and as the person."""
    key = manifest.catalogue.source.person_key
    if manifest.numbered is None or query.person.column != key:
        return query
    tables = {table.alias: table.table for table in (*query.tables, *(join.table for join in query.joins))}

    def number(ref: ColumnRef) -> ColumnRef:
        return ColumnRef(ref.alias, PERSON_NUMBER)

    def held(ref: ColumnRef) -> bool:
        packed = manifest.tables.get(tables.get(ref.alias, ""))
        return ref.column == key and packed is not None and packed.persons is not None

    if not held(query.person):
        return query
    joins = tuple(
        replace(join, on=tuple((number(a), number(b)) if held(a) and held(b) else (a, b) for a, b in join.on))
        for join in query.joins
    )
    return replace(query, joins=joins, person=number(query.person))


def ranges(persons: int, rows: int, most: int) -> Iterator[tuple[int, int]]:
    """Numbers of persons from 0 in ranges (first, last) that have about `most` rows each."""
    step = max(1, persons * most // max(rows, 1))
    for first in range(0, persons, step):
        yield first, min(first + step, persons) - 1


def cells_table_sql(rows: str, query: Query) -> str:
    """The rows of `rows_sql` as a table, with `place` in the sorted order."""
    place = f"row_number() OVER ({order_sql(query)}) - 1 AS place"
    return f"CREATE OR REPLACE TABLE {CELLS} AS SELECT *, {place} FROM ({rows})"  # noqa: S608 -- generated


def places_sql(query: Query) -> str:
    """A table of the combinations of all keys, with a number each; the places of cells where they are all cells."""
    keys = [f"k{position}" for position in range(len(query.keys))]
    full = tuple(range(len(keys)))
    if query.groupings == (full,):
        source = f"SELECT {', '.join((*keys, 'place'))} FROM {CELLS}"  # noqa: S608 -- generated
    elif full in query.groupings:
        shown = " AND ".join(f"g{position} = 0" for position in full)
        source = f"SELECT {', '.join(keys)}, row_number() OVER () - 1 AS place FROM {CELLS} WHERE {shown}"  # noqa: S608 -- generated
    else:
        found = f"SELECT DISTINCT {', '.join(keys)} FROM ({selected(query, '1')}) AS selection"  # noqa: S608 -- generated
        source = f"SELECT {', '.join(keys)}, row_number() OVER () - 1 AS place FROM ({found}) AS found"  # noqa: S608 -- generated
    return f"CREATE OR REPLACE TABLE {PLACES} AS {source}"


def margin_sql(query: Query, grouping: tuple[int, ...]) -> str:
    """Columns place, cell: which cell of one grouping each combination of keys belongs to."""
    count = range(len(query.keys))
    tests = [f"cells.g{position} = {int(position not in grouping)}" for position in count]
    tests += [f"cells.k{position} IS NOT DISTINCT FROM places.k{position}" for position in grouping]
    return f"SELECT places.place, cells.place FROM {PLACES} AS places JOIN {CELLS} AS cells ON {' AND '.join(tests)}"  # noqa: S608 -- generated


def _values(fact: Fact) -> Iterator[str]:
    """A number, or whether there is a value; then whether no condition holds."""
    if fact.numeric:
        yield f"CAST({fact.name} AS DOUBLE) AS {fact.name}"
    else:
        yield f"CAST({fact.name} IS NOT NULL AS UTINYINT) AS {fact.name}"
    if fact.conditional:
        yield f"CAST({fact.name}_n AS UTINYINT) AS {fact.name}_n"


def range_sql(query: Query, first: int, last: int) -> str:
    """Columns place, p, then per fact its value or, where only that matters, whether it has one, and its `_n`.

    The rows of the persons from `first` to `last`.
    """
    keys = range(len(query.keys))
    wanted = ["p", *(column for fact in facts(query).values() for column in _values(fact))]
    number = column_sql(query.person)
    cut = f"{'AND' if query.where else 'WHERE'} {number} BETWEEN {first:d} AND {last:d}"
    source = f"({selected(query, number)} {cut}) AS selection"
    if not query.keys:
        return f"SELECT CAST(0 AS INTEGER) AS place, {', '.join(wanted)} FROM {source}"  # noqa: S608 -- generated
    equal = " AND ".join(f"places.k{position} IS NOT DISTINCT FROM selection.k{position}" for position in keys)
    columns = ", ".join(("CAST(places.place AS INTEGER) AS place", *wanted))
    return f"SELECT {columns} FROM {source} JOIN {PLACES} AS places ON {equal}"  # noqa: S608 -- generated
