"""The tables and joins of a DP release, in one order, and what its columns are. Pure; public facts only.

**Why a join keeps the bound.** A row of the result is made of one row of each table (or of none, right of a left
join), all of one person p:
- a table about persons is joined on the person's number, so its row is p's; p has at most its copy's limit of them;
- a table without persons is joined on its row key, which packing found unique and present in every row
  (`hub.extracts.verify`), by columns of one type (`egress.privacy.vectors_sql`): it adds one row or none. It is the
  same table with and without p: it tells nothing of p.
So the rows about p are a function of p's own rows, and there are at most the product of the limits; a left join adds
at most one row where there is none, and limits are at least 1. Equalities besides these only take rows away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from egress.privacy.refused import NoSpecError
from egress.privacy.spec import DpJoin
from egress.query.canonical_joins import Joined, joined_of
from egress.query.model import ColumnRef, Join, Query
from hub.catalogue.model import Column
from hub.extracts.manifest import Manifest
from hub.extracts.person_number import PERSON_NUMBER
from hub.words import say

# More rows of one person leave nothing but noise, and could carry sums out of the whole numbers that a double holds.
MAX_ROWS_PER_PERSON = 4096

_Pair = tuple[ColumnRef, ColumnRef]


@dataclass(frozen=True)
class Sources:
    """What a release reads. `optional` tables stand right of a left join; `equal` are columns equal in every row."""

    manifest: Manifest
    tables: tuple[str, ...]
    joins: tuple[DpJoin, ...]
    rows_per_person: int
    optional: frozenset[str]
    equal: tuple[frozenset[ColumnRef], ...]

    def column(self, ref: ColumnRef) -> tuple[str, Column]:
        """The column's id and entry; of equal columns one stands for all. Raises: NoSpecError."""
        same = next((one for one in self.equal if ref in one), frozenset({ref}))
        for each in sorted(same, key=lambda one: (one.alias, one.column)):
            table = self.manifest.catalogue.tables.get(each.alias)
            if each.alias not in self.tables or table is None:
                continue
            entry = table.columns.get(each.column)
            if entry is not None and each.column not in {self.manifest.catalogue.source.person_key, table.row_key}:
                return f"{each.alias}.{each.column}", entry
        raise NoSpecError("column", say("Column {column} cannot be used in a DP release.", column=ref.column))

    def presence(self, ref: ColumnRef) -> str | None:
        """For a row key: the id of a column that is there exactly in rows where its table is."""
        table = self.manifest.catalogue.tables.get(ref.alias)
        if table is None or ref.alias not in self.tables or ref.column != table.row_key:
            return None
        return _id(ref.alias, PERSON_NUMBER if _about_persons(self.manifest, ref.alias) else ref.column)


def sources(query: Query, manifest: Manifest) -> Sources:
    """The tables of a canonical query. Raises: NoSpecError."""
    names = [table.table for table in query.tables]
    if len(set(names)) < len(names):
        twice = min(name for name in names if names.count(name) > 1)
        raise NoSpecError(
            "join", say("Table {table} stands in this query twice; a DP release reads each table once.", table=twice)
        )
    for name in names:
        if name not in manifest.tables or name not in manifest.catalogue.tables:
            raise NoSpecError("table", say("Table {table} is not in this extract.", table=name))
    joined = joined_of(query, ())
    placed, joins = _inner(joined, manifest)
    left = _left(joined.left, placed, manifest)
    tables = (*placed, *(join.table for join in left))
    limits = [_limit(name, manifest) for name in tables if _about_persons(manifest, name)]
    if prod(limits) > MAX_ROWS_PER_PERSON:
        raise NoSpecError(
            "rows_per_person",
            say("{table}: so many rows per person leave nothing but noise in a DP table.", table=", ".join(tables)),
        )
    optional = frozenset(join.table for join in left)
    return Sources(manifest, tables, (*joins, *left), prod(limits), optional, joined.classes)


def _about_persons(manifest: Manifest, name: str) -> bool:
    return manifest.tables[name].persons is not None


