"""The edge to DuckDB: an in-memory database that sees one extract's Parquet files and nothing else."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from egress.query.difference_sql import Difference, Side, cells_sql, difference_sql, shared_tables
from egress.query.evidence import CellEvidence, Evidence
from egress.query.evidence_sql import persons_sql, quantile_sql, rows_sql
from egress.query.gathered import cell_of, supported, value_of
from egress.query.model import Aggregate, Query
from egress.query.sql import quoted, table_sql
from egress.query.table import TOTAL, Table, Value
from hub.extracts.manifest import Manifest
from hub.words import Message, say

Row = tuple[Any, ...]

# A label shorter than this is looked at by nobody as a person's pseudonym.
MIN_KEY = 8


class EngineError(Exception):
    """The extract cannot be computed on. `message` never holds DuckDB's text, which may quote data."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


class Engine:
    """Runs what is generated from a Query. Use it as a context manager; one caller at a time.

    `memory` is DuckDB's own limit; `spill` a private folder for what does not fit, None for none.
    Raises: EngineError when a file or column of the manifest is not there.
    """

    def __init__(
        self, extract_dir: Path, manifest: Manifest, *, memory: str = "4GB", threads: int = 2, spill: Path | None = None
    ) -> None:
        self.manifest = manifest
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
        missing = sorted(set(table.columns) - held)
        if missing:
            raise EngineError(say("Table {table} of the extract lacks column {column}.", table=name, column=missing[0]))
        columns = ", ".join(quoted(column) for column in sorted({*table.columns, *(key for key in keys if key)}))
        literal = str(path).replace("'", "''")
        self._connection.execute(f"CREATE VIEW {quoted(name)} AS SELECT {columns} FROM read_parquet('{literal}')")  # noqa: S608 -- names of the manifest, quoted

    def _run(self, sql: str, values: list[object] | None = None) -> list[Row]:
        try:
            return self._connection.execute(sql, values or []).fetchall()
        except duckdb.OutOfMemoryException:
            raise EngineError(say("The table needs more memory than it may use.")) from None
        except (duckdb.OutOfRangeException, duckdb.ConversionException):
            raise EngineError(say("A number of this query leaves the range that can be computed.")) from None
        except duckdb.Error:
            raise EngineError(say("This query cannot be computed on the extract.")) from None

    def table(self, query: Query) -> Table:
        """The exact table, sorted by key. Raises: EngineError."""
        count = len(query.keys)
        names = [key.name for key in query.keys] + [measure.name for measure in query.measures]
        places = [names.index(column) for column in query.columns]
        rows = []
        for row in self._run(table_sql(query)):
            keys = [TOTAL if total else value_of(key) for total, key in zip(row[:count], row[count:], strict=False)]
            values = [*keys, *(value_of(value) for value in row[2 * count :])]
            rows.append(tuple(values[place] for place in places))
        return Table(query.columns, tuple(rows))

    def evidence(self, query: Query) -> Evidence:
        """What is known of each cell, in the order of `table`'s rows. Raises: EngineError."""
        by_row, by_person = self._run(rows_sql(query)), self._run(persons_sql(query))
        if len(by_row) != len(by_person) and by_person:
            raise EngineError(say("This query cannot be computed on the extract."))
        cells = [cell_of(query, row, by_person[at] if by_person else None) for at, row in enumerate(by_row)]
        for position, measure in enumerate(query.measures):
            if measure.aggregate is Aggregate.QUANTILE:
                cells = self._with_support(query, position, cells)
        return Evidence(tuple(cells))

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
        held = [
            (table, str(row[0]))
            for table in shared_tables(one.query, other.query)
            for row in self._run(f"SELECT column_name FROM (DESCRIBE {quoted(table)}) ORDER BY 1")  # noqa: S608 -- generated
        ]
        count = len(one.keys)
        return tuple(
            Difference(tuple(value_of(key) for key in row[:count]), *(int(number) for number in row[count:]))
            for row in self._run(difference_sql(one, other, tuple(held)))
        )

    def cells(self, side: Side) -> tuple[tuple[Value | None, ...], ...]:
        """The keys of the cells of one selection, in no order. Raises: EngineError."""
        return tuple(tuple(value_of(key) for key in row[: len(side.keys)]) for row in self._run(cells_sql(side)))

    def _with_support(self, query: Query, position: int, cells: list[CellEvidence]) -> list[CellEvidence]:
        support = {grouping: iter(self._run(quantile_sql(query, position, grouping))) for grouping in query.groupings}
        return [supported(cell, position, next(support[cell.grouping], (0, 0, 0))) for cell in cells]
