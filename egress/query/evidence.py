"""Evidence: what checks may know of each cell, by person and not by row. It never leaves the service."""

from __future__ import annotations

from dataclasses import dataclass

from egress.query.table import Value


@dataclass(frozen=True)
class MeasureEvidence:
    """About the argument of one measure in one cell.

    `rows`, `persons`: with a value; `nonzero`: persons whose total is not 0; `missing`: persons with a row but
    without any value. `total`, `largest`, `second`: sum of, and the two largest, absolute totals of persons; where
    the largest makes at most a quarter of the total, `second` is only bounded, by the largest. NaN where a total is no
    finite number: it passes no comparison.
    `zeros`: persons with a 0, when the argument is 0/1. `below`, `at`, `above`: persons with a value below, at,
    above a quantile.
    `others`: persons with a row on the other side of the argument's condition: one that gives no value (NULL), or,
    where the argument is a CASE, one that meets none of its WHENs. `count(*)` less `count(value)` is about them.
    `units`, `unit_nonzero`, `unit_total`, `unit_largest`, `unit_second`: as for persons, by the source's unit
    (establishment, household); rows that name no unit are in none of them. None: units are not known.
    `distinct`, `top_class`: how many values of a sensitive argument the cell's persons have, and how many persons
    have the most frequent one (a person with several values counts in each). None: the argument is not sensitive.
    `denominator`: the same about a share's denominator, where it has one.
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
    others: int | None = None
    units: int | None = None
    unit_nonzero: int | None = None
    unit_total: float | None = None
    unit_largest: float | None = None
    unit_second: float | None = None
    distinct: int | None = None
    top_class: int | None = None
    denominator: MeasureEvidence | None = None


@dataclass(frozen=True)
class CellEvidence:
    """One row of the table. `grouping` holds the positions of the keys that it is broken down by; others are totals.

    `units`: establishments or households with a row, None when they are not known (the source declares none, or no
    table of the query names them). `rest`: at least so many persons are elsewhere in a total of the table that holds
    this cell, in the total that has fewest; None when no total holds it.
    """

    keys: tuple[Value | None, ...]
    grouping: tuple[int, ...]
    rows: int
    persons: int
    measures: tuple[MeasureEvidence | None, ...]
    units: int | None = None
    rest: int | None = None


@dataclass(frozen=True)
class Evidence:
    """Cells in the order of the exact table's rows; `measures` of each in the order of the query's measures."""

    cells: tuple[CellEvidence, ...]
