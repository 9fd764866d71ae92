"""The exact vectors: what is counted where, and that one person never moves them beyond the declared sensitivity."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.privacy.files import files
from egress.privacy.measure import sensitivity
from egress.privacy.spec import DpSpec
from egress.privacy.vectors import vectors
from tests.egress.privacy.releases import MOST, extract, spec

ALL = spec(
    "SELECT sex, site, count(*) AS n, count(DISTINCT pid) AS p, sum(cost) AS c, sum(grade) AS g, avg(cost) AS m "
    "FROM t WHERE cost < 5000 OR site <> 2 GROUP BY ALL"
)


def compute(asked: DpSpec, folder: Path, rows: list[dict[str, Any]]) -> list[list[int]]:
    manifest = extract(folder, rows)
    return [list(vector) for vector in vectors(asked, files(asked, manifest, folder))]


def test_cells_without_rows_are_there_with_zero(tmp_path: Path) -> None:
    asked = spec("SELECT sex, site, count(*) AS n FROM t GROUP BY ALL")
    rows = [{"pid": "a", "sex": "F", "site": 2}, {"pid": "b", "sex": "F", "site": 2}]
    assert asked.grid == (("F", 1), ("F", 2), ("F", 3), ("M", 1), ("M", 2), ("M", 3))
    assert compute(asked, tmp_path, rows) == [[0, 2, 0, 0, 0, 0]]
    assert compute(asked, tmp_path / "empty", []) == [[0] * 6]


def test_rows_outside_the_grid_are_in_no_cell(tmp_path: Path) -> None:
    asked = spec("SELECT sex, count(*) AS n, count(DISTINCT pid) AS p FROM t GROUP BY sex")
    rows = [
        {"pid": "a", "sex": "F"},
        {"pid": "a", "sex": "F"},
        {"pid": "b", "sex": "unheard of"},
        {"pid": "c", "sex": None},
        {"pid": None, "sex": "M"},
    ]
    assert compute(asked, tmp_path, rows) == [[1, 0], [2, 0]]


@pytest.mark.parametrize(
    ("value", "total", "present"),
    [
        (None, 0, 0),
        (float("nan"), 0, 0),
        (float("inf"), 1_000_000, 1),
        (float("-inf"), 0, 1),
        (1e308, 1_000_000, 1),
        (-1e308, 0, 1),
        (999.999, 999_999, 1),
        (1000.0, 1_000_000, 1),
        (1000.001, 1_000_000, 1),
        (-0.001, 0, 1),
        (12.3456, 12_346, 1),
    ],
)
def test_values_are_clamped_and_missing_ones_are_left_out(
    tmp_path: Path, value: float | None, total: int, present: int
) -> None:
    asked = spec("SELECT sum(cost) AS s, avg(cost) AS m FROM t")
    plain, centred, values = compute(asked, tmp_path, [{"pid": "a", "cost": value}])
    assert (plain, values) == ([total], [present])
    assert centred == [(total - 500_000) * present]


@pytest.mark.parametrize(
    ("value", "total"), [(None, 0), (-3, -2), (-2, -2), (4, 4), (5, 4), (2**62, 4), (-(2**62), -2)]
)
def test_whole_numbers_are_clamped(tmp_path: Path, value: int | None, total: int) -> None:
    assert compute(spec("SELECT sum(grade) AS s FROM t"), tmp_path, [{"pid": "a", "grade": value}]) == [[total]]


def test_filters_are_those_of_sql(tmp_path: Path) -> None:
    asked = spec(
        "SELECT count(*) AS n FROM t WHERE (sex = 'F' OR site IN (2, 3)) AND cost BETWEEN 1 AND 5 AND site <> 3"
    )
    rows = [
        {"pid": "a", "sex": "F", "site": 1, "cost": 1.0},
        {"pid": "b", "sex": "M", "site": 2, "cost": 5.0},
        {"pid": "c", "sex": "M", "site": 1, "cost": 5.0},
        {"pid": "d", "sex": "F", "site": 3, "cost": 2.0},
        {"pid": "e", "sex": "F", "site": 1, "cost": 5.01},
        {"pid": "f", "sex": "F", "site": 1, "cost": None},
    ]
    assert compute(asked, tmp_path, rows) == [[2]]


@pytest.mark.parametrize(("rows", "kept"), [(MOST - 1, MOST - 1), (MOST, MOST), (MOST + 1, MOST), (100, MOST)])
def test_a_person_with_more_rows_than_declared_keeps_the_declared_number(tmp_path: Path, rows: int, kept: int) -> None:
    asked = spec("SELECT count(*) AS n, count(DISTINCT pid) AS p, sum(cost) AS c FROM t")
    many = [{"pid": "a", "cost": 1000.0} for _ in range(rows)] + [{"pid": "b", "cost": 1.0}]
    assert compute(asked, tmp_path, many) == [[2], [kept + 1], [kept * 1_000_000 + 1000]]


ROW = st.fixed_dictionaries(
    {
        "pid": st.sampled_from(["a", "b", "c", None]),
        "sex": st.sampled_from(["F", "M", "X", None]),
        "site": st.sampled_from([1, 2, 3, 9, None]),
        "grade": st.one_of(st.none(), st.integers(-(2**62), 2**62)),
        "cost": st.one_of(st.none(), st.floats(width=64), st.sampled_from([0.0, 1000.0])),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, max_size=14), st.sampled_from(["a", "b", "c"]))
def test_taking_one_person_away_moves_each_vector_by_its_sensitivity_at_most(
    rows: list[dict[str, Any]], person: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = compute(ALL, Path(folder) / "whole", rows)
        without = compute(ALL, Path(folder) / "without", [row for row in rows if row["pid"] != person])
    for statistic, one, other in zip(ALL.statistics, whole, without, strict=True):
        distance = math.sqrt(sum((left - right) ** 2 for left, right in zip(one, other, strict=True)))
        assert distance <= sensitivity(statistic, MOST, ALL.cells) * (1 + 1e-12)


def test_the_bound_is_reached(tmp_path: Path) -> None:
    asked = spec("SELECT sex, site, count(*) AS n, count(DISTINCT pid) AS p, sum(cost) AS c FROM t GROUP BY ALL")
    one_cell = [{"pid": "a", "sex": "F", "site": 1, "cost": 1000.0}] * MOST
    three_cells = [{"pid": "a", "sex": "F", "site": site, "cost": 1000.0} for site in (1, 2, 3)]
    persons, rows, total = asked.statistics
    reached = compute(asked, tmp_path / "one", one_cell)
    assert max(reached[1]) == sensitivity(rows, MOST, asked.cells)
    assert max(reached[2]) == sensitivity(total, MOST, asked.cells)
    spread = compute(asked, tmp_path / "three", three_cells)
    assert math.hypot(*spread[0]) == pytest.approx(sensitivity(persons, MOST, asked.cells))
