"""Marginals of a SyntheticSpec with noise, and rows drawn from them. Only the worker process runs this.

"fixed": DuckDB counts every marginal exactly, in one statement, as whole numbers; one discrete Gaussian of OpenDP draws
on all of them as one vector, and its privacy map of `SyntheticSpec.sensitivity` is what is charged.
"aim", "mst": `egress.privacy.synthetic_adaptive`. What follows the marginals (`egress.privacy.synthetic_fit`) is handed
noisy numbers only.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from egress.privacy import measure
from egress.privacy.confine import Limits
from egress.privacy.synthetic import NEEDS, Algorithm, Cut, Domain, SyntheticSpec, from_json
from egress.privacy.vectors import _connect as connected  # one way of opening files for all acts
from egress.privacy.vectors_sql import quoted


@dataclass(frozen=True)
class Measured:
    """One marginal: the positions of its columns, its counts with noise in row-major order, and the noise's scale."""

    columns: tuple[int, ...]
    noisy: tuple[int, ...]
    scale: float


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """The worker's act "synthetic". Raises: ValueError."""
    if any(find_spec(name) is None for name in NEEDS):
        raise ValueError("synthetic")
    spec, nano_rho, limits = from_json(request["spec"]), int(request["nano_rho"]), Limits.of(request["limits"])
    if spec.numbers > limits.max_numbers:
        raise ValueError("numbers")
    if nano_rho < 1:
        raise ValueError("rho")
    file = Path(request["files"][spec.table])
    if spec.algorithm is Algorithm.FIXED:
        marginals, charged = fixed(spec, nano_rho, file, limits)
    else:
        from egress.privacy.synthetic_adaptive import adaptive  # noqa: PLC0415 -- an extra, and seconds to load

        marginals, charged = adaptive(spec, nano_rho, file, limits)
    if charged > nano_rho:
        raise ValueError("charge")
    from egress.privacy.synthetic_fit import rows  # noqa: PLC0415 -- an extra, and seconds to load

    steps = rows(spec, marginals)
    confidence = float(request["confidence"])
    return {
        "nano_rho": nano_rho,
        "charged": charged,
        "epsilon": measure.epsilon(nano_rho / measure.NANO, float(request["delta"])),
        "marginals": [[list(one.columns), one.scale, measure.half_width(one.scale, confidence)] for one in marginals],
        "rows": base64.b64encode(zlib.compress(steps.astype("<i8").tobytes(), 9)).decode(),
    }


def fixed(spec: SyntheticSpec, nano_rho: int, file: Path, limits: Limits) -> tuple[list[Measured], int]:
    """The marginals that public facts chose, and what OpenDP charges for them, in nano-rho. Raises: ValueError."""
    scale = measure.scale_for(nano_rho, spec.sensitivity, spec.numbers)
    if scale > 2.0**55:  # noise could leave 64 bits
        raise ValueError("rho")
    charged = measure.charge(scale, spec.sensitivity, spec.numbers)
    exact = counts(spec, file, f"{limits.memory_mb // 2}MB", limits.threads)
    noisy = iter(measure.noisy(exact, scale))
    marginals = [
        Measured(marginal, tuple(next(noisy) for _ in range(spec.cells(marginal))), scale)
        for marginal in spec.marginals
    ]
    return marginals, charged


def counts(spec: SyntheticSpec, file: Path, memory: str = "2GB", threads: int = 2) -> list[int]:
    """The exact counts of all marginals, one after the other, each in row-major order; cells without rows are 0.

    Raises: duckdb.Error, whose text may hold data and must not be shown.
    """
    values: list[Any] = []
    names = [f"c{at}" for at in range(len(spec.columns))]
    sets = ", ".join(f"({', '.join(names[at] for at in marginal)})" for marginal in spec.marginals)
    sql = f"SELECT {', '.join(names)}, count(*) FROM ({places(spec, file, values)}) GROUP BY GROUPING SETS ({sets})"  # noqa: S608 -- quoted names and parameters only
    connection = connected((str(file),), memory, threads)
    try:
        found = connection.execute(sql, values).fetchall()
    finally:
        connection.close()
    # places are never NULL: what is NULL was not grouped by
    told = {tuple((at, place) for at, place in enumerate(row[:-1]) if place is not None): row[-1] for row in found}
    return [
        told.get(tuple(zip(marginal, cell, strict=True)), 0)
        for marginal in spec.marginals
        for cell in _grid(spec, marginal)
    ]


def _grid(spec: SyntheticSpec, marginal: tuple[int, ...]) -> list[tuple[int, ...]]:
    cells: list[tuple[int, ...]] = [()]
    for at in marginal:
        cells = [(*cell, place) for cell in cells for place in range(spec.columns[at].size)]
    return cells


def places(spec: SyntheticSpec, file: Path, values: list[Any]) -> str:
    """A SELECT of each row's places, c0, c1, …; `values` gets its parameters. It looks at one row at a time."""
    listed = ", ".join(f"{_place(one, values)} AS c{at}" for at, one in enumerate(spec.columns))
    values.append(str(file))
    return f"SELECT {listed} FROM read_parquet(${len(values)})"  # noqa: S608 -- quoted names and parameters only


def _place(one: Domain, values: list[Any]) -> str:
    """The place of a row in a column's domain, as SQL: never NULL, the last place for what is in no other."""
    name, last = quoted(one.column), one.size - 1
    if isinstance(one, Cut):
        number = name if one.dates else f"CAST({name} AS DOUBLE)"
        there = f"{number} IS NULL" if one.dates else f"{number} IS NULL OR isnan({number})"
        tests = [(f"{number} < {_given(_limit(one, edge), values)}", at) for at, edge in enumerate(one.edges[1:-1])]
        whens = " ".join(f"WHEN {test} THEN {at}" for test, at in tests)
        return f"CASE WHEN {there} THEN {last} {whens} ELSE {last - 1} END"
    whens = " ".join(f"WHEN {name} = {_given(value, values)} THEN {at}" for at, value in enumerate(one.values))
    return f"CASE {whens} ELSE {last} END"


def _limit(one: Cut, edge: int) -> date | float:
    return date.fromordinal(edge) if one.dates else float(Decimal(edge).scaleb(one.exponent))


def _given(value: Any, values: list[Any]) -> str:
    values.append(value)
    return f"${len(values)}::DATE" if isinstance(value, date) else f"${len(values)}"
