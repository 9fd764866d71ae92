"""A DP release and a disclosure price as pages show them: numbers spelled in the reader's language. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from egress.checks.table import Value
from egress.package.citation import citation, mechanism
from egress.package.noise import OLS, SAMPLE, SYNTHETIC, Interval, Told, half_width_of
from egress.package.readme import SYNTHETIC_TOLD
from egress.package.spelling import number, visible
from egress.release.model import ReleaseRequest
from egress.release.report import OutputReport
from hub.words import Message

_DIGITS = 4  # of an ε: more would promise more than a bound says
Cell = tuple[int, int]


@dataclass(frozen=True)
class ShownColumn:
    """The noise of one column; an empty text where there is none."""

    name: str
    scale: str
    half_width: str
    ranks: str


@dataclass(frozen=True)
class ShownNoise:
    """What a DP release cost and how exact it is. `free`: the ledger had the answer already; None when not told.

    `ends`: some intervals are told by their ends, not by ±. `cited` is None before the decision. `regression`: of
    coefficients, whose intervals hold sampling as well.
    """

    rho: str
    epsilon: str
    delta: str
    percent: str
    free: bool | None
    intervals: bool
    ends: bool
    mechanism: Message
    columns: tuple[ShownColumn, ...]
    notes: tuple[Message, ...]
    cited: str | None
    records: int | None
    regression: bool


@dataclass(frozen=True)
class ShownPrice:
    """What the exact table's DP twin would cost; `columns`: name, ρ and ε of each. For checkers."""

    rho: str
    epsilon: str
    delta: str
    limit: str
    above: bool
    columns: tuple[tuple[str, str, str], ...]
    cells: frozenset[Cell]


def show_noise(request: ReleaseRequest, report: OutputReport, told: Told, language: str) -> ShownNoise:
    """`told` is `report.dp`, read."""
    pairs = [] if report.protected is None else _pairs(told, report.protected.rows)
    synthetic = report.dp.get("kind") == SYNTHETIC and report.protected is not None
    return ShownNoise(
        rho=_spelled(told.rho, language),
        epsilon=_spelled(None if told.epsilon is None else round(told.epsilon, _DIGITS), language),
        delta=_spelled(told.delta, language),
        percent=_spelled(None if told.confidence is None else round(100 * told.confidence, 6), language),
        free=None if told.charged is None else told.free,
        intervals=bool(pairs),
        ends=any(half_width_of(value, pair) is None for value, pair in pairs),
        mechanism=mechanism(told),
        columns=tuple(
            ShownColumn(
                visible(column.name),
                _spelled(None if column.scale is None else float(f"{column.scale:.4g}"), language),
                _spelled(column.half_width, language),
                _spelled(column.ranks, language),
            )
            for column in told.columns
            if (column.scale, column.half_width, column.ranks) != (None, None, None)
        ),
        notes=((SYNTHETIC_TOLD,) if synthetic else ()) + told.notes,
        cited=citation(request, report, told, language),
        records=len(report.protected.rows) if synthetic and report.protected is not None else None,
        regression=told.kind == OLS,
    )


def sampled(report: OutputReport) -> int | None:
    """How many rows a page shows; None for all of them."""
    return SAMPLE if report.dp.get("kind") == SYNTHETIC else None


def margin(value: Value | None, interval: Interval | None, language: str) -> str:
    """How far the exact number may lie: "± 54", or "12.5 – 30" where the ends lie unevenly."""
    if interval is None:
        return ""
    half = half_width_of(value, interval)
    if half is not None:
        return f"± {number(half, language)}"
    return f"{number(interval[0], language)} – {number(interval[1], language)}"


def show_price(price: Mapping[str, Any], language: str) -> ShownPrice | None:
    """None where nothing was priced. Reports of before name neither columns nor cells."""
    rho, limit = _number(price.get("rho")), _number(price.get("limit"))
    if rho is None:
        return None
    return ShownPrice(
        _priced(rho, language),
        _priced(_number(price.get("epsilon")), language),
        _priced(_number(price.get("delta")), language),
        _priced(limit, language),
        limit is not None and rho > limit,
        tuple(_column(raw, language) for raw in _items(price.get("columns")) if isinstance(raw, Mapping)),
        frozenset(cell for raw in _items(price.get("cells")) if (cell := _cell(raw)) is not None),
    )


def _pairs(told: Told, rows: Sequence[Sequence[Value | None]]) -> list[tuple[Value | None, Interval]]:
    return [
        (value, pair)
        for row, line in zip(rows, told.intervals, strict=False)  # none where the report tells none
        for value, pair in zip(row, line, strict=True)
        if pair is not None
    ]


def _column(raw: Mapping[str, Any], language: str) -> tuple[str, str, str]:
    rho, epsilon = _number(raw.get("rho")), _number(raw.get("epsilon"))
    return visible(str(raw.get("name", ""))), _priced(rho, language), _priced(epsilon, language)


def _cell(raw: Any) -> Cell | None:
    cell = tuple(_items(raw))
    return (cell[0], cell[1]) if len(cell) == 2 and all(type(part) is int for part in cell) else None


def _items(raw: Any) -> Sequence[Any]:
    return raw if isinstance(raw, (list, tuple)) else ()


def _number(raw: Any) -> float | None:
    return float(raw) if isinstance(raw, (int, float)) and not isinstance(raw, bool) else None


def _priced(value: float | None, language: str) -> str:
    return "" if value is None else number(float(f"{value:.4g}"), language)


def _spelled(value: Any, language: str) -> str:
    return "" if value is None else number(value, language)
