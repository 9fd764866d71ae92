"""Differencing by recomputation: per cell, by how many persons two selections differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egress.query.difference_sql import Difference, Side, difference_sql, nested
from egress.query.engine import Engine
from egress.query.model import Query
from egress.query.parse import parse
from tests.egress.query.extracts import one_table, pack

SHAPE = one_table(
    {
        "g": {"type": "string", "categories": ["a", "b"]},
        "x": {"type": "integer", "bounds": [0, 100]},
    }
)
# p1 has two rows in a, p2 one in each group, p3 one in b, and a row without a person stands in a.
DATA: dict[str, list[Any]] = {
    "pid": ["p1", "p1", "p2", "p2", "p3", None],
    "g": ["a", "a", "a", "b", "b", "a"],
    "x": [1, 2, 3, 3, 5, 9],
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(tmp_path, pack(tmp_path, SHAPE, {"t": DATA})) as opened:
        yield opened


def side(engine: Engine, where: str, keys: bool = True) -> Side:
    sql = f"SELECT g, count(*) AS n FROM t {f'WHERE {where}' if where else ''} GROUP BY g"
    query = parse(sql, engine.manifest.catalogue, engine.persons)
    assert isinstance(query, Query), query
    return Side(query, tuple(key.expression for key in query.keys) if keys else ())


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("", "", ()),
        ("", "x <> 5", (Difference(("b",), 1, 0, 1, 0, 1),)),
        ("x <> 5", "", (Difference(("b",), 0, 1, 0, 1, 1),)),
        # one of p1's two rows: nobody is apart, and yet the tables differ by p1
        ("", "x <> 2", (Difference(("a",), 0, 0, 1, 0, 1),)),
        # the same number of rows of p1, but not the same row
        ("x <> 1", "x <> 2", (Difference(("a",), 0, 0, 0, 0, 1),)),
        ("x = 3", "x = 5", (Difference(("a",), 1, 0, 1, 0, 1), Difference(("b",), 1, 1, 1, 1, 2))),
        # the row that belongs to nobody tells of nobody
        ("", "x <> 9", ()),
    ],
)
def test_cells_differ_by_persons(engine: Engine, one: str, other: str, expected: tuple[Difference, ...]) -> None:
    assert engine.difference(side(engine, one), side(engine, other)) == expected


def test_without_keys_there_is_one_cell(engine: Engine) -> None:
    found = engine.difference(side(engine, "", keys=False), side(engine, "x <> 3", keys=False))
    assert found == (Difference((), 1, 0, 1, 0, 1),)
    assert engine.difference(side(engine, "", keys=False), side(engine, "", keys=False)) == ()
    assert engine.cells(side(engine, "x = 3", keys=False)) == ((),)


def test_the_cells_of_one_side(engine: Engine) -> None:
    assert set(engine.cells(side(engine, "x <> 5"))) == {("a",), ("b",)}
    assert engine.cells(side(engine, "x = 5")) == (("b",),)
    assert engine.cells(side(engine, "x = 100")) == ()


def test_other_tables_differ_by_the_rows_that_both_read(tmp_path: Path) -> None:
    raw = {
        "source": {"name": "s", "person_key": "pid"},
        "tables": {
            "stay": {"columns": {"x": {"type": "integer", "description": "x", "bounds": [0, 9]}}},
            "person": {"columns": {"sex": {"type": "string", "description": "s", "categories": ["F", "M"]}}},
        },
    }
    data: dict[str, dict[str, list[Any]]] = {
        "stay": {"pid": ["p1", "p1", "p2", "p3"], "x": [1, 2, 3, 4]},
        "person": {"pid": ["p1", "p2", "p3"], "sex": ["F", "F", "M"]},
    }
    with Engine(tmp_path, pack(tmp_path, raw, data)) as engine:

        def asked(sql: str) -> Side:
            query = parse(sql, engine.manifest.catalogue, engine.persons)
            assert isinstance(query, Query), query
            return Side(query, ())

        all_stays = asked("SELECT count(*) AS n FROM stay")
        women = asked("SELECT count(*) AS n FROM stay JOIN person USING (pid) WHERE sex = 'F'")
        joined = asked("SELECT count(*) AS n FROM stay AS s JOIN person AS p ON s.pid = p.pid")
        assert engine.difference(all_stays, women) == (Difference((), 1, 0, 1, 0, 1),)
        assert engine.difference(all_stays, joined) == ()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("pqrs"), st.sampled_from("ab"), st.integers(0, 6)), min_size=1, max_size=20
    ),
    low=st.integers(0, 6),
    high=st.integers(0, 6),
)
def test_it_counts_what_python_counts(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, int]], low: int, high: int
) -> None:
    folder = tmp_path_factory.mktemp("extract")
    data: dict[str, list[Any]] = {
        "pid": [row[0] for row in rows],
        "g": [row[1] for row in rows],
        "x": [row[2] for row in rows],
    }
    with Engine(folder, pack(folder, SHAPE, {"t": data})) as engine:
        sides = side(engine, f"x >= {low}"), side(engine, f"x <= {high}")
        found = engine.difference(*sides)
        # the way of selections that come from different tables must count the same
        columns = tuple(("t", column) for column in ("g", "pid", "x"))
        general = engine._run(difference_sql(*sides, columns))
    assert [(difference.keys, *astuple(difference)[1:]) for difference in found] == [
        ((row[0],), *row[1:]) for row in general
    ]
    expected = []
    for group in "ab":
        one = {at: row for at, row in enumerate(rows) if row[1] == group and row[2] >= low}
        other = {at: row for at, row in enumerate(rows) if row[1] == group and row[2] <= high}
        here, there = ({row[0] for row in chosen.values()} for chosen in (one, other))
        changed = {
            person
            for person in here | there
            if sorted(row[2] for row in one.values() if row[0] == person)
            != sorted(row[2] for row in other.values() if row[0] == person)
        }
        if changed:
            count = {
                person: [sum(row[0] == person for row in chosen.values()) for chosen in (one, other)]
                for person in here | there
            }
            more = sum(n > m for n, m in count.values()), sum(n < m for n, m in count.values())
            expected.append(Difference((group,), len(here - there), len(there - here), *more, len(changed)))
    assert list(found) == expected


def test_one_side_holds_all_of_the_other_or_not(engine: Engine) -> None:
    whole, part, others = side(engine, ""), side(engine, "x <> 3"), side(engine, "x = 3")
    assert nested(engine.difference(whole, part))
    assert nested(engine.difference(part, whole))
    assert not nested(engine.difference(part, others))
    assert not nested(engine.difference(side(engine, "x <> 1"), side(engine, "x <> 2")))
    assert nested(())
