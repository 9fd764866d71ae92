"""What a DP release tells beside its table, as reports hold it: `bulle.dp-told/2`, and the form before it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from egress.checks.table import Table, Value
from hub.words import Message

Interval = tuple[float, float]
# `dp["kind"]`: records drawn from a noisy model; coefficients from noisy cross products. Without a kind: an SQL table.
SYNTHETIC, OLS = "synthetic", "ols"
# Records of a synthetic extract that a page shows; the file has all.
SAMPLE = 20
GAUSSIAN = frozenset({"count", "sum", "mean", "share"})


@dataclass(frozen=True)
class NoisyColumn:
    """One column of the table. `scale` and `half_width` in its own unit, `ranks` in rows; None where there is none."""

    name: str
    shape: str
    scale: float | None = None
    half_width: float | None = None
    ranks: int | None = None


@dataclass(frozen=True)
class Told:
    """What readers learn of the noise. Numbers are None where an old report does not say them.

    `intervals`: per row, per column, where the exact number lies with `confidence`. `charged`: what was spent for this
    report; 0 when the ledger had the answer already.
    """

    rho: Decimal | None
    charged: Decimal | None
    epsilon: float | None
    delta: float | None
    confidence: float | None
    columns: tuple[NoisyColumn, ...] = ()
    intervals: tuple[tuple[Interval | None, ...], ...] = ()
    notes: tuple[Message, ...] = ()
    kind: str = ""

    @property
    def free(self) -> bool:
        return self.charged == 0

    @property
    def shapes(self) -> frozenset[str]:
        return frozenset(column.shape for column in self.columns)


def read_told(dp: Mapping[str, Any], table: Table | None) -> Told | None:
    """What `dp` tells of `table`; None when it tells nothing. Parts that do not fit the table are left out."""
    if not dp:
        return None
    shape = (0, 0) if table is None else (len(table.rows), len(table.columns))
    intervals = _lines(dp.get("intervals"), shape) or _of_widths(dp.get("half_widths"), table)
    columns = tuple(_column(raw) for raw in _list(dp.get("columns")) if isinstance(raw, Mapping))
    return Told(
        _decimal(dp.get("rho")),
        _decimal(dp.get("charged")),
        _finite(dp.get("epsilon")),
        _finite(dp.get("delta")),
        _finite(dp.get("confidence")),
        columns if len(columns) == shape[1] else (),
        intervals,
        tuple(note for raw in _list(dp.get("notes")) if (note := _note(raw)) is not None),
        kind if isinstance(kind := dp.get("kind"), str) else "",
    )


def half_width_of(value: Value | None, interval: Interval | None) -> float | None:
    """By how much the ends lie from the value, when they lie equally far."""
    if interval is None or isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    below, above = float(value) - interval[0], interval[1] - float(value)
    alike = abs(below - above) <= 1e-9 * max(1.0, abs(above), abs(float(value)))
    return float(f"{above:.12g}") if alike and above >= 0 else None


def _lines(raw: Any, shape: tuple[int, int]) -> tuple[tuple[Interval | None, ...], ...]:
    lines = _list(raw)
    if len(lines) != shape[0] or any(len(_list(line)) != shape[1] for line in lines):
        return ()
    return tuple(tuple(_interval(pair) for pair in line) for line in lines)


def _of_widths(raw: Any, table: Table | None) -> tuple[tuple[Interval | None, ...], ...]:
    # Reports of before had one half width per value.
    lines = _list(raw)
    if table is None or len(lines) != len(table.rows):
        return ()
    if any(len(_list(line)) != len(table.columns) for line in lines):
        return ()
    return tuple(
        tuple(_around(value, _finite(width)) for value, width in zip(row, line, strict=True))
        for row, line in zip(table.rows, lines, strict=True)
    )


def _around(value: Value | None, width: float | None) -> Interval | None:
    if width is None or isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    return float(f"{float(value) - width:.15g}"), float(f"{float(value) + width:.15g}")


def _interval(raw: Any) -> Interval | None:
    ends = [_finite(end) for end in _list(raw)]
    if len(ends) != 2 or ends[0] is None or ends[1] is None:
        return None
    return ends[0], ends[1]


def _column(raw: Mapping[str, Any]) -> NoisyColumn:
    ranks = raw.get("ranks")
    scale, half = _finite(raw.get("scale")), _finite(raw.get("half_width"))
    return NoisyColumn(
        str(raw.get("name", "")), str(raw.get("shape", "")), scale, half, ranks if type(ranks) is int else None
    )


def _note(raw: Any) -> Message | None:
    try:
        if isinstance(raw, Mapping):
            note = Message.from_dict(raw)
            note.fill(note.text)
            return note
        # Older notes were the filled sentence; one without places is its own key.
        return Message(raw) if isinstance(raw, str) and not {"{", "}"} & set(raw) else None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None


def _list(raw: Any) -> Sequence[Any]:
    return raw if isinstance(raw, (list, tuple)) else ()


def _finite(raw: Any) -> float | None:
    usable = isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool) and isfinite(raw)
    return float(raw) if usable else None


def _decimal(raw: Any) -> Decimal | None:
    try:
        found = Decimal(str(raw))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
