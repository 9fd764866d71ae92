"""What leaves the worker process itself: thousands of released numbers against the distribution that was charged for.

Scales are worked out here by hand from rho and the catalogue's bounds. Each test rejects the right distribution with
probability 1e-6 or less.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from egress.privacy.child import ask, ask_all
from egress.privacy.files import files
from egress.privacy.ols import UNIT, OlsSpec, read_ols
from egress.privacy.ols import to_json as ols_to_json
from egress.privacy.read import read
from egress.privacy.scores import scores
from egress.privacy.spec import DpSpec, Kind, to_json
from egress.query.model import Query
from egress.query.parse import parse
from hub.extracts.manifest import Manifest
from tests.egress.query.extracts import pack_numbered

RARE = 1e-6
CELLS, MOST = 4000, 3
NANO_RHO = 400_000_000  # 0.1 for each of four statistics
TABLE = {
    "source": {"name": "s", "person_key": "pid"},
    "tables": {
        "t": {
            "rows_per_person": MOST,
            "columns": {
                "code": {"type": "integer", "description": "d", "bounds": [1, CELLS]},
                "few": {"type": "integer", "description": "d", "bounds": [0, 2]},
                "some": {"type": "integer", "description": "d", "bounds": [0, 4]},
            },
        }
    },
}
World = tuple[Path, Manifest]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """In each cell the same: one person's two rows and another's one, worth 2, 2 and 0."""
    folder = tmp_path_factory.mktemp("drawn") / "extract"
    rows = [(f"p{code}", code, 2, 0) for code in range(1, CELLS + 1) for _ in range(2)]
    rows += [(f"q{code}", code, 0, 3) for code in range(1, CELLS + 1)]
    columns = zip(*rows, strict=True)
    return folder, pack_numbered(folder, TABLE, {"t": dict(zip(("pid", "code", "few", "some"), columns, strict=True))})


def asked(world: World, sql: str) -> DpSpec:
    query = parse(sql, world[1].catalogue, frozenset({"t"}))
    assert isinstance(query, Query), query
    spec = read(query, world[1])
    assert isinstance(spec, DpSpec), spec
    return spec


def request(world: World, spec: DpSpec, nano_rho: int) -> Mapping[str, Any]:
    paths = {table: str(path) for table, path in files(spec, world[1], world[0]).items()}
    how = {"nano_rho": nano_rho, "delta": 1e-6, "confidence": 0.95, "files": paths}
    return {"act": "draw", "spec": to_json(spec), **how}


def gaussian(squared: Fraction, reach: int) -> dict[int, float]:
    """The discrete Gaussian of scale √`squared` on whole numbers within ±`reach`."""
    weights = {place: math.exp(-(place**2) / (2 * float(squared))) for place in range(-reach, reach + 1)}
    total = sum(weights.values())
    return {place: weight / total for place, weight in weights.items()}


def fits(found: Sequence[int], masses: Mapping[int, float]) -> bool:
    """Pearson's test over places that are expected 8 times at least, all others as one."""
    counts, draws = Counter(found), len(found)
    expected = {place: mass * draws for place, mass in masses.items() if mass * draws >= 8}
    rest = draws - sum(expected.values())
    terms = [(counts[place] - mean) ** 2 / mean for place, mean in expected.items()]
    seen = draws - sum(counts[place] for place in expected)
    if rest >= 1:
        terms.append((seen - rest) ** 2 / rest)
    elif seen > 20:
        return False
    return sum(terms) < float(chi2.isf(RARE, len(terms) - 1))


def test_one_release_of_thousands_of_numbers(world: World) -> None:
    """Counts of rows, persons and values and a sum: each its own noise of the right size, on the right numbers."""
    sql = "SELECT code, count(*) AS n, count(DISTINCT pid) AS p, count(few) AS v, sum(few) AS s FROM t GROUP BY code"
    spec = asked(world, sql)
    told = ask(request(world, spec, NANO_RHO))
    assert NANO_RHO - 8 <= told["charged"] <= told["nano_rho"] == NANO_RHO
    # scale² = d² / (2 · 0.1), with d² of one person with three rows, exact cell
    known = {
        Kind.ROWS: (9 * 5, 3),
        Kind.PERSONS: (3 * 5, 2),
        Kind.VALUES: (9 * 5, 3),
        Kind.TOTAL: (36 * 5, 4),
    }
    noise = []
    for one, scale, noisy in zip(spec.statistics, told["scales"], told["noisy"], strict=True):
        squared, exact = known[one.kind]
        assert scale**2 == pytest.approx(squared, rel=1e-6)
        drawn = [value - exact for value in noisy]
        assert fits(drawn, gaussian(Fraction(squared), 120)), one
        assert not fits(drawn, gaussian(Fraction(squared, 4), 120)), "half the noise would pass"
        assert not fits(drawn, gaussian(Fraction(squared) * Fraction(81, 100), 120)), "a tenth less would pass"
        noise.append(np.array(drawn) / scale)
    apart = [float(np.mean(a * b)) for at, a in enumerate(noise) for b in noise[:at]]
    next_to = [float(np.mean(one[1:] * one[:-1])) for one in noise]
    assert max(map(abs, [*apart, *next_to])) < 5.5 / math.sqrt(CELLS)  # columns and cells know nothing of each other


