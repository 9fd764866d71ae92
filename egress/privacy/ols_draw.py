"""The exact cross products of an OlsSpec, by DuckDB, and one noisy draw of them. Only the worker process runs this."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from egress.privacy import measure
from egress.privacy.confine import Limits
from egress.privacy.ols import UNIT, Number, OlsSpec, Predictor, from_json
from egress.privacy.vectors import _connect as connected  # one way of opening files for all acts
from egress.privacy.vectors import _types as described
from egress.privacy.vectors_sql import Statement, quoted

_LIMIT = 2**62


def cross_products(spec: OlsSpec, file: Path, memory: str = "2GB", threads: int = 2) -> list[int]:
    """One integer per pair of `spec.products`. Raises: duckdb.Error, whose text may hold data and must not be shown."""
    path, table = str(file), spec.base.tables[0]
    connection = connected((path,), memory, threads)
    try:
        statement = Statement(spec.base, described(connection, {table: path}), small=False)
        where = "TRUE" if spec.base.where is None else statement.predicate(spec.base.where)
        values: list[Any] = list(statement.values)
        places = [f"{UNIT}::BIGINT"]
        for one in (*spec.predictors, spec.outcome):
            places += _places(one, values)
        made = ", ".join(f"{sql} AS z{at}" for at, sql in enumerate(places))
        there = " AND ".join(f"z{at} IS NOT NULL" for at in range(len(places)))
        sums = ", ".join(f"sum(z{i} * z{j})" for i, j in spec.products)
        values.append(path)
        rows = f"SELECT {made} FROM read_parquet(${len(values)}) AS {quoted(table)} WHERE {where}"  # noqa: S608 -- quoted names and parameters only
        found = connection.execute(f"SELECT {sums} FROM ({rows}) WHERE {there}", values).fetchall()[0]  # noqa: S608 -- same
    finally:
        connection.close()
    return [max(-_LIMIT, min(_LIMIT, int(value or 0))) for value in found]


def _places(one: Predictor, values: list[Any]) -> list[str]:
    """The places of z that a column fills, as SQL; NULL in a row that has no value of it."""
    name = quoted(one.column)
    if isinstance(one, Number):
        number = f"CAST({name} AS DOUBLE)"
        values += [one.middle, one.half / UNIT]
        scaled = f"round(({number} - ${len(values) - 1}::DOUBLE) / ${len(values)}::DOUBLE)"
        bounded = f"CAST(greatest({-UNIT}, least({UNIT}, {scaled})) AS BIGINT)"
        return [f"CASE WHEN NOT isnan({number}) THEN {bounded} END"]
    first = len(values) + 1
    values += one.values
    known = f"{name} IN ({', '.join(f'${at}' for at in range(first, len(values) + 1))})"
    dummies = range(first + 1, len(values) + 1)
    return [f"CASE WHEN {known} THEN CASE WHEN {name} = ${at} THEN {UNIT}::BIGINT ELSE 0 END END" for at in dummies]


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """The worker's act "ols": one discrete Gaussian over all products, charged by OpenDP's map. Raises: ValueError."""
    spec, nano_rho, limits = from_json(request["spec"]), int(request["nano_rho"]), Limits.of(request["limits"])
    size = len(spec.products)
    if size > limits.max_numbers:
        raise ValueError("numbers")
    if nano_rho < 1:
        raise ValueError("rho")
    scale = measure.scale_for(nano_rho, float(spec.sensitivity), size)
    if scale > 2.0**55:  # noise beside a sum of 2^62 could leave 64 bits
        raise ValueError("rho")
    charged = measure.charge(scale, float(spec.sensitivity), size)
    if charged > nano_rho:
        raise ValueError("charge")
    file = Path(request["files"][spec.base.tables[0]])
    exact = cross_products(spec, file, f"{limits.memory_mb // 2}MB", limits.threads)
    return {
        "nano_rho": nano_rho,
        "charged": charged,
        "scale": scale,
        "epsilon": measure.epsilon(nano_rho / measure.NANO, float(request["delta"])),
        "noisy": measure.noisy(exact, scale),
    }
