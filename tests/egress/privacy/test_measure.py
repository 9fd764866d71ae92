"""OpenDP's noise and charge: its map against ours, the declared distribution, the declared accuracy."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opendp.domains import atom_domain, vector_domain
from opendp.metrics import symmetric_distance
from opendp.mod import OpenDPException
from opendp.transformations import make_count_by_categories
from scipy.special import logsumexp
from scipy.stats import chi2

from egress.privacy import measure
from egress.privacy.filters import OneOf
from egress.privacy.scores import scores
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
    counting: Any = make_count_by_categories(*rows, ["a", "b"], MO="L2Distance<f64>")
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
    one, other = (vectors(asked, {"t": tmp_path / side / "t.dp.parquet"})[0][0] for side in ("with", "without"))
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


# -- the declared distribution; each test rejects the right one with probability 1e-6

RARE = 1e-6


def _chi_square(found: Counter[int], masses: Mapping[int, float], draws: int) -> None:
    """Pearson's test over places that are expected 8 times at least, all others as one."""
    expected = {place: mass * draws for place, mass in masses.items() if mass * draws >= 8}
    left = draws - sum(expected.values())
    terms = [(found[place] - mean) ** 2 / mean for place, mean in expected.items()]
    if left >= 1:
        terms.append((draws - sum(found[place] for place in expected) - left) ** 2 / left)
    assert sum(terms) < chi2.isf(RARE, len(terms) - 1)


@pytest.mark.parametrize("scale", [0.4, 1.0, 3.3, 11.2])
def test_noise_is_the_discrete_gaussian(scale: float) -> None:
    places = range(-math.ceil(9 * scale), math.ceil(9 * scale) + 1)
    weights = {place: math.exp(-(place**2) / (2 * scale**2)) for place in places}
    total = sum(weights.values())
    drawn = Counter(value + 2**61 for value in measure.noisy([-(2**61)] * 6000, scale))
    _chi_square(drawn, {place: weight / total for place, weight in weights.items()}, 6000)


@pytest.mark.parametrize("scale", [400.0, 5e7, 2.0**50])
def test_noise_of_a_large_scale_is_normal(scale: float) -> None:
    drawn = sorted(measure.noisy([0] * 6000, scale))
    normal = NormalDist(0, scale)
    step = 0.4 / scale  # half a unit, times the density
    furthest = max(abs((at + 0.5) / 6000 - normal.cdf(value)) for at, value in enumerate(drawn))
    assert furthest < math.sqrt(math.log(2 / RARE) / (2 * 6000)) + 0.5 / 6000 + step  # Massart's bound


@pytest.mark.parametrize("counts", [[4, 0, 3, 9, 1], [0, 0, 0, 0, 0], [50, 1, 1, 1, 50]])
def test_picks_are_of_the_exponential_mechanism(counts: list[int]) -> None:
    scale = 6.0
    weights = [math.exp(-score / scale) for score in scores(counts, MEDIAN.share)]
    picks = Counter(measure.chosen(counts * 6000, MEDIAN, scale))
    _chi_square(picks, {at: weight / sum(weights) for at, weight in enumerate(weights)}, 6000)


@pytest.mark.parametrize("edge", [2**62, -(2**62)])
def test_noise_beside_the_largest_sums_stays_in_64_bits(edge: int) -> None:
    drawn = measure.noisy([edge] * 4000, measure._MAX_SCALE)
    assert all(abs(value - edge) < 7 * measure._MAX_SCALE for value in drawn)
    assert all(-(2**63) < value < 2**63 - 1 for value in drawn)


# -- the charge of every kind

