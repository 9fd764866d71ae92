"""The exact integer vectors of a DpSpec, computed by DuckDB from Parquet files. Only the worker process runs this.

Files: of a table about persons the extract's bounded copy, of any other its ordinary file. `egress.privacy.measure`
relies on this, whatever the files hold otherwise:
- no person has more than `rows_per_person` rows after the joins: each copy holds at most its limit, which was checked
  when it was written, and `egress.privacy.read_tables` says why joins keep the product. So nothing is cut here, and a
  release costs about as much as a plain GROUP BY;
- rows fall into one cell and are clamped one by one (`egress.privacy.vectors_sql`);
- a cell without rows is there with 0; sums are exact, and cut to ±2^62 at the very end.

What is not in the public grid is in no cell: unpublished categories, NULL in a key, values of a key out of bounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from egress.privacy.keys import Bins, Cases
from egress.privacy.spec import DpKey, DpSpec, Kind, Statistic
from egress.privacy.vectors_sql import Statement, labels

Vector = tuple[int, ...]

# Sums beyond this are cut to it: cutting moves no two sums further apart, and noise still fits 64 bits beside it.
_LIMIT = 2**62
_WHOLE_DOUBLES = 2**53


def vectors(spec: DpSpec, files: Mapping[str, Path], memory: str = "2GB", threads: int = 2) -> tuple[Vector, ...]:
    """One vector per statistic, one place per cell of `spec.grid`; for QUANTILE one per (cell, candidate), flattened.

    Raises: duckdb.Error, KeyError, whose text may hold data and must not be shown.
    """
    paths = {table: str(files[table]) for table in spec.tables}
    connection = _connect(tuple(paths.values()), memory, threads)
    try:
        types = _types(connection, paths)
        statement = Statement(spec, types, _small(connection, spec, paths))
        sql = statement.build(paths)
        rows = connection.execute(sql, statement.values).fetchall()
    finally:
        connection.close()
    found = {_cell(row, spec.keys): row for row in rows}
    table = [found.get(cell) for cell in spec.grid]
    return tuple(_vector(one, statement, table) for one in spec.statistics)


def _connect(paths: Sequence[str], memory: str, threads: int) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    allowed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    for setting in (
        # It takes a file's smallest and largest value, which NaN does not enter, as a promise that there is none, and
        # answers comparisons and even isnan from them: one person's rows would then decide what another's NaN is.
        "SET disabled_optimizers = 'statistics_propagation'",
        f"SET allowed_paths = [{allowed}]",
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        f"SET memory_limit = '{memory}'",
        f"SET threads = {threads:d}",
        "SET preserve_insertion_order = false",
        "SET temp_directory = ''",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        connection.execute(setting)
    return connection


def _types(connection: duckdb.DuckDBPyConnection, paths: Mapping[str, str]) -> dict[str, str]:
    return {
        f"{table}.{row[0]}": str(row[1])
        for table, path in paths.items()
        for row in connection.execute("DESCRIBE SELECT * FROM read_parquet($1)", [path]).fetchall()
    }


def _small(connection: duckdb.DuckDBPyConnection, spec: DpSpec, paths: Mapping[str, str]) -> bool:
    """Whether sums of steps are whole numbers of a double, in any order: then DuckDB adds doubles, which is faster.

    Joins have at most as many rows as there are persons' rows, times `rows_per_person`. The sums are exact either way.
    """
    sql = "SELECT num_rows FROM parquet_file_metadata($1)"
    counts = [connection.execute(sql, [path]).fetchall()[0][0] for path in paths.values()]
    rows = int(counts[0]) * (spec.rows_per_person if spec.joins else 1)
    most = max((max(abs(one.low), abs(one.high)) for one in spec.statistics if one.kind is Kind.TOTAL), default=0)
    return rows * most < _WHOLE_DOUBLES


def _cell(row: Sequence[Any], keys: Sequence[DpKey]) -> tuple[Any, ...]:
    return tuple(_key_value(value, key) for value, key in zip(row, keys, strict=False))


def _key_value(value: Any, key: DpKey) -> Any:
    if value is None:
        return None
    match key.expression:
        case Bins(_, width, index):
            return value if index else value * width
        case Cases() as cases:
            return labels(cases)[value]
    return value


def _vector(one: Statistic, statement: Statement, table: Sequence[Sequence[Any] | None]) -> Vector:
    places = [statement.measures[sql] for sql in statement.parts(one)]
    cells = [None if row is None else [row[place] for place in places] for row in table]
    if one.kind is Kind.QUANTILE:
        return tuple(count for cell in cells for count in _counts(one, cell[0] if cell else None))
    return tuple(0 if cell is None else _clamped(_number(one, cell)) for cell in cells)


def _number(one: Statistic, parts: Sequence[Any]) -> int:
    """DuckDB's sum of nothing is NULL; a double that holds a whole number is one."""
    total = int(parts[0] or 0)
    return total - one.centre * int(parts[1]) if one.kind is Kind.TOTAL and one.centre else total


def _counts(one: Statistic, found: Mapping[int, int] | None) -> list[int]:
    """Rows per candidate. DuckDB counts what lies above the last boundary under a key above all boundaries."""
    told = found or {}
    between = [left + right for left, right in zip(one.candidates, one.candidates[1:], strict=False)]
    above = sum(count for boundary, count in told.items() if boundary > between[-1])
    return [*(int(told.get(boundary, 0)) for boundary in between), int(above)]


def _clamped(value: int) -> int:
    return max(-_LIMIT, min(_LIMIT, value))
