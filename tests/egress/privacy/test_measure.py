"""OpenDP's noise and charge: its map against ours, the declared distribution, the declared accuracy."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opendp.domains import atom_domain, vector_domain
from opendp.metrics import symmetric_distance
from opendp.mod import OpenDPException
from opendp.transformations import make_count_by_categories

from egress.privacy import measure
from egress.privacy.spec import Kind, Statistic
from egress.privacy.vectors import vectors
from tests.egress.privacy.releases import MOST, extract, spec

TABLE = spec(
    "SELECT sex, site, count(*) AS n, count(DISTINCT pid) AS p, sum(cost) AS c, avg(grade) AS g FROM t GROUP BY ALL"
)


@settings(max_examples=200, deadline=None)
@given(st.floats(1.0, 1e15), st.integers(1, 10**10))
def test_opendps_map_is_our_formula_and_never_charged_below(d_in: float, nano_rho: int) -> None:
    scale = measure.scale_for(nano_rho, d_in, 3)
    ours = Fraction(d_in) ** 2 / (2 * Fraction(scale) ** 2) * measure.NANO
    charged = measure.charge(scale, d_in, 3)
    assert ours <= charged <= nano_rho
    assert charged - ours < 2 + nano_rho * 1e-9
    assert nano_rho - charged <= 1 + nano_rho * 1e-9  # and nothing of what was asked is wasted


def test_opendps_own_counting_has_the_sensitivity_that_we_prove() -> None:
    rows = (vector_domain(atom_domain(T=str)), symmetric_distance())
    counting = make_count_by_categories(*rows, ["a", "b"], MO="L2Distance<f64>")
    assert counting.map(MOST) == measure.sensitivity(Statistic(Kind.ROWS), MOST, 3)


@pytest.mark.parametrize(
    ("most", "cells", "squared"), [(1, 9, 1), (3, 1, 1), (3, 2, 2), (3, 3, 3), (3, 4, 3), (5, 100, 5), (7, 8, 7)]
)
def test_persons_touch_as_many_cells_as_they_have_rows(most: int, cells: int, squared: int) -> None:
    found = measure.sensitivity(Statistic(Kind.PERSONS), most, cells)
    assert found == pytest.approx(math.sqrt(squared))
    assert Fraction(found) ** 2 >= squared  # rounded up, never down


def test_rho_is_split_evenly_and_never_overspent() -> None:
    for nano_rho in (5, 7, 1000, 50_000_000, 10**9 + 3):
        planned = measure.plan(TABLE, nano_rho)
        assert len(planned) == len(TABLE.statistics) == 5
        assert all(0 < cost <= nano_rho // 5 for _, cost in planned)


@pytest.mark.parametrize("nano_rho", [0, 4])
def test_less_than_a_nano_rho_for_each_statistic_is_refused(nano_rho: int) -> None:
    with pytest.raises(ValueError, match="rho"):
        measure.plan(TABLE, nano_rho)


@pytest.mark.parametrize(("scale", "draws"), [(0.7, 4000), (11.2, 4000), (5e7, 4000)])
def test_noise_has_the_declared_distribution(scale: float, draws: int) -> None:
    drawn = measure.noisy([100] * draws, scale)
    noise = [value - 100 for value in drawn]
    assert abs(statistics.fmean(noise)) < 5 * scale / math.sqrt(draws)
    assert abs(statistics.pstdev(noise) / scale - 1) < 5 / math.sqrt(2 * draws)
    within = sum(abs(value) <= measure.half_width(scale, 0.95) for value in noise) / draws
    assert within > 0.95 - 5 * math.sqrt(0.05 * 0.95 / draws)
    if scale > 10:  # a discrete half width covers more where noise is small
        assert within < 0.965
    tail = sum(abs(value) > 3 * scale for value in noise) / draws
    assert tail < 0.01


def test_neighbours_are_as_hard_to_tell_apart_as_charged(tmp_path: Path) -> None:
    """One person with k equal rows, there or not: the worst case for a count. No event is likelier than (ε, δ) says."""
    asked = spec("SELECT count(*) AS n FROM t")
    rows = [{"pid": f"p{at}"} for at in range(20)] + [{"pid": "odd one"}] * MOST
    extract(tmp_path / "with", rows)
    extract(tmp_path / "without", rows[:20])
    one, other = (vectors(asked, tmp_path / side / "t.parquet", "salt")[0][0] for side in ("with", "without"))
    d_in, draws, delta = measure.sensitivity(asked.statistics[0], MOST, 1), 6000, 0.01
    assert one - other == d_in
    scale = measure.scale_for(100_000_000, d_in, 1)
    factor = math.exp(measure.epsilon(0.1, delta))
    here, there = (measure.noisy([value] * draws, scale) for value in (one, other))
    assert abs(statistics.fmean(here) - statistics.fmean(there) - d_in) < 5 * scale * math.sqrt(2 / draws)
    for threshold in range(int(other - 3 * scale), int(one + 3 * scale)):
        above = [sum(value >= threshold for value in values) / draws for values in (here, there)]
        assert above[0] <= factor * above[1] + delta + 5 / math.sqrt(draws)
        assert 1 - above[1] <= factor * (1 - above[0]) + delta + 5 / math.sqrt(draws)


def test_each_cell_gets_its_own_noise() -> None:
    drawn = [measure.noisy([0, 0, 0], 1e6) for _ in range(50)]
    assert len({value for vector in drawn for value in vector}) > 140
    assert len({tuple(vector) for vector in drawn}) == 50


@pytest.mark.parametrize(("scale", "half"), [(27.2, 53), (10.0, 20), (1e6, 1_959_964)])
def test_half_widths_are_the_normal_ones(scale: float, half: int) -> None:
    assert measure.half_width(scale, 0.95) == pytest.approx(half, abs=1)


@pytest.mark.parametrize("half", [0, 0.5, 1, 7.3, 20, 999, 1001, 50_000])
def test_the_scale_within_a_half_width_gives_it_back(half: float) -> None:
    scale = measure.scale_within(half, 0.95)
    assert measure.half_width(scale, 0.95) <= half
    assert measure.half_width(scale * 1.1, 0.95) > half - 1


def test_epsilon_is_the_papers_size() -> None:
    for rho, expected in ((0.05, 1.47), (0.1, 2.14), (0.2, 3.13), (0.5, 5.22)):  # as measured on OpenDP 0.16
        assert measure.epsilon(rho, 1e-6) == pytest.approx(expected, abs=0.01)
    assert measure.epsilon(0, 1e-6) == 0


def test_no_scale_means_no_measurement() -> None:
    for scale in (float("nan"), float("inf"), -1.0):
        with pytest.raises(OpenDPException):
            measure.measurement(scale, 1)
