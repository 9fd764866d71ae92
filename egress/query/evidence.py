"""Evidence: what checks may know of each cell, by person and not by row. It never leaves the service."""

from __future__ import annotations

from dataclasses import dataclass

from egress.query.table import Value


@dataclass(frozen=True)
class MeasureEvidence:
    """About the argument of one measure in one cell.

    `rows`, `persons`: with a value; `nonzero`: persons whose total is not 0; `missing`: persons with a row but
    without any value. `total`, `largest`, `second`: sum of, and the two largest, absolute totals of persons; where
    the largest makes at most a quarter of the total, `second` is only bounded, by the largest.
    `zeros`: persons with a 0, when the argument is 0/1. `below`, `at`, `above`: persons with a value below, at,
    above a quantile.
    """

    rows: int = 0
    persons: int = 0
    nonzero: int = 0
    missing: int = 0
    total: float = 0.0
    largest: float = 0.0
    second: float = 0.0
    negatives: bool = False
    constant: bool = False
    zeros: int | None = None
    below: int | None = None
    at: int | None = None
    above: int | None = None


@dataclass(frozen=True)
class CellEvidence:
    """One row of the table. `grouping` holds the positions of the keys that it is broken down by; others are totals."""

    keys: tuple[Value | None, ...]
    grouping: tuple[int, ...]
    rows: int
    persons: int
    measures: tuple[MeasureEvidence | None, ...]


@dataclass(frozen=True)
class Evidence:
    """Cells in the order of the exact table's rows; `measures` of each in the order of the query's measures."""

    cells: tuple[CellEvidence, ...]
