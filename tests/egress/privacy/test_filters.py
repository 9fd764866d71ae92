"""Predicates have SQL's truth: true, false, or neither, in Python and in the statement, and so has their negation."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.privacy.filters import IsNull, Predicate, compared, from_json, joined, negated, one_of, to_json, truth
from egress.privacy.vectors_sql import Statement
from tests.egress.privacy import clinic

ROWS = [{"t.a": a, "t.b": b} for a in (None, 1, 2, 3) for b in (None, True, False)]

LEAF = st.one_of(
    st.builds(one_of, st.just("t.a"), st.lists(st.integers(0, 4), min_size=1, max_size=3)),
    st.builds(one_of, st.just("t.b"), st.lists(st.booleans(), min_size=1, max_size=2)),
    st.builds(compared, st.just("t.a"), st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]), st.integers(0, 4)),
    st.builds(compared, st.just("t.b"), st.sampled_from(["eq", "ne"]), st.booleans()),
    st.builds(IsNull, st.sampled_from(["t.a", "t.b"]), st.booleans()),
)
PREDICATE = st.recursive(
    LEAF, lambda inner: st.builds(joined, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3))
)


def in_sql(predicate: Predicate) -> list[bool | None]:
    statement = Statement(clinic.spec("SELECT count(*) AS n FROM visit"), {}, small=True)
    sql = statement.predicate(predicate)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (place INTEGER, a BIGINT, b BOOLEAN)")
        connection.executemany(
            "INSERT INTO t VALUES (?, ?, ?)", [(at, row["t.a"], row["t.b"]) for at, row in enumerate(ROWS)]
        )
        return [
            row[0] for row in connection.execute(f"SELECT {sql} FROM t ORDER BY place", statement.values).fetchall()
        ]


@settings(max_examples=30, deadline=None)
@given(PREDICATE)
def test_truth_is_sqls_and_not_turns_it_round(predicate: Predicate) -> None:
    found = [truth(predicate, row) for row in ROWS]
    assert in_sql(predicate) == found
    turned = [None if value is None else not value for value in found]
    assert [truth(negated(predicate), row) for row in ROWS] == turned
    assert in_sql(negated(predicate)) == turned


@settings(max_examples=200, deadline=None)
@given(PREDICATE)
def test_a_predicate_survives_its_journey_to_the_worker(predicate: Predicate) -> None:
    assert from_json(json.loads(json.dumps(to_json(predicate)))) == predicate


@pytest.mark.parametrize("raw", [["or", []], ["eq", "t.a", ["integer", "1"]], ["lt", "t.a", ["money", "1"]], []])
def test_what_is_no_predicate_is_not_read(raw: list[object]) -> None:
    with pytest.raises((KeyError, ValueError, IndexError)):
        from_json(raw)


def test_no_text_of_a_constant_becomes_sql(tmp_path: Path) -> None:
    statement = Statement(clinic.spec("SELECT count(*) AS n FROM visit"), {}, small=True)
    sql = statement.predicate(one_of("t.a", ["x') OR true --"]))
    assert "true" not in sql
    assert statement.values == ["x') OR true --"]
    assert statement.predicate(IsNull('t.a" OR true --', truth=True)) == '("t"."a"" OR true --" IS NULL)'
