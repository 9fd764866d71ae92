"""The marginals behind synthetic rows: counted exactly, moved by one person as told, charged as OpenDP charges."""

from __future__ import annotations

import importlib.util
import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from egress.privacy import measure
from egress.privacy.child import ask, limits_in_force
from egress.privacy.confine import Limits
from egress.privacy.failure import PrivacyError
from egress.privacy.synthetic import NULL, Algorithm, SyntheticSpec, to_json
from egress.privacy.synthetic_draw import counts, fixed
from egress.privacy.synthetic_read import read_synthetic
from egress.privacy.synthetic_told import read_answer, synthetic_told
from hub.policy.files import policies_dir
from tests.egress.privacy.releases import MOST, extract, manifest_of

RHO = 500_000_000  # 0.5
LIMITS = Limits(600, 4096, 2, 20_000)
FITTED = pytest.mark.skipif(
    importlib.util.find_spec("mbi") is None, reason="bulle's extra [synthetic] is not installed"
)


def asked(*columns: str, rows: int = 500, algorithm: str = "fixed") -> SyntheticSpec:
    spec = read_synthetic("t", columns, rows, algorithm, manifest_of())
    assert isinstance(spec, SyntheticSpec), spec
    return spec


def file(folder: Path, rows: Sequence[dict[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    return folder / extract(folder, rows).bounded["t"].file


def tables(spec: SyntheticSpec, vector: Sequence[int]) -> dict[tuple[int, ...], list[int]]:
    """The vector, cut into its marginals."""
    rest, found = list(vector), {}
    for marginal in spec.marginals:
        found[marginal], rest = rest[: spec.cells(marginal)], rest[spec.cells(marginal) :]
    assert rest == []
    return found


def some(random: Random, persons: int) -> list[dict[str, Any]]:
    return [
        {
            "pid": f"p{person}",
            "sex": random.choice(["F", "M", None]),
            "site": random.choice([1, 2, 3, None]),
            "insured": random.choice([True, False, None]),
            "cost": random.choice([None, 0.0, 99.95, 100.0, 1000.0, random.random() * 1000]),
            "since": random.choice([None, date(2020, 1, 1), date(2021, 12, 31), date(2022, 1, 1), date(2024, 12, 31)]),
        }
        for person in range(persons)
        for _ in range(random.randint(1, MOST))
    ]


def test_every_row_stands_in_one_cell_of_each_marginal(tmp_path: Path) -> None:
    rows = some(Random(1), 60)
    spec = asked("sex", "insured", "since", "cost")
    found = tables(spec, counts(spec, file(tmp_path, rows)))
    assert {sum(cells) for cells in found.values()} == {len(rows)}
    assert found[(0,)] == [sum(row["sex"] == sex for row in rows) for sex in ("F", "M", None)]
    pairs = Counter((row["sex"], row["insured"]) for row in rows)
    assert found[(0, 1)] == [pairs[sex, insured] for sex in ("F", "M", None) for insured in (False, True, None)]


def test_classes_are_closed_below_and_the_last_one_above(tmp_path: Path) -> None:
    costs = [0.0, 99.9999, 100.0, 899.99, 900.0, 1000.0, None]
    days = [date(2020, 1, 1), date(2021, 12, 31), date(2022, 1, 1), date(2024, 12, 31), None, None, None]
    rows = [
        {"pid": f"p{at}", "cost": cost, "since": day} for at, (cost, day) in enumerate(zip(costs, days, strict=True))
    ]
    spec = asked("since", "cost")
    found = tables(spec, counts(spec, file(tmp_path, rows)))
    assert found[(0,)] == [2, 2, 3]
    assert found[(1,)] == [2, 1, 0, 0, 0, 0, 0, 0, 1, 2, 1]


def test_what_nobody_published_is_in_the_last_place_or_the_nearest_class(tmp_path: Path) -> None:
    spec = asked("sex", "site", "insured", "cost")
    # as a file that no catalogue describes would hold them
    strange = tmp_path / "strange.parquet"
    made = {
        "sex": ["X", "'; DROP TABLE t; --", None, "F"],
        "site": [9, -1, None, 1],
        "cost": [float("nan"), math.inf, -math.inf, 2e9],
        "insured": [None, True, True, True],
    }
    pq.write_table(pa.table(made), strange)
    found = tables(spec, counts(spec, strange))
    assert found[(0,)] == [1, 0, 3]
    assert found[(1,)] == [1, 0, 0, 3]
    assert found[(2,)] == [0, 3, 1]
    assert found[(3,)] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1]


def test_an_empty_table_counts_nothing(tmp_path: Path) -> None:
    spec = asked("sex", "site")
    assert counts(spec, file(tmp_path, [])) == [0] * spec.numbers


def test_one_person_moves_the_marginals_by_the_sensitivity_at_most(tmp_path: Path) -> None:
    rows = some(Random(2), 8)
    spec = asked("sex", "site", "cost", "insured")
    whole = counts(spec, file(tmp_path / "all", rows))
    moved = []
    for person in sorted({row["pid"] for row in rows}):
        rest = counts(spec, file(tmp_path / person, [row for row in rows if row["pid"] != person]))
        moved.append(math.dist(whole, rest))
    assert 0 < max(moved) <= spec.sensitivity


def test_the_sensitivity_is_reached(tmp_path: Path) -> None:
    alike = {"sex": "F", "site": 2, "cost": 5.0}
    rows = [{"pid": "a", **alike}] * MOST
    spec = asked("sex", "site", "cost")
    moved = math.dist(counts(spec, file(tmp_path / "one", rows)), counts(spec, file(tmp_path / "none", [])))
    assert moved == pytest.approx(MOST * math.sqrt(6))
    assert moved <= spec.sensitivity < moved * (1 + 1e-12)


def test_the_charge_is_opendps_map_of_the_sensitivity_and_not_above_what_was_asked(tmp_path: Path) -> None:
    spec = asked("sex", "site", "insured")
    marginals, charged = fixed(spec, RHO, file(tmp_path, some(Random(3), 20)), LIMITS)
    scale = marginals[0].scale
    assert {one.scale for one in marginals} == {scale}
    assert charged == math.ceil(measure.measurement(scale, spec.numbers).map(spec.sensitivity) * measure.NANO)
    assert RHO - 2 <= charged <= RHO
    assert scale == pytest.approx(MOST * math.sqrt(6) / math.sqrt(2 * 0.5))


def test_the_noise_has_the_scale_that_is_told(tmp_path: Path) -> None:
    spec = asked("cost", "since", "site", "grade")
    path = file(tmp_path, some(Random(4), 30))
    exact, marginals = counts(spec, path), fixed(spec, RHO, path, LIMITS)[0]
    noisy = [value for one in marginals for value in one.noisy]
    differences = [noise - truth for noise, truth in zip(noisy, exact, strict=True)]
    spread = math.sqrt(sum(each**2 for each in differences) / len(differences))
    # a sample of n scatters by 1 / sqrt(2 n): five times that is once in two million runs
    assert spread == pytest.approx(marginals[0].scale, rel=5 / math.sqrt(2 * len(differences)))


def request(folder: Path, rows: Sequence[dict[str, Any]], spec: SyntheticSpec, **other: Any) -> dict[str, Any]:
    return {
        "act": "synthetic",
        "spec": to_json(spec),
        "nano_rho": RHO,
        "delta": 1e-6,
        "confidence": 0.95,
        "files": {"t": str(file(folder, rows))},
        **other,
    }


@FITTED
def test_rows_follow_planted_marginals_within_the_noise(tmp_path: Path) -> None:
    """The whole act, in the confined process: nine in ten of site 1 are women, of site 3 men; some are unknown."""
    random = Random(5)
    rows: list[dict[str, Any]] = []
    for person in range(3000):
        site = random.choice([1, 2, 3])
        sex = random.choices(["F", "M", None], {1: [9, 1, 1], 2: [5, 5, 1], 3: [1, 9, 1]}[site])[0]
        rows.append({"pid": f"p{person}", "site": site, "sex": sex, "cost": random.random() * 300})
    spec = asked("sex", "site", "cost", rows=3000)
    told = ask(request(tmp_path, rows, spec))
    assert told["offline"] is True
    answer = read_answer(spec, {**told, "delta": 1e-6, "confidence": 0.95})
    made = synthetic_told(spec, answer).table.rows
    assert len(made) == 3000
    half = answer.marginals[0].half_width
    truth, drawn = Counter((row["sex"], row["site"]) for row in rows), Counter(row[:2] for row in made)
    # Every cell within noise, the total's noise, and rounding: three half widths leave a chance of 1 in 10^8.
    assert all(abs(truth[cell] - drawn[cell]) <= 3 * half for cell in {*truth, *drawn})
    assert half < 20
    costs = [row[2] for row in made if row[2] is not None]
    assert all(isinstance(cost, float) and 0 <= cost <= 1000 for cost in costs)
    assert sum(cost < 300 for cost in costs) > 2700


def test_it_has_limits_of_its_own() -> None:
    assert limits_in_force("synthetic").memory_mb > limits_in_force().memory_mb
    spec = asked("sex", "site")
    small = limits_in_force("synthetic").model_copy(update={"max_numbers": spec.numbers - 1})
    with pytest.raises(PrivacyError, match="fewer cells"):
        ask({"act": "synthetic", "spec": to_json(spec), "nano_rho": RHO, "files": {"t": "/nowhere"}}, limits=small)


def test_an_enclave_without_those_limits_draws_no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = (policies_dir() / "limits.toml").read_text(encoding="utf-8")
    without = re.sub(r"\[synthetic\]\n(?:[^\[].*\n|\n)*", "", limits)
    (tmp_path / "limits.toml").write_text(without, encoding="utf-8")
    monkeypatch.setenv("BULLE_POLICIES", str(tmp_path))
    with pytest.raises(PrivacyError, match="sets no limits for synthetic rows"):
        ask({"act": "synthetic"})
    assert limits_in_force().seconds > 0


@pytest.mark.parametrize("hostile", [{"nano_rho": 0}, {"nano_rho": "x"}, {"spec": {}}, {"files": {"t": "/etc/passwd"}}])
def test_what_goes_wrong_is_one_fixed_sentence(hostile: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(PrivacyError) as failed:
        ask({**request(tmp_path, [{"pid": "a", "sex": "F"}], asked("sex", "site")), **hostile})
    assert str(failed.value).count(".") == 1
    assert "passwd" not in str(failed.value)


def test_the_marker_of_no_value_is_no_step_of_a_column() -> None:
    spec = asked("cost", "since", "grade")
    assert all(min(one.edges) > NULL for one in spec.columns if hasattr(one, "edges"))
    assert spec.algorithm is Algorithm.FIXED
