"""Marginals that OpenDP's AIM and MST choose by looking at the data. Only the worker process runs this.

OpenDP is handed places and nothing else: whole numbers from 0 on, one column per column of the spec, all of them listed
as public keys. So its plans hold no cast, cut, text, NULL or NaN, of which most of its reported errors are made.

**Two reports about OpenDP 0.16 are open** (github.com/opendp/opendp/issues), read in its source and tried in
tests/egress/privacy/test_synthetic_adaptive.py:
- 2951: scores are told to move by the L2 distance of the marginals, and move by the L1 distance. The two are the same
  where only the number of a person's rows is bounded, k: then OpenDP's bound of both is k. It is bounded in no other
  way here.
- 2789: "insufficient budget" by a rounding error. It ends a draw and lets none through that costs more.
What stays is that choosing is proved by OpenDP's authors only, in code that they have not declared vetted; "fixed"
rests on one measurement and a proof of a few lines. So rules must name these algorithms before they run.
"""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
from opendp.context import Context, loss_of, unit_of
from opendp.extras.mbi import AIM, MST
from opendp.extras.mbi import Algorithm as OpenDpAlgorithm

from egress.privacy import measure
from egress.privacy.confine import Limits
from egress.privacy.synthetic import Algorithm, SyntheticSpec
from egress.privacy.synthetic_draw import Measured, places
from egress.privacy.vectors import _connect as connected  # one way of opening files for all acts

# Of the joint tables that AIM may choose, in MiB at 8 bytes a cell: as large as "fixed" may choose.
_MODEL_MIB = 1.5
# What rounding leaves of its rho, AIM may spend on a last marginal of nothing but noise: that one tells nothing.
_DROWNED = 1e6


def adaptive(spec: SyntheticSpec, nano_rho: int, file: Path, limits: Limits) -> tuple[list[Measured], int]:
    """The marginals that were chosen and measured, and what OpenDP's map charges, in nano-rho."""
    names = [f"c{at}" for at in range(len(spec.columns))]
    context = Context.compositor(
        data=_rows(spec, file, limits),
        privacy_unit=unit_of(contributions=spec.rows_per_person),
        privacy_loss=loss_of(rho=_below(nano_rho)),
        split_evenly_over=1,
    )
    keys = {name: list(range(one.size)) for name, one in zip(names, spec.columns, strict=True)}
    query = context.query().contingency_table(keys=keys, algorithm=_algorithm(spec))
    charged = math.ceil(Fraction(query.resolve().map(spec.rows_per_person)) * measure.NANO)
    if charged > nano_rho:
        raise ValueError("charge")
    found = [one for one in query.release().marginals.flatten() if one.stddev < _DROWNED]
    return [_measured(spec, names, one) for one in found], charged


def _below(nano_rho: int) -> float:
    """rho as a double that is not above it."""
    rho = nano_rho / measure.NANO
    return rho if Fraction(rho) * measure.NANO <= nano_rho else math.nextafter(rho, 0)


def _algorithm(spec: SyntheticSpec) -> OpenDpAlgorithm:
    """Pairs of columns only. AIM gets one turn per column: each fits a model, which takes seconds."""
    if spec.algorithm is Algorithm.MST:
        return MST()
    return AIM(queries=2, rounds=len(spec.columns), max_size=_MODEL_MIB)


def _rows(spec: SyntheticSpec, file: Path, limits: Limits) -> Any:
    values: list[Any] = []
    sql = places(spec, file, values)
    connection = connected((str(file),), f"{limits.memory_mb // 4}MB", limits.threads)
    try:
        table = connection.sql(sql, params=values).to_arrow_table()
    finally:
        connection.close()
    return pl.DataFrame(table).cast(pl.Int64).lazy()


def _measured(spec: SyntheticSpec, names: list[str], one: Any) -> Measured:
    """Without the keys' own place for "unknown", which OpenDP adds to each column and in which no row is."""
    columns = tuple(names.index(name) for name in one.clique)
    sizes = [spec.columns[at].size for at in columns]
    counts = [
        int(value)
        for value in one.noisy_measurement.reshape([size + 1 for size in sizes])[
            tuple(slice(size) for size in sizes)
        ].ravel()
    ]
    return Measured(columns, tuple(counts), float(one.stddev))
