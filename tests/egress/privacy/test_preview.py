"""From a wanted accuracy to rho and back, without data or OpenDP; words and steps to act on."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.privacy import measure
from egress.privacy.keys import Plain
from egress.privacy.ladder import SIZES, WRONG, by_size, found_out, ladder, worth_telling
from egress.privacy.preview import DEFAULT_SHARE, Preview, preview
from egress.privacy.spec import DpKey, DpSpec, Kind, OutputColumn, Shape, Statistic
from hub.policy.verdict import Refusal
from tests.egress.query.extracts import rules

RULES = rules()
CAP = RULES.privacy.value.source_cap_rho
KEY = DpKey(Plain("t.sex"), ("F", "M"))
ROWS = Statistic(Kind.ROWS)
TOTAL = Statistic(Kind.TOTAL, "t.cost", -2, 0, 100_000, 50_000)
VALUES = Statistic(Kind.VALUES, "t.cost")
MIDDLE = Statistic(Kind.QUANTILE, "t.cost", -2, share=(1, 2), candidates=tuple(range(0, 100_001, 5000)))
SEX = OutputColumn("sex", Shape.KEY, (0,))


def made(statistics: tuple[Statistic, ...], *columns: OutputColumn, most: int = 3) -> DpSpec:
    return DpSpec("s", ("t",), (), "pid", most, (KEY,), None, statistics, (SEX, *columns))


COUNT = made((ROWS,), OutputColumn("n", Shape.COUNT, (0,)))
FULL = made(
    (ROWS, Statistic(Kind.PERSONS), TOTAL, VALUES, MIDDLE),
    OutputColumn("n", Shape.COUNT, (0,)),
    OutputColumn("p", Shape.COUNT, (1,)),
    OutputColumn("m", Shape.MEAN, (2, 3)),
    OutputColumn("s", Shape.SHARE, (1, 0), 100),
    OutputColumn("q", Shape.QUANTILE, (4,)),
)
MEAN = made((TOTAL, VALUES), OutputColumn("m", Shape.MEAN, (0, 1)))


def shown(spec: DpSpec, rho: str | None = None, within: float | None = None) -> Preview:
    seen = preview(spec, RULES, None if rho is None else Decimal(rho), within=within)
    assert isinstance(seen, Preview), seen
    return seen


@pytest.mark.parametrize("spec", [COUNT, FULL, MEAN])
def test_what_is_shown_is_what_is_drawn(spec: DpSpec) -> None:
    seen = shown(spec, "0.05")
    assert seen.noise.scales == tuple(scale for scale, _ in measure.plan(spec, 50_000_000))
    assert seen.noise.epsilon == pytest.approx(1.4716, abs=1e-3)
    assert [one.name for one in seen.columns] == [one.name for one in spec.columns[1:]]


@settings(max_examples=60, deadline=None)
@given(st.floats(5, 1e5))
def test_a_wanted_half_width_is_met_at_the_least_rho(within: float) -> None:
    seen = preview(COUNT, RULES, within=within)
    if isinstance(seen, Refusal):
        return
    assert seen.noise.half_widths[0] <= within
    nano = seen.noise.nano_rho
    if nano > 1000:
        less = shown(COUNT, str(Decimal(int(nano * 0.9)) / 10**9))
        assert less.noise.half_widths[0] >= int(within)


def test_the_worst_count_decides_and_other_columns_pay_as_much() -> None:
    seen = shown(FULL, within=60)
    assert max(seen.noise.half_widths[:2]) <= 60
    assert seen.rho == 5 * shown(COUNT, within=60).rho


def test_without_counts_the_ones_below_a_mean_are_meant() -> None:
    assert shown(MEAN, within=100).noise.half_widths[1] <= 100


@pytest.mark.parametrize("within", [0.99, 0, -1, float("nan"), float("inf")])
def test_a_half_width_that_is_none_is_refused(within: float) -> None:
    found = preview(COUNT, RULES, within=within)
    assert isinstance(found, Refusal)
    assert found.rule == "dp.within"


def test_what_costs_more_than_the_cap_says_what_it_would_cost() -> None:
    found = preview(COUNT, RULES, within=1)
    assert isinstance(found, Refusal)
    assert "would cost rho" in str(found.reason)
    quantile = made((MIDDLE,), OutputColumn("q", Shape.QUANTILE, (0,)))
    assert isinstance(preview(quantile, RULES, within=10), Refusal)


def test_without_a_wish_a_fixed_share_is_taken() -> None:
    assert shown(COUNT).rho == CAP / DEFAULT_SHARE


# -- steps, sizes, words


def test_more_rho_is_never_less_exact_and_the_asked_one_is_a_step() -> None:
    seen = shown(FULL, "0.037")
    steps = ladder(seen, RULES)
    assert seen.rho in [step.rho for step in steps]
    assert steps[-1].rho == CAP
    assert len(steps) >= 8
    for less, more in pairwise(steps):
        assert less.rho < more.rho
        assert less.epsilon < more.epsilon
        assert (less.columns[0].half_width or 0) >= (more.columns[0].half_width or 0)
        assert (less.columns[4].ranks or 0) >= (more.columns[4].ranks or 0)


def test_a_mean_gets_exact_as_its_group_grows() -> None:
    told = by_size(MEAN, shown(MEAN, "0.5").noise, MEAN.columns[1])
    assert [size for size, _ in told] == list(SIZES)
    small, middle, large = (half for _, half in told)
    assert middle is not None
    assert large is not None
    assert small is None or small > middle
    # rho 0.25 and 3 rows of a person: scale 3/√0.5, of the sum 500 times that; a mean of ±500 has its count's as well
    scale = 3 / 0.5**0.5
    assert large == pytest.approx(1.96 * 500 * (scale**2 + (scale + 0.5) ** 2) ** 0.5 / 10_000, rel=0.01)


def test_a_share_is_told_in_its_own_unit() -> None:
    column = FULL.columns[4]
    told = dict(by_size(FULL, shown(FULL, "0.5").noise, column))
    assert told[10_000] is not None
    assert 0 < told[10_000] < 1  # per cent


def test_a_mean_of_a_group_within_its_noise_is_not_told() -> None:
    assert by_size(MEAN, shown(MEAN, "0.00001").noise, MEAN.columns[1])[0] == (100, None)


def test_a_group_is_worth_telling_when_noise_is_a_tenth_of_it() -> None:
    seen = shown(COUNT, "0.05")
    (count,) = seen.columns
    assert count.half_width is not None
    assert worth_telling(count) == 10 * count.half_width


def test_who_looks_for_a_person_finds_few_more_than_by_chance() -> None:
    assert found_out(1e-9) == pytest.approx(WRONG, abs=0.001)
    values = [found_out(rho) for rho in (0.001, 0.01, 0.05, 0.5, 2, 20)]
    assert values == sorted(values)
    assert 0.09 < found_out(0.05) < 0.15  # the Gaussian's own is 0.092
    assert found_out(50) > 0.99


def test_nothing_of_opendp_is_loaded_for_a_preview() -> None:
    program = "import sys, egress.privacy.ladder; sys.exit('opendp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