def _limit(name: str, manifest: Manifest) -> int:
    """The most rows of one person in the bounded copy."""
    bounded = manifest.bounded.get(name)
    if bounded is not None:
        return bounded.rows_per_person
    if manifest.catalogue.tables[name].rows_per_person is None:
        raise NoSpecError(
            "rows_per_person",
            say(
                "The catalogue does not say how many rows of {table} one person may have (rows_per_person); "
                "without it no noise is large enough.",
                table=name,
            ),
        )
    raise NoSpecError(
        "bounded",
        say(
            "This extract has no bounded copy of {table}, and DP releases read nothing else: "
            "have the operator build the extract again.",
            table=name,
        ),
    )


def _inner(joined: Joined, manifest: Manifest) -> tuple[list[str], list[DpJoin]]:
    waiting = sorted(table.table for table in joined.inner)
    keyed = [name for name in waiting if _about_persons(manifest, name)]
    if not keyed:
        raise NoSpecError(
            "persons",
            say("Table {table} holds no person key; differential privacy protects persons.", table=waiting[0]),
        )
    placed, joins = [keyed[0]], []
    waiting.remove(keyed[0])
    while waiting:
        choices = ((name, _between(placed, name, joined.classes)) for name in waiting)
        name, on = next(((name, on) for name, on in choices if _declared(name, on, manifest)), (waiting[0], None))
        if on is None:
            raise _undeclared(name, manifest)
        joins.append(_join(name, "inner", on, manifest))
        placed.append(name)
        waiting.remove(name)
    return placed, joins


def _between(placed: list[str], name: str, classes: Iterable[frozenset[ColumnRef]]) -> list[_Pair]:
    """Each column of `name` beside the first of the equal columns of the tables before it."""
    found = []
    for one in classes:
        before = sorted((placed.index(ref.alias), ref.column) for ref in one if ref.alias in placed)
        if before:
            at, column = before[0]
            found += [(ColumnRef(placed[at], column), ref) for ref in one if ref.alias == name]
    return found


def _left(left: Iterable[Join], placed: list[str], manifest: Manifest) -> list[DpJoin]:
    known, joins, waiting = list(placed), [], sorted(left, key=lambda join: join.table.table)
    while waiting:
        join = next((each for each in waiting if all(ref.alias in known for ref, _ in each.on)), waiting[0])
        name, on = join.table.table, list(join.on)
        if not (all(ref.alias in known for ref, _ in on) and _declared(name, on, manifest)):
            raise _undeclared(name, manifest)
        joins.append(_join(name, "left", on, manifest))
        known.append(name)
        waiting.remove(join)
    return joins


def _declared(name: str, on: list[_Pair], manifest: Manifest) -> bool:
    """Whether the pairs tie a row of `name` to the person of the rows before it, or to one row at most."""
    key = manifest.catalogue.source.person_key
    if _about_persons(manifest, name):
        return any(
            left.column == right.column == key and right.alias == name and _about_persons(manifest, left.alias)
            for left, right in on
        )
    row_key = manifest.catalogue.tables[name].row_key
    return row_key is not None and any(right == ColumnRef(name, row_key) for _, right in on)


def _undeclared(name: str, manifest: Manifest) -> NoSpecError:
    key = manifest.catalogue.source.person_key
    return NoSpecError(
        "join",
        say(
            "{table}: a DP release joins tables about persons on {key}, and other tables on their row key; "
            "this join is neither.",
            table=name,
            key=key,
        ),
    )


def _join(name: str, kind: str, on: list[_Pair], manifest: Manifest) -> DpJoin:
    key = manifest.catalogue.source.person_key

    def spelt(ref: ColumnRef) -> str:
        about = _about_persons(manifest, ref.alias)
        if about and ref.column != key and ref.column not in manifest.catalogue.tables[ref.alias].columns:
            raise _undeclared(name, manifest)  # a bounded copy holds the catalogue's columns only
        return _id(ref.alias, PERSON_NUMBER if about and ref.column == key else ref.column)

    return DpJoin(name, kind, tuple(sorted({(spelt(left), spelt(right)) for left, right in on})))


def _id(table: str, column: str) -> str:
    return f"{table}.{column}"
