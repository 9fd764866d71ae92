"""What a draw gave, as it is kept in the ledger, and the table made of it. Pure post-processing: costs nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any, TypeAlias

from egress.privacy.intervals import Estimate, Noisy, around, printed, ratio
from egress.privacy.notes import notes_of
from egress.privacy.parts import is_part
from egress.privacy.spec import DpSpec, Kind, OutputColumn, Shape, Statistic
from egress.query.table import Table, Value
from hub.words import Message

__all__ = [
    "NANO",
    "Answer",
    "ColumnAccuracy",
    "DpTable",
    "Interval",
    "Noise",
    "accuracies",
    "fits",
    "noise_from",
    "notes_of",
    "table_of",
]

NANO = 10**9
Interval: TypeAlias = tuple[int | float, int | float]


@dataclass(frozen=True)
class Noise:
    """What may be told of a release before anything runs; per statistic of the spec. No data enter it.

    `nano_rho` is what is reserved and spent: at least OpenDP's own charge, which the worker checks. Of a quantile, a
    scale is of its scores and a half width is in rows. Joint half widths hold for two numbers at once.
    """

    nano_rho: int
    epsilon: float
    delta: float
    confidence: float
    scales: tuple[float, ...]
    half_widths: tuple[int, ...]
    joint_half_widths: tuple[int, ...]


@dataclass(frozen=True)
class Answer:
    """The noisy statistics, each one integer per cell of the grid: of a quantile, the position of a candidate."""

    noise: Noise
    noisy: tuple[tuple[int, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """The form the ledger keeps."""
        noise = self.noise
        return {
            "nano_rho": noise.nano_rho,
            "epsilon": noise.epsilon,
            "delta": noise.delta,
            "confidence": noise.confidence,
            "scales": list(noise.scales),
            "half_widths": list(noise.half_widths),
            "joint_half_widths": list(noise.joint_half_widths),
            "noisy": [list(vector) for vector in self.noisy],
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Answer:
        """The answer behind `to_json`. Raises: KeyError, TypeError, ValueError."""
        noise = noise_from(raw, float(raw["delta"]), float(raw["confidence"]))
        return cls(noise, tuple(tuple(int(value) for value in vector) for vector in raw["noisy"]))


def noise_from(raw: Mapping[str, Any], delta: float, confidence: float) -> Noise:
    """Raises: KeyError, TypeError, ValueError."""
    return Noise(
        int(raw["nano_rho"]),
        float(raw["epsilon"]),
        delta,
        confidence,
        tuple(float(scale) for scale in raw["scales"]),
        tuple(int(width) for width in raw["half_widths"]),
        tuple(int(width) for width in raw["joint_half_widths"]),
    )


@dataclass(frozen=True)
class ColumnAccuracy:
    """One column, with what is known of its noise before anything is drawn, in the column's own unit.

    Counts and sums: `scale` (standard deviation) and `half_width` at the rules' confidence. A quantile: `ranks`, by how
    many rows it misses its rank. Means and shares have neither before they are drawn: they depend on their count.
    """

    name: str
    shape: Shape
    scale: float | None = None
    half_width: float | None = None
    ranks: int | None = None


@dataclass(frozen=True)
class DpTable:
    """A noisy table. `intervals` has one pair per value: the exact number lies within it with `noise.confidence`.

    None for keys, quantiles and what is not told. `accuracies` has one entry per column, in order. `notes` say what was
    done to the numbers.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Value | None, ...], ...]
    intervals: tuple[tuple[Interval | None, ...], ...]
    accuracies: tuple[ColumnAccuracy, ...]
    noise: Noise
    notes: tuple[Message, ...]

    @property
    def table(self) -> Table:
        return Table(self.columns, self.rows)

    @property
    def rho(self) -> Decimal:
        return Decimal(self.noise.nano_rho) / NANO


def table_of(spec: DpSpec, answer: Answer) -> DpTable:
    """The table as its author asked for it, rows sorted by the keys in the author's order.

    Raises: ValueError when `answer` is not one of `spec`.
    """
    if not fits(spec, answer):
        raise ValueError("the stored answer is of another spec")
    lines = [
        [_value(spec, answer, column, cell, place) for column in spec.columns] for place, cell in enumerate(spec.grid)
    ]
    at = [position for position, column in enumerate(spec.columns) if column.shape is Shape.KEY]
    lines.sort(key=lambda line: tuple(line[position][0] for position in at))
    return DpTable(
        tuple(column.name for column in spec.columns),
        tuple(tuple(value for value, _ in line) for line in lines),
        tuple(tuple(interval for _, interval in line) for line in lines),
        accuracies(spec, answer.noise),
        answer.noise,
        notes_of(spec),
    )


