"""Telling neighbours apart: extracts with and without one person, packed as the enclave packs, and OpenDP's draws.

The person is the worst that the limits allow. Whoever guesses from one release whether they are in it, by the best
rule there is, is right more often than wrong by the total variation between the two distributions. For discrete
Gaussian noise of charge rho that is at most 2 Φ(√(2 rho)/2) − 1; for a noisy max, whose log-odds one person moves by
2 √(2 rho) in all, at most tanh(√(2 rho)/2). Each statistic is drawn for rho 1: there half the noise cannot hide.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from egress.privacy import measure
from egress.privacy.costs import sensitivity
from egress.privacy.files import files
from egress.privacy.ols import OlsSpec, read_ols
from egress.privacy.ols_draw import cross_products
from egress.privacy.spec import Statistic
from egress.privacy.vectors import vectors
from hub.extracts.manifest import Manifest
from tests.egress.privacy import clinic
from tests.egress.privacy.clinic import VISITS, spec
from tests.egress.privacy.test_exact import JOINS, KEYS, MEASURES, WHERES

DRAWS = 2500
SLACK = 5 / math.sqrt(DRAWS)
# A pick goes through hundreds of candidates: fewer of them.
PICKS = 1200
NANO_RHO = 10**9
NOISE = 2 * NormalDist().cdf(math.sqrt(2) / 2) - 1
PICK = math.tanh(math.sqrt(2) / 2)

Rows = Sequence[Mapping[str, Any]]
World = tuple[Path, Manifest]

JOINED = "FROM visit v JOIN person p USING (pid) JOIN site s ON s.site_id = v.site_id"
RELEASES = {
    "rows": "SELECT kind, count(*) AS n FROM visit GROUP BY kind",
    "rows of all": "SELECT count(*) AS n FROM visit",
    "rows under a condition": "SELECT kind, count(*) FILTER (WHERE cost > 500) AS n FROM visit GROUP BY kind",
    "rows that one person has": "SELECT count(*) AS n FROM visit WHERE nights = 60 AND cost = 1000",
    "persons": "SELECT kind, count(DISTINCT pid) AS n FROM visit GROUP BY kind",
    "persons of all": "SELECT count(DISTINCT pid) AS n FROM visit",
    "persons under a condition": "SELECT count(DISTINCT pid) FILTER (WHERE cost > 500) AS n FROM visit",
    "present values": "SELECT count(cost) AS n FROM visit",
    "sum": "SELECT kind, sum(cost) AS s FROM visit GROUP BY kind",
    "sum below zero": "SELECT sum(nights) AS s FROM visit",
    "mean": "SELECT kind, avg(cost) AS m FROM visit GROUP BY kind",
    "share": "SELECT kind, avg(CASE WHEN cost > 500 THEN 1 ELSE 0 END) AS share FROM visit GROUP BY kind",
    "joined": f"SELECT p.sex, s.size, count(*) AS n, sum(v.cost) AS c {JOINED} GROUP BY ALL",
    "left": "SELECT sex, count(*) AS n, sum(cost) AS c FROM person p LEFT JOIN visit USING (pid) GROUP BY sex",
    "computed keys": "SELECT floor(nights / 10) * 10 AS b, month(day) AS m, count(*) AS n FROM visit GROUP BY ALL",
    "labels": "SELECT CASE WHEN cost < 100 THEN 'low' ELSE 'high' END AS c, count(*) AS n FROM visit GROUP BY ALL",
}


def visit(at: int, kind: str = "a", pid: str = "worst", **more: Any) -> dict[str, Any]:
    day = date(2022, 1, 5)
    return {"pid": pid, "visit_id": 9000 + at, "kind": kind, "site_id": 1, "day": day, "paid": True, **more}


# With the largest values, the smallest, spread over cells, and with what should count for nothing or be clamped.
WORST: dict[str, Rows] = {
    "nobody": [],
    "large": [visit(at, cost=1000.0, nights=60) for at in range(VISITS)],
    "small": [visit(at, cost=0.0, nights=-5) for at in range(VISITS)],
    "spread": [visit(at, kind, cost=1000.0, nights=60) for at, kind in enumerate("abc")],
    "odd": [visit(at, cost=cost, nights=10**9) for at, cost in enumerate([math.inf, math.nan, 1e300])],
}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, World]:
    """The same extract without and with each of the worst. What packing refuses is packed by hand."""
    made = {}
    for name, more in WORST.items():
        found, folder = clinic.rows(11), tmp_path_factory.mktemp("worlds") / name
        person = [{"pid": "worst", "sex": "F", "born": date(1980, 1, 1), "ill": True, "height": 250.0}] if more else []
        site = [{"site_id": 1, "public": True, "size": "big", "beds": 4}, *found["site"][1:]]
        tables: dict[str, Rows] = {
            "visit": [*found["visit"], *more],
            "person": [*found["person"], *person],
            "site": site,
        }
        made[name] = folder, clinic.extract(folder, tables, enclave=name != "odd")
    return made


def advantage(here: np.ndarray, there: np.ndarray) -> float:
    """How much more often than wrong the best threshold on one number is right."""
    cuts = np.unique(np.concatenate([here, there]))
    above = [1 - np.searchsorted(np.sort(side), cuts, side="right") / len(side) for side in (here, there)]
    return float(np.max(np.abs(above[0] - above[1])))


def told(pair: tuple[Sequence[int], Sequence[int]], scale: float) -> float:
    """The advantage of whoever knows both exact vectors and sees one noisy one. Where they agree, nothing is told."""
    moved = [(one, other) for one, other in zip(*pair, strict=True) if one != other]
    apart = np.array([other - one for one, other in moved], dtype=np.float64)
    seen = []
    for vector in zip(*moved, strict=True):
        drawn = np.array(measure.noisy(list(vector) * DRAWS, scale), dtype=np.float64).reshape(DRAWS, -1)
        seen.append((drawn - [one for one, _ in moved]) @ apart)
    return advantage(seen[0], seen[1])


def scale_of(d_in: float) -> float:
    return measure.scale_for(NANO_RHO, d_in, 1)


@pytest.mark.parametrize("release", RELEASES)
def test_no_release_tells_more_of_a_person_than_is_charged(worlds: dict[str, World], release: str) -> None:
    """And for each of its statistics half the noise would be found, by somebody among the worst."""
    asked = spec(RELEASES[release])
    exact = {name: vectors(asked, files(asked, manifest, folder)) for name, (folder, manifest) in worlds.items()}
    for at, one in enumerate(asked.statistics):
        d_in = sensitivity(one, asked.rows_per_person, asked.cells)
        furthest, pair = 0.0, (exact["nobody"][at], exact["nobody"][at])
        for name in WORST:
            moved = math.dist(exact["nobody"][at], exact[name][at])
            assert moved <= d_in * (1 + 1e-12), name
            if moved > furthest:
                furthest, pair = moved, (exact["nobody"][at], exact[name][at])
        assert told(pair, scale_of(d_in)) <= NOISE + SLACK, one
        assert told(pair, scale_of(d_in) / 2) > NOISE + SLACK, one


FORMS = [
    f"SELECT kind, {', '.join(f'{one} AS m{at}' for at, one in enumerate(MEASURES.values()))} FROM visit GROUP BY kind",
    *(
        f"SELECT {key} AS k, count(*) AS n, count(DISTINCT pid) AS p, sum(cost) AS c FROM visit GROUP BY 1"
        for key in KEYS
    ),
    *(f"SELECT count(*) AS n, count(DISTINCT pid) AS p, sum(cost) AS c FROM visit WHERE {where}" for where in WHERES),
    *JOINS,
]


def test_no_form_of_query_is_moved_further_than_its_sensitivity(worlds: dict[str, World]) -> None:
    """Whatever can be asked, as `test_exact` lists it: nobody's rows reach beyond what is charged for."""
    for sql in FORMS:
        asked = spec(sql)
        without, *others = (
            vectors(asked, files(asked, worlds[name][1], worlds[name][0])) for name in ("nobody", "large", "odd")
        )
        for at, one in enumerate(asked.statistics):
            d_in = sensitivity(one, asked.rows_per_person, asked.cells)
            assert max(math.dist(without[at], other[at]) for other in others) <= d_in * (1 + 1e-12), sql


