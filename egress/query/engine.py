"""The edge to DuckDB: an in-memory database that sees one extract's Parquet files and nothing else."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from egress.query.difference_sql import (
    Difference,
    Side,
    cells_sql,
    difference_sql,
    filters_sql,
    one_source,
    shared_tables,
)
from egress.query.evidence import Evidence
from egress.query.facts import selected
from egress.query.failed import EngineError, sentences, too_large
from egress.query.gather import Gatherer
from egress.query.gathered import value_of
from egress.query.model import Query
from egress.query.numbered import by_number
from egress.query.sizes import approximate_rows_sql, limited, most_rows
from egress.query.sql import quoted, table_sql
from egress.query.table import TOTAL, Table, Value
from hub.extracts.manifest import Manifest
from hub.extracts.person_number import PERSON_NUMBER
from hub.words import say

__all__ = ["Engine", "EngineError"]

Row = tuple[Any, ...]

# A label shorter than this is looked at by nobody as a person's pseudonym.
MIN_KEY = 8

# Values of one table, rows times measures. What more costs in memory is no statistic any more; rules send tables to
# people long before (`audit.cells`).
MAX_CELLS = 1_000_000

# approx_count_distinct is a few percent off; what it finds below this many times the limit is counted exactly.
_SURELY = 1.25


class Engine:
    """Runs what is generated from a Query. Use it as a context manager; one caller at a time.

    `memory` is DuckDB's own limit; `spill` a private folder for what does not fit, None for none; `cells` the most
    values (rows times measures) that a table may have.
    Raises: EngineError when a file or column of the manifest is not there.
    """

    def __init__(  # noqa: PLR0913 -- limits, each with its default
        self,
        extract_dir: Path,
        manifest: Manifest,
        *,
        memory: str = "4GB",
        threads: int = 2,
        spill: Path | None = None,
        cells: int = MAX_CELLS,
    ) -> None:
        self.manifest = manifest
        self._threads, self._cells = threads, cells
        self._fits: Query | None = None
        self._connection = duckdb.connect(":memory:")
        try:
            self._open(extract_dir.resolve(), memory, threads, spill)
        except duckdb.Error:
            self.close()
            raise EngineError(say("The extract's files cannot be read.")) from None
        except EngineError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    @property
    def persons(self) -> frozenset[str]:
        """The tables that hold the person key."""
        return frozenset(name for name, table in self.manifest.tables.items() if table.persons is not None)

    def _open(self, folder: Path, memory: str, threads: int, spill: Path | None) -> None:
        paths = []
        for name, packed in self.manifest.tables.items():
            path = folder / packed.file
            if path.parent != folder or not path.is_file():
                raise EngineError(say("The extract lacks the file of table {table}.", table=name))
            paths.append(str(path))
            self._view(name, path)
        allowed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        for setting in (
            f"SET allowed_paths = [{allowed}]",
            "SET autoinstall_known_extensions = false",
            "SET autoload_known_extensions = false",
            "SET error_on_division_by_zero = false",
            f"SET memory_limit = '{memory}'",
            f"SET threads = {int(threads)}",
            f"SET temp_directory = '{str(spill).replace(chr(39), chr(39) * 2) if spill else ''}'",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            self._connection.execute(setting)

    def _view(self, name: str, path: Path) -> None:
        """A view of the columns that the catalogue names; the keys that a file holds come along for joins."""
        held = {
            str(row[0])
            for row in self._connection.execute(
                "SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet(?))", [str(path)]
            ).fetchall()
        }
        table = self.manifest.catalogue.tables.get(name)
        if table is None:
            raise EngineError(say("The extract's catalogue does not describe table {table}.", table=name))
        keys = {self.manifest.catalogue.source.person_key, table.row_key} & held
        numbered = self.manifest.numbered is not None and name in self.persons
        keys |= {PERSON_NUMBER} if numbered else set()
        missing = sorted({*table.columns, *([PERSON_NUMBER] if numbered else [])} - held)
        if missing:
            raise EngineError(say("Table {table} of the extract lacks column {column}.", table=name, column=missing[0]))
        columns = ", ".join(quoted(column) for column in sorted({*table.columns, *(key for key in keys if key)}))
        literal = str(path).replace("'", "''")
        self._connection.execute(f"CREATE VIEW {quoted(name)} AS SELECT {columns} FROM read_parquet('{literal}')")  # noqa: S608 -- names of the manifest, quoted

    def _run(self, sql: str, values: list[object] | None = None) -> list[Row]:
        with sentences():
            return self._connection.execute(sql, values or []).fetchall()

    def _rows(self, query: Query) -> int:
        """How many rows its table may have. Raises: EngineError when it surely has more."""
        most = self._cells // max(1, len(query.measures))
        if self._fits is query:
            return most
        bound = most_rows(query, self.manifest.catalogue)
        tables = {table.table for table in (*query.tables, *(join.table for join in query.joins))}
        if (bound is None or bound > most) and max(self.manifest.tables[name].rows for name in tables) > most:
            found = self._run(approximate_rows_sql(query, selected(query)))[0][0]
            if found > _SURELY * most:
                raise too_large(most)
        self._fits = query
        return most

    def table(self, query: Query) -> Table:
        """The exact table, sorted by key. Raises: EngineError."""
        most = self._rows(query)
        count = len(query.keys)
        names = [key.name for key in query.keys] + [measure.name for measure in query.measures]
        places = [names.index(column) for column in query.columns]
        rows = []
        found = self._run(limited(table_sql(by_number(query, self.manifest)), most))
        if len(found) > most:
            raise too_large(most)
        for row in found:
            keys = [TOTAL if total else value_of(key) for total, key in zip(row[:count], row[count:], strict=False)]
            values = [*keys, *(value_of(value) for value in row[2 * count :])]
            rows.append(tuple(values[place] for place in places))
        return Table(query.columns, tuple(rows))

    def evidence(self, query: Query) -> Evidence:
        """What is known of each cell, in the order of `table`'s rows. Raises: EngineError."""
        return Gatherer(self._connection, self.manifest, self._threads, self._rows(query)).evidence(query)

    def person_keys(self, words: frozenset[str]) -> frozenset[str]:
        """Those of `words` that are a person key of the extract. Short ones are not asked: they are in every table."""
        asked = sorted(word for word in words if len(word) >= MIN_KEY)
        key = quoted(self.manifest.catalogue.source.person_key)
        found: set[str] = set()
        for name in sorted(self.persons) if asked else ():
            text = f"CAST({key} AS VARCHAR)"
            sql = f"SELECT DISTINCT {text} FROM {quoted(name)} WHERE list_contains(?, {text})"  # noqa: S608 -- generated
            found.update(str(row[0]) for row in self._run(sql, [asked]))
        return frozenset(found)

    def difference(self, one: Side, other: Side) -> tuple[Difference, ...]:
        """The cells in which two selections differ, in persons; cells that nobody tells apart are left out.

        Raises: EngineError.
        """
        if one_source(one, other):
            sql = filters_sql(one, other)
        else:
            held = [
                (table, str(row[0]))
                for table in shared_tables(one.query, other.query)
                for row in self._run(f"SELECT column_name FROM (DESCRIBE {quoted(table)}) ORDER BY 1")  # noqa: S608 -- generated
            ]
            sql = difference_sql(one, other, tuple(held))
        count = len(one.keys)
        return tuple(
            Difference(tuple(value_of(key) for key in row[:count]), *(int(number) for number in row[count:]))
            for row in self._run(sql)
        )

    def cells(self, side: Side) -> tuple[tuple[Value | None, ...], ...]:
        """The keys of the cells of one selection, in no order. Raises: EngineError."""
        rows = self._run(limited(cells_sql(side), self._cells))
        if len(rows) > self._cells:
            raise too_large(self._cells)
        return tuple(tuple(value_of(key) for key in row[: len(side.keys)]) for row in rows)