def test_many_releases_of_few_numbers(world: World) -> None:
    """The same release again and again, as after a lost log: in one process and in two, its noise is never the same."""
    spec = asked(world, "SELECT code, count(*) AS n FROM t WHERE code <= 20 GROUP BY code")
    batches = [ask_all([request(world, spec, 100_000_000)] * 40) for _ in range(2)]
    vectors = [answer["noisy"][0] for batch in batches for answer in batch if isinstance(answer, dict)]
    assert len(vectors) == 80
    assert len({tuple(vector) for vector in vectors}) == 80
    drawn = np.array(vectors) - 3
    assert fits([int(value) for value in drawn.ravel()], gaussian(Fraction(45), 120))
    one, other = drawn[:40].ravel() / math.sqrt(45), drawn[40:].ravel() / math.sqrt(45)
    assert abs(float(np.mean(one * other))) < 5.5 / math.sqrt(len(one))


def test_picks_of_one_release(world: World) -> None:
    """Of 0, 0 and 3 the median is 0; how often it is not is the exponential mechanism's, at the scale of the charge."""
    spec = asked(world, "SELECT code, median(some) AS m FROM t GROUP BY code")
    nano_rho = 500_000_000
    told = ask(request(world, spec, nano_rho))
    (scale,) = told["scales"]
    assert scale == pytest.approx(MOST / math.sqrt(2 * 0.5), rel=1e-6)
    assert nano_rho - 4 <= told["charged"] <= nano_rho
    costs = scores([2, 0, 0, 1, 0], (1, 2))

    def masses(of: float) -> dict[int, float]:
        weights = [math.exp(-cost / of) for cost in costs]
        return {at: weight / sum(weights) for at, weight in enumerate(weights)}

    (picks,) = told["noisy"]
    assert fits(picks, masses(scale))
    assert not fits(picks, masses(scale / 2))


def test_cross_products_of_many_regressions(world: World) -> None:
    spec = read_ols("t", "few", ("some",), None, world[1])
    assert isinstance(spec, OlsSpec)
    paths = {table: str(path) for table, path in files(spec.base, world[1], world[0]).items()}
    act = {"act": "ols", "spec": ols_to_json(spec), "nano_rho": 500_000_000, "delta": 1e-6, "files": paths}
    drawn = np.array([answer["noisy"] for answer in ask_all([act] * 100) if isinstance(answer, dict)], dtype=np.float64)
    assert drawn.shape == (100, 6)
    # z = (1, (some - 2) / 2, few - 1), and one row moves six products by 1 at most
    z = np.array([[1, -1, 1], [1, -1, 1], [1, 0.5, -1]])
    exact = [CELLS * float(z[:, i] @ z[:, j]) for i, j in spec.products]
    noise = np.sort(((drawn / UNIT**2 - exact) / (MOST * math.sqrt(6))).ravel())
    for of, held in ((1.0, True), (0.5, False)):
        normal = NormalDist(0, of)
        furthest = max(abs((at + 0.5) / len(noise) - normal.cdf(value)) for at, value in enumerate(noise))
        assert (furthest < math.sqrt(math.log(2 / RARE) / (2 * len(noise)))) is held  # Massart's bound


def test_planted_persons_and_rows_come_out_as_they_were_planted(world: World) -> None:
    """With next to no noise: 3 rows and 2 persons in each cell; 8000 persons and 12 000 rows in all."""
    for sql, truth in (
        ("SELECT code, count(*) AS n, count(DISTINCT pid) AS p FROM t GROUP BY code", {"rows": 3, "persons": 2}),
        ("SELECT count(*) AS n, count(DISTINCT pid) AS p FROM t", {"rows": 3 * CELLS, "persons": 2 * CELLS}),
        ("SELECT count(*) AS n, count(DISTINCT pid) AS p FROM t WHERE few = 2", {"rows": 2 * CELLS, "persons": CELLS}),
    ):
        spec = asked(world, sql)
        told = ask(request(world, spec, 2 * 10**12))
        for one, noisy in zip(spec.statistics, told["noisy"], strict=True):
            assert set(noisy) == {truth[one.kind]}