def test_a_person_counted_twice_would_be_found(worlds: dict[str, World]) -> None:
    asked = spec(RELEASES["sum"])
    without, with_ = (
        vectors(asked, files(asked, manifest, folder))[0] for folder, manifest in (worlds["nobody"], worlds["large"])
    )
    twice = tuple(2 * more - less for less, more in zip(without, with_, strict=True))
    scale = scale_of(sensitivity(asked.statistics[0], asked.rows_per_person, asked.cells))
    assert told((without, twice), scale) > NOISE + SLACK


def test_a_regression_tells_no_more_of_a_person_than_is_charged(worlds: dict[str, World]) -> None:
    made = read_ols("visit", "cost", ("nights", "kind", "paid"), "site_id < 5", clinic.manifest())
    assert isinstance(made, OlsSpec)
    found = {}
    for name, (folder, manifest) in worlds.items():
        found[name] = cross_products(made, files(made.base, manifest, folder)["visit"])
        assert math.dist(found["nobody"], found[name]) <= made.sensitivity, name
    pair = max(((found["nobody"], other) for other in found.values()), key=lambda pair: math.dist(*pair))
    scale = scale_of(float(made.sensitivity))
    assert told(pair, scale) <= NOISE + SLACK
    assert told(pair, scale / 2) > NOISE + SLACK


# Rows so placed that one person's three, all above, take the favour from the many candidates below to the few above.
QUANTILES = {
    "median": ("SELECT median(cost) AS q FROM visit", {850.0: 3}),
    "nine tenths": ("SELECT quantile_cont(cost, 0.9) AS q FROM visit", {0.0: 21, 850.0: 6}),
    "of a part": ("SELECT median(cost) FILTER (WHERE paid) AS q FROM visit", {850.0: 3}),
}


@pytest.mark.parametrize("release", QUANTILES)
def test_no_quantile_tells_more_of_a_person_than_is_charged(tmp_path: Path, release: str) -> None:
    sql, base = QUANTILES[release]
    asked = spec(sql)
    (one,) = asked.statistics
    values = [value for value, many in base.items() for _ in range(many)]
    rest = [visit(at, pid=f"p{at}", cost=value) for at, value in enumerate(values)]
    more = [visit(100 + at, cost=1000.0) for at in range(VISITS)]
    exact: list[Sequence[int]] = []
    for name, visits in (("without", rest), ("with", [*rest, *more])):
        persons = [{"pid": pid} for pid in dict.fromkeys(row["pid"] for row in visits)]
        manifest = clinic.extract(tmp_path / name, {"visit": visits, "person": persons, "site": []}, enclave=True)
        exact += vectors(asked, files(asked, manifest, tmp_path / name))
    ((scale, _),) = measure.plan(asked, NANO_RHO)
    slack = 5 / math.sqrt(PICKS)
    assert picked(one, exact, scale) <= PICK + slack
    assert picked(one, exact, scale / 2) > PICK + slack


def picked(one: Statistic, pair: Sequence[Sequence[int]], scale: float) -> float:
    here, there = (np.array(measure.chosen(list(counts) * PICKS, one, scale), dtype=np.float64) for counts in pair)
    return advantage(here, there)
