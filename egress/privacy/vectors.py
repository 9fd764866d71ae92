"""The exact integer vectors of a DpSpec, computed by DuckDB from one Parquet file. Only the worker process runs this.

Two things that `egress.privacy.measure` relies on happen here, whatever the file holds: each row falls into one cell
and is clamped, and no person keeps more than `rows_per_person` rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from egress.privacy.filters import Joined, OneOf, Predicate, Scalar, one_of
from egress.privacy.keys import Plain
from egress.privacy.spec import DpSpec, Kind, Statistic

Vector = tuple[int, ...]

_OPERATORS = {"ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
# Sums beyond this are cut to it: cutting moves no two sums further apart, and noise still fits 64 bits beside it.
_LIMIT = 2**62


def vectors(spec: DpSpec, file: Path, salt: str, memory: str = "2GB") -> tuple[Vector, ...]:
    """One vector per statistic, one place per cell of `spec.grid`.

    Raises: duckdb.Error, whose text may hold data and must not be shown.
    """
    statement = _Statement()
    sql = statement.build(spec, str(file), salt)
    connection = _connect(file, memory)
    try:
        rows = connection.execute(sql, statement.values).fetchall()
    finally:
        connection.close()
    width = len(spec.keys)
    found = {tuple(_scalar(value) for value in row[:width]): row[width:] for row in rows}
    nothing = (0,) * len(spec.statistics)
    table = [found.get(cell, nothing) for cell in spec.grid]
    return tuple(tuple(_clamped(row[at]) for row in table) for at in range(len(spec.statistics)))


def _connect(file: Path, memory: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    path = str(file).replace("'", "''")
    for setting in (
        f"SET allowed_paths = ['{path}']",
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        f"SET memory_limit = '{memory}'",
        "SET threads = 2",
        "SET temp_directory = ''",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        connection.execute(setting)
    return connection


def _scalar(value: Any) -> Any:
    return Decimal(str(value)) if isinstance(value, float) else value


def _clamped(value: Any) -> int:
    return max(-_LIMIT, min(_LIMIT, int(value or 0)))


def _quoted(name: str) -> str:
    return '"' + name.rpartition(".")[2].replace('"', '""') + '"'


@dataclass
class _Statement:
    """The one statement. Constants are parameters, names are quoted: no text of a spec becomes SQL."""

    values: list[Any] = field(default_factory=list)

    def build(self, spec: DpSpec, file: str, salt: str) -> str:
        person, most = _quoted(spec.person), self._value(spec.rows_per_person)
        names = [key.expression.column for key in spec.keys if isinstance(key.expression, Plain)]
        columns = {one.column for one in spec.statistics if one.column} - set(names)
        used = ", ".join(_quoted(name) for name in (spec.person, *names, *sorted(columns)))
        keys = ", ".join(_quoted(name) for name in names)
        conditions = [
            f"{person} IS NOT NULL",
            *(self._predicate(one_of(name, key.values)) for name, key in zip(names, spec.keys, strict=True)),
        ]
        if spec.where is not None:
            conditions.append(self._predicate(spec.where))
        measures = ", ".join(self._measure(one, spec) for one in spec.statistics)
        selected = f"{keys}, {measures}" if keys else measures
        grouped = f" GROUP BY {keys}" if keys else ""
        # Which rows of a person stay depends on that person's rows and on the salt alone: rows that tie are equal in
        # every column that is used. So taking a person away changes nothing that is kept of others. Only persons with
        # too many rows are sorted; an extract was packed without any.
        return f"""
            WITH passed AS NOT MATERIALIZED
              (SELECT {used} FROM read_parquet({self._value(file)}) WHERE {" AND ".join(conditions)}),
            too_many AS (SELECT {person} FROM passed GROUP BY {person} HAVING count(*) > {most}),
            kept AS NOT MATERIALIZED
              (SELECT * FROM passed WHERE {person} NOT IN (SELECT {person} FROM too_many)
               UNION ALL
               SELECT * FROM passed WHERE {person} IN (SELECT {person} FROM too_many)
               QUALIFY row_number() OVER (PARTITION BY {person} ORDER BY hash({self._value(salt)}, {used}), {used})
                 <= {most})
            SELECT {selected} FROM kept{grouped}"""  # noqa: S608 -- quoted names and parameters only

    def _value(self, value: Scalar | float) -> str:
        self.values.append(float(value) if isinstance(value, Decimal) else value)
        return f"${len(self.values)}"

    def _predicate(self, predicate: Predicate) -> str:
        if isinstance(predicate, Joined):
            word = " AND " if predicate.word == "all" else " OR "
            return "(" + word.join(self._predicate(part) for part in predicate.parts) + ")"
        column = _quoted(predicate.column)
        if isinstance(predicate, OneOf):
            return f"({column} IN ({', '.join(self._value(value) for value in predicate.values)}))"
        return f"({column} {_OPERATORS[predicate.operator]} {self._value(predicate.value)})"

    def _measure(self, one: Statistic, spec: DpSpec) -> str:
        if one.kind is Kind.ROWS:
            return "count(*)"
        if one.kind is Kind.PERSONS:
            return f"count(DISTINCT {_quoted(spec.person)})"
        column = _quoted(one.column)
        # NaN is no value, as NULL is none; infinity is clamped like any other number
        missing = f"({column} IS NULL OR isnan(CAST({column} AS DOUBLE)))"
        if one.kind is Kind.VALUES:
            return f"count(*) FILTER (WHERE NOT {missing})"
        low, high = f"{self._value(one.low)}::BIGINT", f"{self._value(one.high)}::BIGINT"
        steps = f"least(greatest({column}, {low}), {high})"
        if one.exponent:
            step = Decimal(1).scaleb(one.exponent)
            least, most = self._value(one.low * step), self._value(one.high * step)
            factor = self._value(1 / step)
            steps = f"round(least(greatest({column}, {least}::DOUBLE), {most}::DOUBLE) * {factor}::DOUBLE)"
        inside = f"least(greatest(CAST({steps} AS BIGINT), {low}), {high})"
        # DuckDB's least and greatest pass over NULL: what is missing must not become the lower bound
        return f"coalesce(sum({inside} - {self._value(one.centre)}::BIGINT) FILTER (WHERE NOT {missing}), 0)"