def fits(spec: DpSpec, answer: Answer) -> bool:
    """Whether `answer` can be one of `spec`, so that a table can be made of it."""
    told = (answer.noisy, answer.noise.scales, answer.noise.half_widths, answer.noise.joint_half_widths)
    if {len(part) for part in told} != {len(spec.statistics)} or {len(one) for one in answer.noisy} != {spec.cells}:
        return False
    if not all(isfinite(scale) and scale > 0 for scale in answer.noise.scales):
        return False
    chosen = [
        (vector, len(one.candidates))
        for one, vector in zip(spec.statistics, answer.noisy, strict=True)
        if one.kind is Kind.QUANTILE
    ]
    return all(0 <= place < many for vector, many in chosen for place in vector)


def accuracies(spec: DpSpec, noise: Noise) -> tuple[ColumnAccuracy, ...]:
    """One entry per column of the table, keys too."""
    return tuple(_accuracy(spec, noise, column) for column in spec.columns)


def _accuracy(spec: DpSpec, noise: Noise, column: OutputColumn) -> ColumnAccuracy:
    first = column.uses[0]
    if column.shape is Shape.QUANTILE:
        return ColumnAccuracy(column.name, column.shape, ranks=noise.half_widths[first])
    if column.shape not in (Shape.COUNT, Shape.SUM):
        return ColumnAccuracy(column.name, column.shape)
    unit = _step(spec.statistics[first]) * column.scale
    half = noise.half_widths[first] * unit
    return ColumnAccuracy(column.name, column.shape, noise.scales[first] * float(unit), float(half))


def _step(statistic: Statistic) -> Decimal:
    return Decimal(1).scaleb(statistic.exponent)


def _value(
    spec: DpSpec, answer: Answer, column: OutputColumn, cell: Sequence[Value], place: int
) -> tuple[Value | None, Interval | None]:
    first = column.uses[0]
    if column.shape is Shape.KEY:
        return cell[first], None
    statistic, noisy = spec.statistics[first], answer.noisy[first][place]
    whole = statistic.exponent >= 0
    unit = _step(statistic) * column.scale
    if column.shape is Shape.QUANTILE:
        return _number(statistic.candidates[noisy] * unit, whole=whole), None
    if column.shape in (Shape.COUNT, Shape.SUM):
        return _shown(_total(statistic, noisy, answer.noise.half_widths[first], unit), whole=whole)
    parts = [Noisy(answer.noisy[at][place], answer.noise.scales[at]) for at in column.uses]
    make = _mean if column.shape is Shape.MEAN else _share
    return _shown(make(spec, column, (parts[0], parts[1]), answer.noise.confidence), whole=False)


def _total(statistic: Statistic, noisy: int, half: int, unit: Decimal) -> Estimate:
    """A count or a sum. Counts keep their digits, so that cells add up to their total."""
    counted = statistic.kind is not Kind.TOTAL
    floor = Decimal(0) if _never_negative(statistic) else None
    ceiling = Decimal(0) if not counted and statistic.high <= 0 else None
    found = around(noisy * unit, half * unit, floor, ceiling)
    return found if counted else printed(found, unit, floor, ceiling)


def _mean(spec: DpSpec, column: OutputColumn, parts: tuple[Noisy, Noisy], confidence: float) -> Estimate | None:
    """Centre plus noisy sum over noisy count, within the bounds; half a step more where values were rounded."""
    statistic = spec.statistics[column.uses[0]]
    bounds = Decimal(statistic.low), Decimal(statistic.high)
    found = ratio(*parts, confidence, *(bound - statistic.centre for bound in bounds))
    if found is None:
        return None
    rounded = Decimal("0.5") if statistic.exponent else Decimal(0)
    value, low, high = (one + statistic.centre for one in (found.value, found.low, found.high))
    unit = _step(statistic) * column.scale
    ends = max(low - rounded, bounds[0]) * unit, min(high + rounded, bounds[1]) * unit
    return printed(Estimate(value * unit, *ends), None, bounds[0] * unit, bounds[1] * unit)


def _share(spec: DpSpec, column: OutputColumn, parts: tuple[Noisy, Noisy], confidence: float) -> Estimate | None:
    """One number over another, times the column's scale; between 0 and 1 where the one is a part of the other."""
    part, whole = (spec.statistics[at] for at in column.uses)
    unit = column.scale * _step(part) / _step(whole)
    bounds = Decimal(0) if _never_negative(part) else None, _step(whole) / _step(part) if is_part(part, whole) else None
    found = ratio(*parts, confidence, *bounds)
    if found is None:
        return None
    scaled = Estimate(found.value * unit, found.low * unit, found.high * unit)
    return printed(scaled, None, *(None if bound is None else bound * unit for bound in bounds))


def _never_negative(statistic: Statistic) -> bool:
    return statistic.kind is not Kind.TOTAL or statistic.low >= statistic.centre


def _shown(found: Estimate | None, *, whole: bool) -> tuple[Value | None, Interval | None]:
    if found is None:
        return None, None
    return _number(found.value, whole=whole), (_number(found.low, whole=whole), _number(found.high, whole=whole))


def _number(value: Decimal, *, whole: bool) -> int | float:
    return int(value) if whole else float(value)
