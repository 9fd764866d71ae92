"""What is told of a regression before it is drawn, held against draws on data of the plain case that the words name."""

from __future__ import annotations

import math

import numpy as np
import pytest

from egress.privacy import costs
from egress.privacy.ols import UNIT, OlsSpec, read_ols
from egress.privacy.ols_fit import fit
from egress.privacy.ols_preview import SIZES, foreseen
from tests.egress.privacy.releases import manifest_of

NANO = 10**9


def spec(*predictors: str) -> OlsSpec:
    found = read_ols("t", "cost", predictors, None, manifest_of())
    assert isinstance(found, OlsSpec)
    return found


def plain(asked: OlsSpec, rows: int, random: np.random.Generator) -> list[int]:
    """Exact products of rows whose grade spreads evenly, with both sexes alike and a cost that depends on nothing."""
    z = np.column_stack([np.ones(rows), random.uniform(-1, 1, rows), random.integers(0, 2, rows), np.zeros(rows)])
    steps = np.rint(z * UNIT)
    return [int(steps[:, i] @ steps[:, j]) for i, j in asked.products]


def drawn(asked: OlsSpec, rows: int, nano_rho: int, random: np.random.Generator) -> list[tuple[float, ...] | None]:
    scale = costs.scale_for(nano_rho, float(asked.sensitivity))
    found = []
    for _ in range(200):
        exact = plain(asked, rows, random)
        noisy = [int(one) for one in np.rint(np.array(exact) + random.normal(0, scale, len(exact)))]
        made = fit(asked, noisy, scale, 0.95)
        found.append(None if made is None else made.estimates)
    return found


def test_noise_reaches_as_far_as_was_said() -> None:
    asked, random = spec("grade", "sex"), np.random.default_rng(5)
    told = foreseen(asked, NANO // 10, 0.95)
    (rows,) = [rows for rows, half in told[1].groups if rows == 10_000 and half is not None]
    estimates = np.array([made for made in drawn(asked, rows, NANO // 10, random) if made is not None])
    assert len(estimates) == 200
    for at in (1, 2):
        half = dict(told[at].groups)[rows]
        assert half is not None
        assert 0.9 <= float(np.mean(np.abs(estimates[:, at]) <= half)) <= 0.99


def test_coefficients_are_told_from_about_so_many_rows_on() -> None:
    asked, random = spec("grade", "sex"), np.random.default_rng(6)
    least = foreseen(asked, NANO // 10, 0.95)[0].worth_from
    assert least is not None
    told = [
        sum(made is not None for made in drawn(asked, math.ceil(least * share), NANO // 10, random))
        for share in (0.5, 1, 2)
    ]
    assert told[0] < 20
    assert 20 < told[1] < 180
    assert told[2] > 180


@pytest.mark.parametrize("predictors", [("grade",), ("sex", "site", "insured"), ("grade", "site")])
def test_more_rho_tells_more(predictors: tuple[str, ...]) -> None:
    asked = spec(*predictors)
    poor, rich = foreseen(asked, NANO // 100, 0.95), foreseen(asked, NANO, 0.95)
    assert [one.name for one in poor] == list(asked.terms)
    assert {one.shape for one in poor} == {"coefficient"}
    for less, more in zip(poor, rich, strict=True):
        assert less.worth_from is not None
        assert more.worth_from is not None
        assert less.worth_from > more.worth_from >= len(asked.terms) + 10
        assert [rows for rows, _ in less.groups] == list(SIZES)
        for (rows, wide), (_, narrow) in zip(less.groups, more.groups, strict=True):
            assert (wide is None) == (rows < less.worth_from)
            if wide is not None and narrow is not None:
                assert wide == pytest.approx(10 * narrow, rel=1e-6)


def test_few_degrees_of_freedom_are_too_few_whatever_the_rho() -> None:
    one = foreseen(spec("grade"), 10**9 * 100, 0.95)[0]
    assert one.worth_from is not None
    assert one.worth_from >= 12
