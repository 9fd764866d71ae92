"""What a draw gave, as it is kept in the ledger, and the table made of it. Pure post-processing: costs nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from egress.privacy.spec import DpSpec, OutputColumn, Shape, Statistic
from egress.query.table import Table, Value
from hub.words import Message, say

NANO = 10**9

NEGATIVE = say("Noise may make a count negative; it is left so, as cutting it at 0 would raise every total.")
NO_MEAN = say("A mean is empty where its noisy count cannot be told from 0.")
LEFT_OUT = say("Rows without a person, or without a published value in a key column, are in no cell.")
CLAMPED = say("Values outside the published bounds were counted as the nearest bound; missing values are not summed.")


@dataclass(frozen=True)
class Noise:
    """What may be told of a release before anything runs; per statistic of the spec. No data enter it.

    `nano_rho` is what is reserved and spent: at least OpenDP's own charge, which the worker checks.
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
    """The noisy statistics, each one integer per cell of the grid."""

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
class DpTable:
    """A noisy table. `half_widths` has one number per value: it lies within ± of the exact one, with `confidence`.

    None for keys and for means that are not told. `notes` say what was done to the numbers.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Value | None, ...], ...]
    half_widths: tuple[tuple[float | None, ...], ...]
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
    shape = {len(vector) for vector in answer.noisy}
    if len(answer.noisy) != len(spec.statistics) or shape != {spec.cells}:
        raise ValueError("the stored answer is of another spec")
    lines = [_line(spec, answer, cell, place) for place, cell in enumerate(spec.grid)]
    at = [position for position, column in enumerate(spec.columns) if column.shape is Shape.KEY]
    lines.sort(key=lambda line: tuple(line[0][position] for position in at))
    rows, widths = tuple(line[0] for line in lines), tuple(line[1] for line in lines)
    names = tuple(column.name for column in spec.columns)
    return DpTable(names, rows, widths, answer.noise, notes_of(spec))


def notes_of(spec: DpSpec) -> tuple[Message, ...]:
    """What was done to the numbers, from the spec alone."""
    shapes = {column.shape for column in spec.columns}
    told = [LEFT_OUT]
    if Shape.COUNT in shapes:
        told.append(NEGATIVE)
    if shapes & {Shape.SUM, Shape.MEAN}:
        told.append(CLAMPED)
    if Shape.MEAN in shapes:
        told.append(NO_MEAN)
    return tuple(told)


def _line(
    spec: DpSpec, answer: Answer, cell: Sequence[Value], place: int
) -> tuple[tuple[Value | None, ...], tuple[float | None, ...]]:
    pairs = [_value(spec, answer, column, cell, place) for column in spec.columns]
    return tuple(value for value, _ in pairs), tuple(width for _, width in pairs)


def _value(
    spec: DpSpec, answer: Answer, column: OutputColumn, cell: Sequence[Value], place: int
) -> tuple[Value | None, float | None]:
    if column.shape is Shape.KEY:
        return cell[column.uses[0]], None
    first = column.uses[0]
    noisy, width = answer.noisy[first][place], answer.noise.half_widths[first]
    if column.shape is Shape.COUNT:
        return noisy, float(width)
    step = Decimal(1).scaleb(spec.statistics[first].exponent)
    if column.shape is Shape.SUM:
        return _number(noisy * step), float(width * step)
    count = column.uses[1]
    joint = answer.noise.joint_half_widths
    return _mean(spec.statistics[first], step, (noisy, joint[first]), (answer.noisy[count][place], joint[count]))


def _number(value: Decimal) -> Value:
    return int(value) if value == value.to_integral_value() and value.as_tuple().exponent >= 0 else float(value)  # type: ignore[operator]  # finite: its exponent is a number


def _mean(
    statistic: Statistic, step: Decimal, total: tuple[int, int], count: tuple[int, int]
) -> tuple[Value | None, float | None]:
    """Centre plus noisy sum over noisy count, kept within the bounds.

    Sum and count each lie in their interval at (1+confidence)/2, so both do at `confidence`; the half width reaches
    the furthest mean that any such pair gives. A count whose interval holds no number from 1 on gives no mean.
    """
    low, high = count[0] - count[1], count[0] + count[1]
    if low < 1:
        return None, None
    ends = [Decimal(total[0] + side) / Decimal(of) for side in (-total[1], total[1]) for of in (low, high)]
    within = [_kept(end, statistic) for end in (Decimal(total[0]) / Decimal(count[0]), min(ends), max(ends))]
    mean, least, most = ((value + statistic.centre) * step for value in within)
    return float(mean), float(max(mean - least, most - mean))


def _kept(value: Decimal, statistic: Statistic) -> Decimal:
    return max(Decimal(statistic.low - statistic.centre), min(Decimal(statistic.high - statistic.centre), value))