MEDIAN = Statistic(Kind.QUANTILE, "t.cost", 0, 0, 4, share=(1, 2), candidates=(0, 1, 2, 3, 4))
CONDITION = OneOf("t.sex", ("F",))
KINDS = [
    (Statistic(Kind.ROWS), MOST**2),
    (Statistic(Kind.ROWS, where=CONDITION), MOST**2),
    (Statistic(Kind.VALUES, "t.cost"), MOST**2),
    (Statistic(Kind.PERSONS), 2),  # min(3 rows, 2 cells)
    (Statistic(Kind.PERSONS, where=CONDITION), 2),
    (Statistic(Kind.TOTAL, "t.cost", 0, -7, 5), (MOST * 7) ** 2),
    (Statistic(Kind.TOTAL, "t.cost", 0, 10, 20, 15), (MOST * 5) ** 2),
    (Statistic(Kind.TOTAL, "t.cost", 0, 0, 5, where=CONDITION), (MOST * 5) ** 2),
    (MEDIAN, MOST**2),
    (replace(MEDIAN, share=(9, 10)), (MOST * 9) ** 2),
]


@pytest.mark.parametrize(("statistic", "squared"), KINDS, ids=lambda value: getattr(value, "kind", None))
@pytest.mark.parametrize("scale", [0.7, 6.0, 1234.5])
def test_the_charge_is_opendps_map_of_the_proved_sensitivity(statistic: Statistic, squared: int, scale: float) -> None:
    rho = squared / (2 * Fraction(scale) ** 2) * measure.NANO
    charged = measure.cost(statistic, scale, MOST, 2)
    assert rho <= charged <= rho * (1 + Fraction(1, 10**9)) + 2


def test_the_map_of_a_pick_is_superadditive_so_one_cell_is_the_worst() -> None:
    """All ways to put k rows into cells cost no more than all of them in one."""
    exact = measure.selection(3.7)
    for rows in range(2, 9):
        for parts in _partitions(rows):
            apart = sum(Fraction(exact.map(part * 5)) for part in parts)
            assert apart <= Fraction(exact.map(rows * 5))


def _partitions(rows: int, most: int | None = None) -> Iterator[tuple[int, ...]]:
    if rows == 0:
        yield ()
    for first in range(min(rows, most or rows), 0, -1):
        for rest in _partitions(rows - first, first):
            yield (first, *rest)


def test_a_pick_is_as_private_as_its_map_says() -> None:
    """OpenDP's issue 2911 was a map too small. Rényi divergences of the exact distributions, which the test above finds
    in OpenDP's draws, lie below order times map for neighbours at the bound, and above half of it for the worst."""
    scale, d_in = 4.0, 3
    rho = measure.selection(scale).map(d_in)
    worst = 0.0
    for many in (2, 3, 50, 5000):
        for middle in (-60, -12, -6, 0, 6, 12):
            here = _softmin([0] + [middle] * (many - 1), scale)
            there = _softmin([d_in] + [middle - d_in] * (many - 1), scale)
            for order in (1.01, 1.5, 2, 4, 16, 64):
                for one, other in ((here, there), (there, here)):
                    apart = float(logsumexp(order * one + (1 - order) * other))
                    worst = max(worst, apart / (order - 1) / order / rho)
    assert 0.9 < worst <= 1 + 1e-9


def _softmin(costs: list[int], scale: float) -> np.ndarray:
    """The logarithms of the probabilities."""
    logs = -np.array(costs) / scale
    return logs - logsumexp(logs)


def test_neighbours_of_a_pick_are_as_hard_to_tell_apart_as_charged() -> None:
    """One person's k rows in one cell, there or not, through the draws themselves."""
    few, draws, delta = [30, 0, 0, 0, 30 - MOST], 6000, 0.01
    many = [30, 0, 0, 0, 30]
    scale = measure.plan(replace(TABLE, statistics=(MEDIAN,)), 100_000_000)[0][0]
    factor = math.exp(measure.epsilon(0.1, delta))
    here, there = (Counter(measure.chosen(counts * draws, MEDIAN, scale)) for counts in (many, few))
    for places in ((0,), (4,), (0, 1), (0, 4), (1, 2, 3)):
        one, other = (sum(found[place] for place in places) / draws for found in (here, there))
        assert one <= factor * other + delta + 5 / math.sqrt(draws)
        assert other <= factor * one + delta + 5 / math.sqrt(draws)


def test_this_is_the_opendp_that_was_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    measure.smoke()
    monkeypatch.setattr(measure, "OPENDP", "0.17.")
    with pytest.raises(ValueError, match="version"):
        measure.smoke()


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
