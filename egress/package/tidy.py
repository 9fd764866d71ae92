"""A released table as it stands in its file: a DP table with its intervals, scales and cost beside the values. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from egress.checks.model import Protection
from egress.checks.table import Table, Value
from egress.package.contents import ReleasedTable
from egress.package.noise import Told


@dataclass(frozen=True)
class _Column:
    """`own`: the author's, whose name stays."""

    name: str
    values: tuple[Value | None, ...]
    own: bool = False


def filed(released: ReleasedTable) -> Table:
    """The table of the CSV file. Of a DP table: after each noisy number the ends of its interval, and, the same in
    every row, at the end the scales, the ranks, rho, epsilon, delta and the confidence.

    A record of a synthetic extract carries no noise of its own: its file holds the records alone.
    """
    told = released.told
    if released.report.protect is not Protection.DP or told is None or released.is_synthetic:
        return released.table
    return _joined(_values(released.table, told) + _constants(told, len(released.table.rows)))


def _values(table: Table, told: Told) -> list[_Column]:
    columns: list[_Column] = []
    for at, name in enumerate(table.columns):
        columns.append(_Column(name, tuple(row[at] for row in table.rows), own=True))
        ends = [line[at] for line in told.intervals]
        if any(pair is not None for pair in ends):
            columns.append(_Column(f"{name}_low", tuple(None if pair is None else whole(pair[0]) for pair in ends)))
            columns.append(_Column(f"{name}_high", tuple(None if pair is None else whole(pair[1]) for pair in ends)))
    return columns


def _constants(told: Told, rows: int) -> list[_Column]:
    scales = [(f"{column.name}_scale", column.scale) for column in told.columns]
    ranks = [(f"{column.name}_ranks", column.ranks) for column in told.columns]
    cost = [("rho", told.rho), ("epsilon", told.epsilon), ("delta", told.delta), ("confidence", told.confidence)]
    return [_Column(name, (value,) * rows) for name, value in (*scales, *ranks, *cost) if value is not None]


def whole(value: float) -> int | float:
    """12.0 as 12: a count's interval ends at whole numbers."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value  # beyond it, doubles skip integers


def _joined(columns: Sequence[_Column]) -> Table:
    """Added columns give way where the author's own have their name."""
    taken = {column.name for column in columns if column.own}
    names = []
    for column in columns:
        name = column.name
        while not column.own and name in taken:
            name = f"{name}_dp"
        taken.add(name)
        names.append(name)
    return Table(tuple(names), tuple(zip(*(column.values for column in columns), strict=True)))
