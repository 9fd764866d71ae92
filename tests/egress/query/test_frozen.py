"""A Query as JSON comes back exactly; anything else is a ValueError."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egress.query.frozen import query_from_json, query_to_json
from egress.query.model import Query
from egress.query.parse import parse
from tests.egress.query.extracts import catalogue
from tests.egress.query.made import queries

SQL = """SELECT region, age >= 18 AS adult, count(*) AS n, avg(cost) FILTER (WHERE ill) AS c, median(cost) AS m
FROM stay LEFT JOIN person USING (person_id) WHERE cost > 12.50 AND day >= '2021-01-01' GROUP BY ROLLUP (region, 2)"""


def frozen() -> dict[str, Any]:
    query = parse(SQL.replace("LEFT ", ""), catalogue(), frozenset({"person", "stay"}))
    assert isinstance(query, Query), query
    return query_to_json(query)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(queries())
def test_a_query_comes_back_exactly(query: Query) -> None:
    text = json.dumps(query_to_json(query), allow_nan=False)
    back = query_from_json(json.loads(text))
    assert back == query
    # 1, 1.0 and TRUE are equal to Python; their types must come back as well
    assert query_to_json(back) == query_to_json(query)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def places(raw: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, value in raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ():
        yield from places(value, (*path, key))


@settings(max_examples=100, deadline=None)
@given(st.data(), JSON)
def test_hostile_json_is_a_value_error_or_a_query(data: st.DataObject, other: Any) -> None:
    raw = frozen()
    path = data.draw(st.sampled_from(list(places(raw))[1:]))
    inside: Any = raw
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = other
    try:
        query = query_from_json(raw)
    except ValueError:
        return
    assert query_to_json(query) == raw


@settings(max_examples=50)
@given(JSON)
def test_any_json_is_a_value_error(raw: Any) -> None:
    with pytest.raises(ValueError, match="schema"):
        query_from_json(raw)


def broken() -> Iterator[tuple[str, dict[str, Any]]]:
    def change(name: str, **fields: Any) -> tuple[str, dict[str, Any]]:
        raw = deepcopy(frozen())
        raw.update(fields)
        return name, raw

    old = frozen()
    yield change("old schema", schema="bulle.query/0")
    yield change("unknown field", extra=1)
    yield change("no groupings", groupings=[])
    yield change("a key that is not there", groupings=[[2]])
    yield change("a negative key", groupings=[[-1]])
    yield change("true is no position", groupings=[[True]])
    yield change("a table that is not joined", tables=[*old["tables"], ["act", "act"]])
    yield change("two tables of one name", tables=[["stay", "person"], ["person", "person"]])
    yield change("another table's column", person=["act", "person_id"])
    yield change("columns without a measure", columns=old["columns"][1:])
    yield change("a column twice", columns=[*old["columns"], "n"])
    expressions: list[tuple[str, Any]] = [
        ("unknown function", {"call": "getenv", "arguments": [{"column": ["stay", "cost"]}]}),
        ("too many arguments", {"call": "not", "arguments": [{"column": ["stay", "cost"]}] * 2}),
        ("no branch", {"case": [], "otherwise": None}),
        ("a number as text", {"literal": {"integer": "007"}, "published": True}),
        ("not a number", {"literal": {"double": "nan"}, "published": True}),
        ("infinite", {"literal": {"decimal": "Infinity"}, "published": True}),
        ("a date that is none", {"literal": {"date": "2021-02-30"}, "published": True}),
        ("two values", {"literal": {"integer": "1", "text": "1"}, "published": True}),
        ("unknown kind", {"literal": {"sql": "DROP TABLE person"}, "published": True}),
        ("published is no flag", {"literal": {"integer": "1"}, "published": 1}),
    ]
    deep: Any = {"column": ["stay", "cost"]}
    for _ in range(150):
        deep = {"call": "neg", "arguments": [deep]}
    for name, expression in [*expressions, ("too deep", deep)]:
        yield change(name, where=[expression])
    for name, fields in (
        ("unknown aggregate", {"aggregate": "max"}),
        ("a quantile of a count", {"parameter": 0.5}),
        ("an argument of count(*)", {"argument": {"column": ["stay", "cost"]}}),
        ("a denominator of a count", {"denominator": {"column": ["stay", "cost"]}}),
        ("no scale", {"scale": 0}),
        ("no field", {"scale": None}),
    ):
        yield change(name, measures=[{**old["measures"][0], **fields}, *old["measures"][1:]])


@pytest.mark.parametrize(("name", "raw"), list(broken()), ids=lambda item: item if isinstance(item, str) else "")
def test_what_was_not_written_here_is_not_read(name: str, raw: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        query_from_json(raw)
