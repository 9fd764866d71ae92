"""Evidence against what pandas says of the same rows, and planted truths."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from egress.query.engine import Engine
from egress.query.model import Query
from egress.query.parse import parse
from tests.egress.query.extracts import one_table, pack

SHAPE = one_table(
    {
        "k": {"type": "string", "categories": ["a", "b", "c"]},
        "j": {"type": "integer", "categories": [1, 2]},
        "x": {"type": "number", "bounds": [-100, 100]},
        "flag": {"type": "boolean"},
    }
)


def sample(seed: int, size: int = 400) -> dict[str, list[Any]]:
    dice = random.Random(seed)
    return {
        "pid": [f"p{dice.randrange(60)}" for _ in range(size)],
        "k": [dice.choice(["a", "b", "c", None]) for _ in range(size)],
        "j": [dice.choice([1, 2]) for _ in range(size)],
        "x": [dice.choice([None, 0.0, dice.uniform(-10, 50)]) for _ in range(size)],
        "flag": [dice.choice([True, False, None]) for _ in range(size)],
    }


def expected(frame: pd.DataFrame) -> dict[str, float]:
    totals = frame.dropna(subset="x").groupby("pid")["x"].sum().abs().sort_values(ascending=False)
    with_value = frame.dropna(subset="x")
    large = not len(totals) or 4 * totals.iloc[0] > totals.sum()
    return {
        "rows": len(with_value),
        "persons": with_value["pid"].nunique(),
        "nonzero": int((totals != 0).sum()),
        "missing": frame["pid"].nunique() - with_value["pid"].nunique(),
        "total": totals.sum(),
        "largest": totals.iloc[0] if len(totals) else 0,
        "second": (totals.iloc[1] if len(totals) > 1 else 0) if large else totals.iloc[0],
        "negatives": bool((with_value["x"] < 0).any()),
    }


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("group", ["k, j", "ROLLUP (k, j)", "CUBE (k, j)", "GROUPING SETS ((k), (j))"])
def test_evidence_is_what_pandas_counts(tmp_path: Path, seed: int, group: str) -> None:
    data = sample(seed)
    frame = pd.DataFrame(data).astype({"k": object})
    with Engine(tmp_path, pack(tmp_path, SHAPE, {"t": data})) as engine:
        query = parse(f"SELECT k, j, count(*) AS n, sum(x) AS s FROM t GROUP BY {group}", engine.manifest.catalogue)
        assert isinstance(query, Query), query
        table, evidence = engine.table(query), engine.evidence(query)
    assert len(table.rows) == len(evidence.cells)
    for row, cell in zip(table.rows, evidence.cells, strict=True):
        part = frame
        for position in cell.grouping:
            name, key = ("k", "j")[position], cell.keys[position]
            part = part[part[name].isna()] if key is None else part[part[name] == key]
        assert cell.rows == len(part) == row[2]
        assert cell.persons == part["pid"].nunique()
        known = cell.measures[1]
        assert known is not None
        for name, value in expected(part).items():
            assert getattr(known, name) == pytest.approx(value), name


def evidence_of(tmp_path: Path, sql: str, data: dict[str, list[Any]]) -> Any:
    with Engine(tmp_path, pack(tmp_path, SHAPE, {"t": data})) as engine:
        query = parse(sql, engine.manifest.catalogue)
        assert isinstance(query, Query), query
        return engine.evidence(query).cells


def test_thirty_rows_of_one_person_are_one_person(tmp_path: Path) -> None:
    data = {"pid": ["p"] * 30, "k": ["a"] * 30, "j": [1] * 30, "x": [1.0] * 30, "flag": [True] * 30}
    (cell,) = evidence_of(tmp_path, "SELECT k, count(*) AS n FROM t GROUP BY k", data)
    assert (cell.rows, cell.persons) == (30, 1)


def test_a_person_with_true_and_false_rows_is_on_both_sides(tmp_path: Path) -> None:
    data = {
        "pid": ["p", "p", "q", "r"],
        "k": ["a"] * 4,
        "j": [1] * 4,
        "x": [None] * 4,
        "flag": [True, False, False, None],
    }
    (cell,) = evidence_of(tmp_path, "SELECT avg(flag::int) AS share FROM t", data)
    known = cell.measures[0]
    assert (known.nonzero, known.zeros, known.persons, known.missing) == (1, 2, 2, 1)


def test_a_negative_contribution_hides_nobody(tmp_path: Path) -> None:
    data = {"pid": ["p", "q", "q"], "k": ["a"] * 3, "j": [1] * 3, "x": [-90.0, 5.0, 5.0], "flag": [None] * 3}
    (cell,) = evidence_of(tmp_path, "SELECT sum(x) AS s FROM t", data)
    known = cell.measures[0]
    assert (known.total, known.largest, known.second, known.negatives) == (100.0, 90.0, 10.0, True)


@pytest.mark.parametrize(
    ("values", "support"),
    [([1, 2, 3, 4, 5], (2, 1, 2)), ([1, 2, 3, 4], (2, 0, 2)), ([0, 0, 0, 9, 9], (0, 3, 2)), ([7], (0, 1, 0))],
)
def test_persons_on_each_side_of_a_median(tmp_path: Path, values: list[int], support: tuple[int, int, int]) -> None:
    size = len(values)
    data = {"pid": [f"p{i}" for i in range(size)], "k": ["a"] * size, "j": [1] * size, "x": [float(v) for v in values]}
    data["flag"] = [None] * size
    (cell,) = evidence_of(tmp_path, "SELECT median(x) AS m FROM t", data)
    known = cell.measures[0]
    assert (known.below, known.at, known.above) == support


def test_support_is_told_per_cell_of_every_grouping(tmp_path: Path) -> None:
    data = sample(5)
    frame = pd.DataFrame(data).astype({"k": object})
    cells = evidence_of(tmp_path, "SELECT k, median(x) AS m FROM t GROUP BY ROLLUP (k)", data)
    for cell in cells:
        part = frame
        if cell.grouping:
            part = part[part["k"].isna()] if cell.keys[0] is None else part[part["k"] == cell.keys[0]]
        part = part.dropna(subset="x")
        median = part["x"].median()
        assert cell.measures[0].below == part.loc[part["x"] < median, "pid"].nunique()
        assert cell.measures[0].above == part.loc[part["x"] > median, "pid"].nunique()
