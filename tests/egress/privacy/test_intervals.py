"""Intervals hold what they say: by exact probabilities, by thousands of OpenDP's own draws; digits only widen them."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from itertools import product
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.privacy import measure
from egress.privacy.answer import Answer, Noise, table_of
from egress.privacy.filters import OneOf
from egress.privacy.intervals import Estimate, Noisy, around, printed, ratio
from egress.privacy.keys import Plain
from egress.privacy.spec import DpKey, DpSpec, Kind, OutputColumn, Shape, Statistic

WIDE = Decimal(-(10**12)), Decimal(10**12)
CELLS = 4000
# Fewer of 4,000 than this lie inside with probability below 1e-6 when each does with 0.95: 4.8 standard deviations.
LEAST = 0.95 - 4.8 * math.sqrt(0.95 * 0.05 / CELLS)


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _masses(scale: float) -> tuple[np.ndarray, np.ndarray]:
    reach = math.ceil(8 * scale) + 3
    places = np.arange(-reach, reach + 1, dtype=float)
    weights = np.exp(-(places**2) / (2 * scale**2))
    return places, weights / weights.sum()


def _covered(true: float, above: float, below: float, confidence: float) -> float:
    """The exact probability that the interval of a ratio holds `true`, noise of both numbers added up."""
    z = _z(confidence)
    (xs, px), (ys, py) = _masses(above), _masses(below)
    off = xs[:, None] - true * ys[None, :]
    inside = off**2 <= z**2 * ((above + 0.5) ** 2 + true**2 * (below + 0.5) ** 2) + 1e-12
    return float((px[:, None] * py[None, :] * inside).sum())


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
def test_a_ratio_lies_inside_with_at_least_the_stated_probability(confidence: float) -> None:
    scales, trues = (0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 3.0, 7.0), (0.0, 0.1, 1 / 3, 0.5, 1.0, 1.7, 10.0)
    worst = min(_covered(true, above, below, confidence) for above, below, true in product(scales, scales, trues))
    assert worst >= confidence - 1e-9


@settings(max_examples=300, deadline=None)
@given(st.integers(-5000, 5000), st.integers(1, 3000), st.floats(0.3, 200), st.floats(0.3, 200))
def test_the_ends_are_where_the_noise_would_be_too_large(s: int, n: int, above: float, below: float) -> None:
    found = ratio(Noisy(s, above), Noisy(n, below), 0.95, *WIDE)
    z = _z(0.95)
    if found is None:
        assert n <= z * (below + 0.5) * (1 + 1e-12)
        return
    assert found.low <= found.value <= found.high
    assert float(found.value) == pytest.approx(s / n)
    for end in map(float, (found.low, found.high)):
        allowed = z * math.hypot(above + 0.5, end * (below + 0.5))
        assert abs(s - end * n) == pytest.approx(allowed, rel=1e-6, abs=1e-6)


@settings(max_examples=300, deadline=None)
@given(
    st.decimals(-(10**9), 10**9, places=6), st.decimals(0, 10**6, places=6), st.sampled_from((None, "0.001", "1", "10"))
)
def test_digits_only_widen_an_interval_and_move_a_number_little(
    value: Decimal, half: Decimal, step: str | None
) -> None:
    found = around(value, half)
    shown = printed(found, None if step is None else Decimal(step))
    assert shown.low <= found.low <= found.high <= shown.high
    unit = max(half / 10, Decimal(step or 0))
    assert abs(shown.value - value) <= unit / 2
    assert shown.high - shown.low <= 2 * half + 2 * unit


def test_a_bound_ends_an_interval_and_its_digits() -> None:
    assert around(Decimal(3), Decimal(5), Decimal(0)) == Estimate(Decimal(3), Decimal(0), Decimal(8))
    assert around(Decimal(-9), Decimal(5), Decimal(0)) == Estimate(Decimal(-9), Decimal(0), Decimal(0))
    shown = printed(Estimate(Decimal("16.91"), Decimal("3.2"), Decimal("17.3")), None, Decimal("3.2"), Decimal("17.3"))
    assert shown == Estimate(Decimal(17), Decimal("3.2"), Decimal("17.3"))


# -- OpenDP's own noise, through plan and table, in thousands of cells at once

STATISTICS = (
    Statistic(Kind.ROWS),
    Statistic(Kind.PERSONS),
    Statistic(Kind.ROWS, where=OneOf("t.sex", ("F",))),
    Statistic(Kind.TOTAL, "t.cost", -1, 0, 1000),
    Statistic(Kind.TOTAL, "t.cost", -1, 0, 1000, 500),
    Statistic(Kind.VALUES, "t.cost"),
)
SPEC = DpSpec(
    "s",
    ("t",),
    (),
    "t.pid",
    3,
    (DpKey(Plain("t.site"), tuple(range(CELLS))),),
    None,
    STATISTICS,
    (
        OutputColumn("site", Shape.KEY, (0,)),
        OutputColumn("rows", Shape.COUNT, (0,)),
        OutputColumn("persons", Shape.COUNT, (1,)),
        OutputColumn("share", Shape.SHARE, (2, 0), 100),
        OutputColumn("sum", Shape.SUM, (3,)),
        OutputColumn("mean", Shape.MEAN, (4, 5)),
    ),
)


def _inside(nano_rho: int, rows: int, persons: int, part: int, steps: int) -> dict[str, tuple[float, float]]:
    """Per column: the share of cells whose interval does not miss the exact number, and of those with one."""
    planned = measure.plan(SPEC, nano_rho)
    scales = tuple(scale for scale, _ in planned)
    halves = tuple(measure.half_width(scale, 0.95) for scale in scales)
    exact = (rows, persons, part, steps, steps - 500 * rows, rows)
    noisy = tuple(tuple(measure.noisy([one] * CELLS, scale)) for one, scale in zip(exact, scales, strict=True))
    table = table_of(SPEC, Answer(Noise(nano_rho, 1.0, 1e-6, 0.95, scales, halves, halves), noisy))
    truth = (rows, persons, 100 * part / rows, steps / 10, steps / 10 / rows)
    found = {}
    for at, (name, true) in enumerate(zip(table.columns[1:], truth, strict=True), start=1):
        pairs = [line[at] for line in table.intervals]
        missed = sum(pair is not None and not pair[0] - 1e-9 <= true <= pair[1] + 1e-9 for pair in pairs)
        found[name] = (1 - missed / CELLS, sum(pair is not None for pair in pairs) / CELLS)
    return found


@pytest.mark.parametrize(
    ("nano_rho", "rows", "persons", "part", "steps"),
    [
        (10**8, 5000, 2000, 1200, 5000 * 730),  # a good cell
        (10**8, 5000, 2000, 4990, 5000 * 990),  # near the upper bounds
        (10**8, 60, 40, 2, 60 * 15),  # a count at the edge of its noise
        (10**10, 40, 20, 7, 40 * 333),  # noise of a row or two: whole numbers are not normal
    ],
)
def test_exact_numbers_lie_inside_as_often_as_said(
    nano_rho: int, rows: int, persons: int, part: int, steps: int
) -> None:
    found = _inside(nano_rho, rows, persons, part, steps)
    assert all(inside >= LEAST for inside, _ in found.values()), found
    if rows == 5000:
        assert all(told == 1 for _, told in found.values())
        assert found["rows"][0] < 0.975  # and intervals are not just wide
        assert found["sum"][0] < 0.975


def test_a_cell_of_nobody_has_counts_and_no_ratio_that_claims_much() -> None:
    spec = replace(SPEC, columns=SPEC.columns[:3])
    assert [column.shape for column in spec.columns] == [Shape.KEY, Shape.COUNT, Shape.COUNT]
    planned = measure.plan(SPEC, 10**8)
    counts = measure.noisy([0] * CELLS, planned[5][0])
    told = sum(
        ratio(Noisy(0, planned[4][0]), Noisy(count, planned[5][0]), 0.95, Decimal(-500), Decimal(500)) is not None
        for count in counts
    )
    assert told / CELLS < 0.025 + 4.8 * math.sqrt(0.025 / CELLS)  # the upper tail alone
