"""Extracts whose persons are numbered: queries by number instead of key, and rows one range of persons at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from egress.query.facts import Fact, facts, selected
from egress.query.model import ColumnRef, Query
from egress.query.sql import column_sql, group_sql, margins, order_sql, quoted
from hub.catalogue.model import Catalogue, ColumnType
from hub.extracts.manifest import Manifest
from hub.extracts.person_number import PERSON_NUMBER

# Tables beside the extract's: no table of a catalogue can be called so.
CELLS, PLACES = quoted("cells of the query"), quoted("places of the query")

# So many combinations of whole numbers are counted directly, in a few megabytes; beyond, keys are looked up.
_MOST_PLACES = 1_000_000

# So many that the catalogue allows are counted without asking first which of them are there.
_FEW_PLACES = 20_000

# Columns of SciPy's matrices have 31 bits.
_MOST_PERSONS = 2**31


@dataclass(frozen=True)
class Grid:
    """Keys that are whole numbers as one number, their place: `spans` pairs of (lowest, how many), NULL being one more.

    Without spans, places stand in a table that rows are joined to.
    """

    spans: tuple[tuple[int, int], ...] | None

    @classmethod
    def of(cls, keys: Sequence[Sequence[Any]]) -> Grid:
        """The grid of some combinations of keys, None being NULL or a total."""
        spans = []
        for column in zip(*keys, strict=True):
            values = [value for value in column if value is not None]
            if any(type(value) is not int for value in values):
                return cls(None)
            low = min(values, default=0)
            spans.append((low, max(values, default=low) - low + 1))
        return cls(tuple(spans) if prod(size + 1 for _, size in spans) <= _MOST_PLACES else None)

    @classmethod
    def listed(cls, query: Query, catalogue: Catalogue) -> Grid:
        """The grid of all keys that the catalogue allows, if they are few; an extract holds no others."""
        tables = {table.alias: table.table for table in (*query.tables, *(join.table for join in query.joins))}
        spans = []
        for key in query.keys:
            ref = key.expression
            column = catalogue.tables[tables[ref.alias]].columns.get(ref.column) if isinstance(ref, ColumnRef) else None
            known = None if column is None else column.bounds or column.categories
            if column is None or column.type is not ColumnType.INTEGER or known is None:
                return cls(None)
            low, high = min(known), max(known)
            spans.append((int(low), int(high) - int(low) + 1))  # type: ignore[arg-type]  # whole numbers
        return cls(tuple(spans) if prod(size + 1 for _, size in spans) <= _FEW_PLACES else None)

    def keys(self, place: int) -> tuple[int | None, ...]:
        """The keys of a place. Places are in the sorted order of keys."""
        found: list[int | None] = []
        for low, size in reversed(self.spans or ()):
            place, digit = divmod(place, size + 1)
            found.append(None if digit == size else low + digit)
        return tuple(reversed(found))

    @property
    def places(self) -> int:
        return prod(size + 1 for _, size in self.spans or ())

    def sql(self, table: str) -> str:
        """The place of a row of `table`, which has keys k0 …"""
        place = "0"
        for position, (low, size) in enumerate(self.spans or ()):
            place = f"({place}) * {size + 1:d} + coalesce({table}.k{position} - ({low:d}), {size:d})"
        return place


def by_number(query: Query, manifest: Manifest) -> Query:
    """`query` with numbers where keys stood: in joins of persons, and as the person.

    A query whose rows may be nobody's (a LEFT JOIN brings the persons) stays as it is.
    """
    key = manifest.catalogue.source.person_key
    tables = {table.alias: table.table for table in (*query.tables, *(join.table for join in query.joins))}
    optional = {join.table.alias for join in query.joins if join.kind == "left"}

    def number(ref: ColumnRef) -> ColumnRef:
        return ColumnRef(ref.alias, PERSON_NUMBER)

    def held(ref: ColumnRef) -> bool:
        packed = manifest.tables.get(tables.get(ref.alias, ""))
        return ref.column == key and packed is not None and packed.persons is not None

    if (
        (manifest.numbered or _MOST_PERSONS) >= _MOST_PERSONS
        or not held(query.person)
        or query.person.alias in optional
    ):
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


def cells_sql(query: Query, most: int) -> str:
    """A table of the cells, `most` and one more: g0 …, k0 … and `place` in the sorted order."""
    count = range(len(query.keys))
    columns = [*(f"{margin} AS g{position}" for position, margin in enumerate(margins(query)))]
    columns += [f"k{position}" for position in count]
    found = f"SELECT {', '.join(columns) or '0 AS k'} FROM ({selected(query)}) AS selection {group_sql(query)}"  # noqa: S608 -- generated
    if not query.keys:
        found = "SELECT 0 AS k"
    place = f"row_number() OVER ({order_sql(query)}) - 1 AS place"
    return f"CREATE OR REPLACE TABLE {CELLS} AS SELECT *, {place} FROM ({found} LIMIT {most + 1:d}) AS found"  # noqa: S608 -- generated


def places_sql(query: Query) -> str:
    """A table of the combinations of all keys, with a place each; that of cells where they are all cells."""
    keys = [f"k{position}" for position in range(len(query.keys))]
    full = tuple(range(len(keys)))
    if query.groupings == (full,):
        source = f"SELECT {', '.join((*keys, 'place'))} FROM {CELLS}"  # noqa: S608 -- generated
    elif full in query.groupings:
        shown = " AND ".join(f"g{position} = 0" for position in full)
        source = f"SELECT {', '.join(keys)}, row_number() OVER () - 1 AS place FROM {CELLS} WHERE {shown}"  # noqa: S608 -- generated
    else:
        found = f"SELECT DISTINCT {', '.join(keys)} FROM ({selected(query)}) AS selection"  # noqa: S608 -- generated
        source = f"SELECT {', '.join(keys)}, row_number() OVER () - 1 AS place FROM ({found}) AS found"  # noqa: S608 -- generated
    return f"CREATE OR REPLACE TABLE {PLACES} AS {source}"


def margin_sql(query: Query, grouping: tuple[int, ...], grid: Grid) -> str:
    """Columns place, cell: which cell of one grouping each combination of keys belongs to."""
    count = range(len(query.keys))
    tests = [f"cells.g{position} = {int(position not in grouping)}" for position in count]
    tests += [f"cells.k{position} IS NOT DISTINCT FROM places.k{position}" for position in grouping]
    place = "places.place" if grid.spans is None else grid.sql("places")
    return (
        f"SELECT {place}, cells.place FROM {PLACES} AS places JOIN {CELLS} AS cells ON {' AND '.join(tests) or 'TRUE'}"  # noqa: S608 -- generated
    )


def _values(fact: Fact) -> Iterator[str]:
    """A number, or whether there is a value; then whether no condition holds."""
    if fact.numeric:
        yield f"CAST({fact.name} AS DOUBLE) AS {fact.name}"
    else:
        yield f"CAST({fact.name} IS NOT NULL AS UTINYINT) AS {fact.name}"
    if fact.conditional:
        yield f"CAST({fact.name}_n AS UTINYINT) AS {fact.name}_n"


def range_sql(query: Query, first: int, last: int, grid: Grid) -> str:
    """Columns place, p, then per fact its value or, where only that matters, whether it has one, and its `_n`.

    The rows of the persons from `first` to `last`.
    """
    columns = [
        f"CAST(p - {first:d} AS INTEGER) AS p",
        *(column for fact in facts(query).values() for column in _values(fact)),
    ]
    number = column_sql(query.person)
    cut = f"{'AND' if query.where else 'WHERE'} {number} BETWEEN {first:d} AND {last:d}"
    source = f"({selected(query, number, sure=True)} {cut}) AS selection"
    if grid.spans is not None:
        return f"SELECT CAST({grid.sql('selection')} AS INTEGER) AS place, {', '.join(columns)} FROM {source}"  # noqa: S608 -- generated
    keys = range(len(query.keys))
    equal = " AND ".join(f"places.k{position} IS NOT DISTINCT FROM selection.k{position}" for position in keys)
    place = "CAST(places.place AS INTEGER) AS place"
    return f"SELECT {place}, {', '.join(columns)} FROM {source} JOIN {PLACES} AS places ON {equal}"  # noqa: S608 -- generated
