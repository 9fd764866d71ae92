"""The disclosure price of an exact table: what its DP twin would cost, exact enough for the policy. Pure.

OpenDP can give an exact table no epsilon: it is infinite. What can be told is the smallest ρ at which every column of
the same table with noise stays within the policy's share (a, at confidence c) of its median cell. A large one means
that the table is about individuals. Formulas, with z the normal quantile of c on both sides, d the sensitivity of
`egress.privacy.costs` and ρ = (d / scale)² / 2 of each statistic:

- Counts and sums: the scale whose noise lies within ± a · median of |cell| (`costs.scale_within`), at least one step.
- Means and shares, numerator over denominator: both get as much ρ, so their scales are as their sensitivities are,
  σₐ = q · σₙ. Fieller's interval (`egress.privacy.intervals`), where noise is small, is ± z · √(σₐ² + m² · σₙ²) / n in
  the median cell (m its mean from the centre of the bounds, n its denominator). So
  σₙ = a · |mean| · n / (z · √(q² + m²)).

A statistic that two columns share is paid for once, as exact as the more exact one asks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, median

from egress.checks.model import Audience, Finding, Outcome, Risk
from egress.privacy import costs
from egress.privacy.answer import NANO
from egress.privacy.spec import Statistic
from hub.policy.model import DisclosureRules
from hub.policy.model import Price as Asked
from hub.words import Message, Value, say

CHECK = "disclosure_price"
# How many cells a finding points at.
_DRIVING = 10
# A cell of nothing still asks for noise below half a step: that it is nothing says something.
_LEAST = 0.5


@dataclass(frozen=True)
class Part:
    """One statistic of the twin and the scale of its noise, in its steps."""

    statistic: Statistic
    scale: float


@dataclass(frozen=True)
class Twin:
    """One column of the exact table, at `position`: how its twin is made, and how large each cell is."""

    name: str
    position: int
    parts: tuple[Part, ...]
    sizes: tuple[float, ...]


@dataclass(frozen=True)
class ColumnPrice:
    """What one column costs by itself. `cells` are rows of the exact table: the smallest, first."""

    name: str
    position: int
    rho: float
    cells: tuple[int, ...]


@dataclass(frozen=True)
class Unpriced:
    """A column without a price, and why."""

    name: str
    position: int
    why: Message


@dataclass(frozen=True)
class Price:
    """`rho` and `epsilon` (at `delta`) of the whole twin; None when no column has a price.

    It depends on data: for checkers only, never for authors, never in an export.
    """

    rho: float | None
    epsilon: float | None
    delta: float
    columns: tuple[ColumnPrice, ...] = ()
    unpriced: tuple[Unpriced, ...] = ()

    @property
    def dearest(self) -> ColumnPrice | None:
        return max(self.columns, key=lambda column: column.rho, default=None)

    @property
    def cells(self) -> tuple[tuple[int, int], ...]:
        """(row, column) in the exact table of what drives the price: the smallest cells of the dearest column."""
        column = self.dearest
        return () if column is None else tuple((row, column.position) for row in column.cells)


def plain_scale(sizes: Sequence[float], asked: Asked, step: float = 1.0) -> float:
    """The scale, in steps, at which noise on counts or sums stays within the policy's share of the median cell."""
    half = asked.accuracy * median(abs(size) for size in sizes) / step
    return costs.scale_within(max(half, _LEAST), asked.confidence)


@dataclass(frozen=True)
class Ratio:
    """A mean or share in its median cell, in the steps of its two statistics: `middle` is from the centre of bounds."""

    above: Statistic
    below: Statistic
    value: float
    middle: float
    denominator: float


def ratio_parts(ratio: Ratio, rows_per_person: int, cells: int, asked: Asked) -> tuple[Part, Part]:
    """Both statistics of a mean or share, for as much rho each."""
    first, second = (costs.sensitivity(one, rows_per_person, cells) for one in (ratio.above, ratio.below))
    half = asked.accuracy * abs(ratio.value) * max(ratio.denominator, 1.0)
    half = max(half, _LEAST)
    z = NormalDist().inv_cdf((1 + asked.confidence) / 2)
    scale = half / (z * math.hypot(first / second, ratio.middle))
    return Part(ratio.above, scale * first / second), Part(ratio.below, scale)


def priced(
    twins: Sequence[Twin], unpriced: Sequence[Unpriced], rows_per_person: int, cells: int, rules: DisclosureRules
) -> Price:
    """The price of a table of `cells` rows, of whose persons each has at most `rows_per_person` rows."""
    delta = rules.privacy.value.delta
    if not twins:
        return Price(None, None, delta, (), tuple(unpriced))
    spent: dict[Statistic, int] = {}
    columns = []
    for twin in twins:
        own = {part.statistic: costs.cost(part.statistic, part.scale, rows_per_person, cells) for part in twin.parts}
        for statistic, nano in own.items():
            spent[statistic] = max(spent.get(statistic, 0), nano)
        columns.append(ColumnPrice(twin.name, twin.position, sum(own.values()) / NANO, _driving(twin.sizes)))
    rho = sum(spent.values()) / NANO
    return Price(rho, costs.epsilon(rho, delta), delta, tuple(columns), tuple(unpriced))


def _driving(sizes: Sequence[float]) -> tuple[int, ...]:
    middle = median(sizes)
    small = (place for place, size in enumerate(sizes) if size <= middle)
    return tuple(sorted(small, key=lambda place: (sizes[place], place))[:_DRIVING])


def price_findings(found: Price, rules: DisclosureRules) -> tuple[Finding, ...]:
    """What checkers are told. A column without a price means review."""
    unknown = tuple(_finding(Outcome.REVIEW, one.name, one.why) for one in found.unpriced)
    column = found.dearest
    if found.rho is None or found.epsilon is None or column is None:
        return unknown
    limit = rules.price.value.max_rho
    above = found.rho > limit
    told: dict[str, Value] = {
        "rho": f"{found.rho:.2g}",
        "epsilon": f"{found.epsilon:.2g}",
        "delta": f"{found.delta:g}",
        "limit": limit,
    }
    why = (
        say(
            "Disclosure price rho {rho} (epsilon {epsilon} at delta {delta}), above the limit {limit}: "
            "this table says much about single persons, in the cells named first.",
            **told,
        )
        if above
        else say("Disclosure price rho {rho} (epsilon {epsilon} at delta {delta}), within the limit {limit}.", **told)
    )
    outcome = Outcome.REVIEW if above else Outcome.PASS
    return (_finding(outcome, column.name, why, found.cells if above else ()), *unknown)


def _finding(outcome: Outcome, where: str, why: Message, cells: tuple[tuple[int, int], ...] = ()) -> Finding:
    return Finding(CHECK, Risk.INDIVIDUALS, outcome, where, why, cells, audience=Audience.CHECKER)


def price_json(found: Price, rules: DisclosureRules) -> dict[str, object]:
    """The price as a report keeps it, in quarantine."""
    if found.rho is None:
        named: dict[str, object] = {}
    else:
        named = {"rho": found.rho, "epsilon": found.epsilon}
    columns: list[dict[str, object]] = [{"name": one.name, "rho": one.rho} for one in found.columns]
    return {
        **named,
        "delta": found.delta,
        "limit": rules.price.value.max_rho,
        "columns": columns + [{"name": one.name, "rho": None} for one in found.unpriced],
        "cells": [list(cell) for cell in found.cells],
    }
