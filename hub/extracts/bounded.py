"""Bounded copies: what DP releases read. Of each person at most a number of rows, in no order, without the key.

**Why one person moves a copy by their own rows only.** Take two sources that differ by one person with all their
rows. Which rows of a person stay is decided by a hash of the person's own key, the row's own values and a fixed text:
nothing of it depends on other persons, on how many there are, or on a digest of the data. So all other persons keep
the same rows, and the copies differ by at most `limit` rows, all of that person. Rows that tie are equal in every
column. Two things do depend on others, and neither is told by a DP release: persons' numbers, which are ranks and are
compared for equality alone, and the order of rows, which sums do not see.

A row is chosen before any filter of a query, so a filtered part may lose more than it had to. The manifest says what
was lost.
"""

# ruff: noqa: S608 -- identifiers are quoted by `casts.quote`, limits are whole numbers of a validated permit

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from hub.catalogue.model import Table
from hub.extracts.casts import quote
from hub.extracts.contradiction import PackInputError
from hub.extracts.engine import scan
from hub.extracts.manifest import BoundedTable
from hub.extracts.numbers import NUMBER, of_persons
from hub.extracts.verify import Verified
from hub.words import say

# Part of the hash, the same for every extract: it must not depend on data.
_SALT = "bulle bounded copy 1"


@dataclass(frozen=True)
class Bound:
    """What a copy is made of: the table as verified, its catalogue's columns, the most rows of one person."""

    name: str
    table: Verified
    columns: tuple[str, ...]
    key: str
    limit: int

    @property
    def file(self) -> str:
        """No table is called so: names hold no dots."""
        return f"{self.name}.dp.parquet"


def limits(tables: Mapping[str, Table], asked: Mapping[str, int]) -> dict[str, int]:
    """The most rows of one person in each table's copy: the permit's number, within the catalogue's; else that.

    A table with neither has no copy.
    """
    found = {}
    for name, table in tables.items():
        known = [most for most in (asked.get(name), table.rows_per_person) if most is not None]
        if known:
            found[name] = min(known)
    return found


def write_bounded(
    connection: duckdb.DuckDBPyConnection, bound: Bound, folder: Path, digest: Callable[[Path], str]
) -> BoundedTable:
    """Write the copy into `folder`, read it again, and say what it holds. Persons have their numbers already.

    Raises: PackInputError when what was written is not what was meant.
    """
    path = folder / bound.file
    over = (
        f"SELECT {quote(bound.key)} AS person, count(*) AS rows FROM ({bound.table.select}) "
        f"GROUP BY 1 HAVING count(*) > {bound.limit:d}"
    )
    cut, lost = connection.execute(
        f"SELECT count(*), coalesce(sum(rows - {bound.limit:d}), 0) FROM ({over})"
    ).fetchall()[0]
    target = str(path).replace("'", "''")
    connection.execute(f"COPY ({_rows(bound, over if cut else None)}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    _check(
        connection, bound, scan(path, folder.parent / f".{bound.name}.bounded.parquet"), bound.table.rows - int(lost)
    )
    return BoundedTable(
        file=bound.file,
        sha256=digest(path),
        rows=bound.table.rows - int(lost),
        rows_per_person=bound.limit,
        lost_rows=int(lost),
        cut_persons=int(cut),
    )


def _rows(bound: Bound, over: str | None) -> str:
    """SQL of the copy. `over`: SQL of the persons with too many rows; only theirs are sorted."""
    every = ", ".join(f"t.{quote(column)}" for column in bound.table.columns)
    own = f"hash('{_SALT}', {every}), {every}"
    select = f"({bound.table.select}) AS t"
    if over is not None:
        key = f"t.{quote(bound.key)}"
        select = f"""(
            SELECT * FROM {select} WHERE {key} NOT IN (SELECT person FROM ({over}))
            UNION ALL
            SELECT * FROM {select} WHERE {key} IN (SELECT person FROM ({over}))
            QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {own}) <= {bound.limit:d}) AS t"""
    kept = ", ".join([*(f"t.{quote(column)}" for column in bound.columns), f"persons.{NUMBER}"])
    return f"SELECT {kept} FROM {select} {of_persons(bound.key)} ORDER BY {own}"


def _check(connection: duckdb.DuckDBPyConnection, bound: Bound, file: str, rows: int) -> None:
    most, found = connection.execute(
        f"SELECT coalesce(max(n), 0), coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM {file} GROUP BY {NUMBER})"
    ).fetchall()[0]
    if most > bound.limit or found != rows:
        raise PackInputError(
            say("The bounded copy of table {table} is not what was meant; pack again.", table=bound.name)
        )
