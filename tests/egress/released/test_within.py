"""Tables of one request that pass one by one and pair by pair, and from which a small group follows together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from egress.assess import Declaration, assess_request
from egress.checks.model import Audience, Outcome
from egress.query.engine import Engine
from tests.egress.query.extracts import one_table, pack, rules

SHAPE = one_table(
    {
        "g": {"type": "string", "categories": ["a", "b", "c"]},
        "h": {"type": "string", "categories": ["x", "y"]},
        "k": {"type": "integer", "categories": [0, 1], "bounds": [0, 1]},
    }
)

# Persons of g = 'c' with h = 'y': those that a filter in a column tells apart from one in WHERE.
FILTERED = [
    "SELECT h, count(*) AS n FROM t WHERE g IN ('a', 'b') GROUP BY h",
    "SELECT count(*) FILTER (WHERE h = 'y') AS n FROM t",
]


def outcomes(folder: Path, cells: dict[tuple[str, str, int], int], sqls: list[str], least: int) -> list[Outcome]:
    people = [cell for cell, size in cells.items() for _ in range(size)]
    columns: dict[str, list[Any]] = {name: [person[at] for person in people] for at, name in enumerate(("g", "h", "k"))}
    columns["pid"] = [f"p{at}" for at in range(len(people))]
    with Engine(folder, pack(folder, SHAPE, {"t": columns})) as engine:
        limits = rules(min_persons=least, min_events=least)
        assessed = assess_request([Declaration("t", sql) for sql in sqls], engine, limits)
    told = [one.audience for each in assessed for one in each.findings if one.check == "bounds"]
    assert all(audience is Audience.AUTHOR for audience in told), "it follows from this request alone"
    return [one.outcome for one in assessed]


@pytest.mark.parametrize(("size", "last"), [(0, "pass"), (1, "review"), (10, "review"), (11, "pass"), (12, "pass")])
def test_a_filter_in_a_column_beside_one_of_the_rows(tmp_path: Path, size: int, last: str) -> None:
    cells = {("a", "y", 0): 20, ("b", "y", 0): 20, ("a", "x", 0): 20, ("c", "y", 0): size}
    assert outcomes(tmp_path, cells, FILTERED, 11) == [Outcome.PASS, Outcome(last)]


# No table shows the total that both break down: the one hidden cell is what the other leaves of it.
BROKEN_DOWN = [
    "SELECT g, h, count(*) AS n FROM t GROUP BY g, h",
    "SELECT k, h, count(*) AS n FROM t GROUP BY k, h",
]


@pytest.mark.parametrize(("size", "last"), [(2, "review"), (20, "pass")])
def test_two_tables_break_the_same_total_down(tmp_path: Path, size: int, last: str) -> None:
    cells = {("a", "x", 0): size, ("b", "x", 0): 20, ("c", "x", 1): 20, ("b", "x", 1): 20}
    cells |= {("a", "y", 0): 20, ("b", "y", 1): 20, ("c", "y", 0): 20}
    assert outcomes(tmp_path, cells, BROKEN_DOWN, 11) == [Outcome.PASS, Outcome(last)]
