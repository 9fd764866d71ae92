"""Costs by formula, held against OpenDP's own functions over wide grids. Never below its charge."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.privacy import costs, measure
from egress.privacy.keys import Plain
from egress.privacy.spec import DpKey, DpSpec, Kind, Statistic

STATISTICS = (
    Statistic(Kind.PERSONS),
    Statistic(Kind.ROWS),
    Statistic(Kind.TOTAL, "t.cost", -4, 0, 10_000_000),
    Statistic(Kind.TOTAL, "t.grade", 0, -2, 4, 1),
    Statistic(Kind.VALUES, "t.grade"),
)
TABLE = DpSpec("s", ("t",), (), "pid", 3, (DpKey(Plain("t.sex"), ("F", "M")),), None, STATISTICS, ())
CONFIDENCES = (0.5, 0.9, 0.95, 0.975, 0.99, 0.999)


@settings(max_examples=400, deadline=None)
@given(st.floats(1e-3, 1e14), st.floats(1.0, 1e15))
def test_the_charge_is_opendps(scale: float, d_in: float) -> None:
    try:
        theirs = measure.charge(scale, d_in, 3)
    except OverflowError:
        return
    assert theirs <= costs.charge(scale, d_in) <= theirs * (1 + 1e-6)


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-3, 1e12), st.integers(1, 10**12))
def test_the_charge_of_a_noisy_max_is_opendps(scale: float, d_in: int) -> None:
    theirs = measure.charge_selection(scale, float(d_in))
    assert theirs <= costs.charge_selection(scale, float(d_in)) <= theirs * (1 + 1e-6)


@settings(max_examples=200, deadline=None)
@given(st.floats(1.0, 1e15), st.integers(1, 10**11))
def test_a_scale_for_rho_costs_no_more_by_opendps_map(d_in: float, nano_rho: int) -> None:
    scale = costs.scale_for(nano_rho, d_in)
    assert measure.charge(scale, d_in, 3) <= nano_rho
    assert measure.charge(scale * (1 - 1e-6), d_in, 3) >= nano_rho


def test_a_whole_plan_is_the_one_that_is_drawn() -> None:
    for nano_rho in (5, 1000, 50_000_000, 10**9 + 3):
        assert costs.plan(TABLE, nano_rho) == measure.plan(TABLE, nano_rho)
    for one in TABLE.statistics:
        for most, cells in ((1, 1), (3, 2), (3, 100), (4096, 20_000)):
            assert costs.sensitivity(one, most, cells) == measure.sensitivity(one, most, cells)


def test_quantiles_cost_by_their_scores_and_miss_in_ranks() -> None:
    middle = Statistic(Kind.QUANTILE, "t.cost", share=(1, 2), candidates=tuple(range(0, 1000, 10)))
    assert costs.sensitivity(middle, 3, 7) == measure.sensitivity(middle, 3, 7)
    for scale in (0.5, 4.0, 300.0):
        assert costs.width(middle, scale, 0.95) == measure.width(middle, scale, 0.95)


@pytest.mark.parametrize("nano_rho", [0, 4])
def test_less_than_a_nano_rho_for_each_statistic_is_refused(nano_rho: int) -> None:
    with pytest.raises(ValueError, match="rho"):
        costs.plan(TABLE, nano_rho)


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_small_noise_reaches_as_far_as_opendp_says(confidence: float) -> None:
    for scale in (0.05, 0.3, 0.7, 0.999, 1.0, 1.3, 2.0, 5.5, 11.2, 27.3, 99.9, 314.1, 999.9, 1000.0):
        theirs = measure.half_width(scale, confidence)
        assert theirs <= costs.half_width(scale, confidence) <= theirs + (scale > 100), scale


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_large_noise_reaches_as_far_as_opendp_says(confidence: float) -> None:
    for scale in (1000.1, 12_345.6, 1e6, 3.7e9, 1e14):
        theirs = measure.half_width(scale, confidence)
        assert costs.half_width(scale, confidence) == pytest.approx(theirs, rel=1e-6, abs=1), scale


@pytest.mark.parametrize("confidence", CONFIDENCES)
@pytest.mark.parametrize("half", [0, 0.5, 1, 2, 7.3, 20, 54, 333, 999, 1000, 1000.5, 1001, 50_000, 1e9])
def test_the_scale_within_a_half_width_is_the_largest(half: float, confidence: float) -> None:
    scale = costs.scale_within(half, confidence)
    assert costs.half_width(scale, confidence) <= half
    assert costs.half_width(scale * 1.01 + 1e-3, confidence) >= math.floor(half)
    assert scale == pytest.approx(measure.scale_within(half, confidence), rel=1e-3)


@settings(max_examples=300, deadline=None)
@given(st.floats(-9, 4), st.floats(-12, -0.05))
def test_epsilon_is_opendps_or_above(log_rho: float, log_delta: float) -> None:
    rho, delta = 10**log_rho, 10**log_delta
    theirs, ours = measure.epsilon(rho, delta), costs.epsilon(rho, delta)
    assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-9)
    assert ours >= theirs * (1 - 1e-9) - 1e-12  # OpenDP rounds upwards at every step


def test_no_rho_is_no_epsilon() -> None:
    assert costs.epsilon(0, 1e-6) == 0


def test_nothing_of_opendp_is_loaded_for_costs() -> None:
    program = "import sys, egress.privacy.costs; sys.exit('opendp' in sys.modules or 'polars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
