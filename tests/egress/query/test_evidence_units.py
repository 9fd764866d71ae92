"""Evidence against a plain count in Python: persons, units, other sides, classes, the rest of totals.

Each table is computed twice, from an extract that the enclave laid out and from one that it did not.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from egress.query import gather, sweep, tally
from egress.query.engine import Engine
from egress.query.evidence import Evidence
from egress.query.model import Query
from egress.query.parse import parse
from tests.egress.query.extracts import one_table, pack, pack_numbered

SHAPE = one_table(
    {
        "k": {"type": "string", "categories": ["a", "b", "c", "d"]},
        "j": {"type": "integer", "categories": [1, 2, 3]},
        "x": {"type": "number", "bounds": [-1000, 1000]},
        "n": {"type": "integer", "bounds": [0, 9]},
        "flag": {"type": "boolean", "sensitive": True},
        "grade": {"type": "integer", "bounds": [0, 4], "sensitive": True},
        "house": {"type": "string", "unit": True},
    }
)
SHAPE["source"]["unit"] = "house"

PACKERS = [pack, pack_numbered]
Record = dict[str, Any]


def sample(seed: int, size: int = 600, persons: int = 70) -> dict[str, list[Any]]:
    dice = random.Random(seed)
    return {
        "pid": [f"p{dice.randrange(persons)}" for _ in range(size)],
        "k": [dice.choice(["a", "b", "b", "c", None]) for _ in range(size)],
        "j": [dice.choice([1, 2, 2, 3]) for _ in range(size)],
        "x": [dice.choice([None, 0.0, dice.uniform(-10, 50), dice.uniform(-10, 50), 900.0]) for _ in range(size)],
        "n": [dice.choice([None, 0, dice.randrange(10)]) for _ in range(size)],
        "flag": [dice.choice([True, False, None]) for _ in range(size)],
        "grade": [dice.choice([None, 1, 1, 1, dice.randrange(5)]) for _ in range(size)],
        "house": [dice.choice([None, f"h{dice.randrange(12)}"]) for _ in range(size)],
    }


def records(data: dict[str, list[Any]]) -> list[Record]:
    return [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]


def evidence(folder: Path, packer: Any, data: Any, sql: str, shape: Any = SHAPE) -> tuple[Query, Evidence]:
    manifest = packer(folder / packer.__name__, shape, data if "t" in data else {"t": data})
    with Engine(folder / packer.__name__, manifest) as engine:
        query = parse(sql, engine.manifest.catalogue, engine.persons)
        assert isinstance(query, Query), query
        found = engine.evidence(query)
        assert len(found.cells) == len(engine.table(query).rows)
        return query, found


def totals(rows: Iterable[Record], who: str, value: Callable[[Record], float | None]) -> dict[str, float]:
    """The totals of those who have a value."""
    found: dict[str, float] = {}
    for row in rows:
        number = value(row)
        if row[who] is not None and number is not None:
            found[row[who]] = found.get(row[who], 0.0) + number
    return found


def sized(found: dict[str, float]) -> tuple[int, int, float, float, float]:
    """Contributors, those with a total other than 0, and the sum and two largest of absolute totals."""
    sizes = sorted((abs(total) for total in found.values()), reverse=True)
    largest, second = (*sizes, 0.0, 0.0)[:2]
    return len(found), sum(size != 0 for size in sizes), sum(sizes), largest, second


VALUES: dict[str, Callable[[Record], float | None]] = {
    "sum(x)": lambda row: row["x"],
    "avg(n)": lambda row: row["n"],
    "avg(flag::int)": lambda row: None if row["flag"] is None else float(row["flag"]),
    "avg(grade)": lambda row: row["grade"],
    "sum(CASE WHEN n > 4 THEN x ELSE 0 END)": lambda row: row["x"] if (row["n"] or 0) > 4 else 0.0,
    "sum(x) FILTER (WHERE n > 4)": lambda row: row["x"] if (row["n"] or 0) > 4 else None,
}
OTHERS: dict[str, Callable[[Record], bool]] = {
    "sum(CASE WHEN n > 4 THEN x ELSE 0 END)": lambda row: not (row["n"] or 0) > 4,
    "sum(x) FILTER (WHERE n > 4)": lambda row: not (row["n"] or 0) > 4,
}


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("group", ["k, j", "CUBE (k, j)", "GROUPING SETS ((k), (j))", "j", "ROLLUP (j, n)", ""])
@pytest.mark.parametrize("slice_rows", [None, 40])
def test_evidence_is_what_a_plain_count_says(
    tmp_path: Path, packer: Any, group: str, slice_rows: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if slice_rows is not None:  # many small ranges and slices, and some that are cut in two
        monkeypatch.setattr(gather, "RANGE_ROWS", slice_rows)
        monkeypatch.setattr(sweep, "_MOST_ROWS", slice_rows)
        monkeypatch.setattr(tally, "SLICE_ROWS", slice_rows // 4)
        monkeypatch.setattr(tally, "_ROWS_PER_CELL", 0)
    data = sample(len(group))
    names = [name for name in ("k", "j", "n") if re.search(rf"\b{name}\b", group)]
    keys = "".join(f"{name}, " for name in names)
    measures = ", ".join(f"{sql} AS m{at}" for at, sql in enumerate(VALUES))
    _, found = evidence(
        tmp_path, packer, data, f"SELECT {keys}{measures} FROM t {f'GROUP BY {group}' if group else ''}"
    )
    everybody = records(data)
    for cell in found.cells:
        rows = [row for row in everybody if all(row[names[at]] == cell.keys[at] for at in cell.grouping)]
        assert (cell.rows, cell.persons) == (len(rows), len({row["pid"] for row in rows}))
        assert cell.units == len({row["house"] for row in rows} - {None})
        for at, (sql, value) in enumerate(VALUES.items()):
            about = cell.measures[at]
            assert about is not None
            others = OTHERS.get(sql)
            other = [row for row in rows if (others(row) if others else value(row) is None)]
            check_measure(about, rows, value, {row["pid"] for row in other})
            if "flag" in sql or "grade" in sql:
                classes = Counter(number for _, number in {(row["pid"], value(row)) for row in rows})
                del classes[None]
                assert (about.distinct, about.top_class) == (len(classes), max(classes.values(), default=0)), sql
            else:
                assert about.distinct is None is about.top_class


def check_measure(about: Any, rows: list[Record], value: Callable[[Record], float | None], others: set[str]) -> None:
    numbers = [number for row in rows if (number := value(row)) is not None]
    persons, nonzero, total, largest, second = sized(totals(rows, "pid", value))
    assert (about.rows, about.persons, about.nonzero) == (len(numbers), persons, nonzero)
    assert about.missing == len({row["pid"] for row in rows}) - persons
    assert about.others == len(others)
    assert (about.total, about.largest) == (pytest.approx(total), pytest.approx(largest))
    bounded = [largest] if 4 * largest <= total * (1 + 1e-9) else []
    assert any(about.second == pytest.approx(each) for each in [second, *bounded])
    assert about.negatives == any(number < 0 for number in numbers)
    assert about.constant == (len(set(numbers)) == 1)
    if about.zeros is not None:
        assert about.zeros == len({row["pid"] for row in rows if value(row) == 0})
    units, nonzero, total, largest, second = sized(totals(rows, "house", value))
    assert (about.units, about.unit_nonzero) == (units, nonzero)
    assert (about.unit_total, about.unit_largest) == (pytest.approx(total), pytest.approx(largest))
    bounded = [largest] if 4 * largest <= total * (1 + 1e-9) else []
    assert any(about.unit_second == pytest.approx(each) for each in [second, *bounded])


@pytest.mark.parametrize("packer", PACKERS)
def test_the_rest_of_a_total_is_a_lower_bound_and_exact_where_persons_are_in_one_cell(
    tmp_path: Path, packer: Any
) -> None:
    data = sample(3)
    data["k"] = ["abcd"[int(pid[1:]) % 4] for pid in data["pid"]]  # of the person
    _, found = evidence(tmp_path, packer, data, "SELECT k, j, count(*) AS n FROM t GROUP BY ROLLUP (k, j)")
    people = defaultdict(set)
    for row in records(data):
        people[row["k"], row["j"]].add(row["pid"])
    for cell in found.cells:
        if cell.grouping == ():
            assert cell.rest is None
        elif cell.grouping == (0,):
            assert cell.rest == len({pid for (k, _), pids in people.items() if k != cell.keys[0] for pid in pids})
        else:
            others = {pid for (k, j), pids in people.items() if k == cell.keys[0] and j != cell.keys[1] for pid in pids}
            assert cell.rest is not None
            assert 0 <= cell.rest <= len(others)
            assert cell.rest > 0 or not others


def test_without_a_total_there_is_no_rest(tmp_path: Path) -> None:
    _, found = evidence(tmp_path, pack, sample(1), "SELECT k, j, count(*) AS n FROM t GROUP BY k, j")
    assert {cell.rest for cell in found.cells} == {None}


HOUSEHOLDS: dict[str, Any] = {
    "source": {"name": "s", "person_key": "pid", "unit": "house"},
    "tables": {
        "person": {
            "rows_per_person": 1,
            "columns": {"house": {"type": "string", "description": "Household", "unit": True}},
        },
        "t": {"columns": {"x": {"type": "number", "description": "x", "bounds": [0, 100]}}},
    },
}


@pytest.mark.parametrize("packer", PACKERS)
def test_units_of_another_table_are_found_through_the_person(tmp_path: Path, packer: Any) -> None:
    data = {
        "person": {"pid": ["p", "q", "r", "s"], "house": ["h1", "h1", "h2", None]},
        "t": {"pid": ["p", "p", "q", "r", "s"], "x": [1.0, 2.0, 3.0, 50.0, 7.0]},
    }
    _, found = evidence(tmp_path, packer, data, "SELECT sum(x) AS s FROM t", HOUSEHOLDS)
    (cell,) = found.cells
    about = cell.measures[0]
    assert about is not None
    assert (cell.persons, cell.units) == (4, 2)
    assert (about.units, about.unit_total, about.unit_largest, about.unit_second) == (2, 56.0, 50.0, 6.0)


def test_units_that_no_table_tells_are_unknown(tmp_path: Path) -> None:
    many = {**HOUSEHOLDS, "tables": {**HOUSEHOLDS["tables"]}}
    many["tables"]["person"] = {"columns": HOUSEHOLDS["tables"]["person"]["columns"]}
    data = {"person": {"pid": ["p", "p"], "house": ["h1", "h2"]}, "t": {"pid": ["p"], "x": [1.0]}}
    _, found = evidence(tmp_path, pack, data, "SELECT sum(x) AS s FROM t", many)
    about = found.cells[0].measures[0]
    assert about is not None
    assert found.cells[0].units is None is about.units


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("group", ["", " GROUP BY k", " GROUP BY CUBE (k, j)"])
def test_an_empty_table_has_evidence(tmp_path: Path, packer: Any, group: str) -> None:
    data = {name: values[:0] for name, values in sample(1).items()}
    keys = "k, j, " if "CUBE" in group else "k, " if group else ""
    _, found = evidence(
        tmp_path, packer, data, f"SELECT {keys}sum(x) AS s, avg(grade) AS g, median(x) AS m FROM t{group}"
    )
    assert all((cell.rows, cell.persons, cell.units) == (0, 0, 0) for cell in found.cells)
    assert all(about is not None and about.total == 0 for cell in found.cells for about in cell.measures)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_passes_no_comparison(tmp_path: Path, odd: float) -> None:
    data = {name: values[:40] for name, values in sample(1).items()}
    data["x"] = [odd, *(1.0 for _ in range(39))]  # an extract holds none; one that was made elsewhere may
    _, found = evidence(tmp_path, pack, data, "SELECT sum(x) AS s FROM t")
    about = found.cells[0].measures[0]
    assert about is not None
    assert not about.largest <= 0.99 * about.total
    assert not about.total - about.largest - about.second >= 0.01 * about.largest
