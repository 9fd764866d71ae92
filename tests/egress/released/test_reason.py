"""What follows from conditions without any row; held against DuckDB on many rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import duckdb
import pytest

from egress.query.canonical import canonical
from egress.query.canonical_expressions import joined
from egress.query.model import ColumnRef, Expression, Query
from egress.query.parse import parse
from egress.query.sql import expression_sql
from egress.released.reason import UNKNOWN, apart, implies, value_of
from tests.egress.query.extracts import catalogue, one_table

PLAIN = catalogue(
    one_table(
        {
            "age": {"type": "integer", "bounds": [0, 110]},
            "sex": {"type": "string", "categories": ["F", "M"]},
            "region": {"type": "string", "categories": ["North", "South"]},
            "ill": {"type": "boolean"},
        }
    )
)


def conditions(text: str) -> tuple[Expression, ...]:
    """As a table of the ledger has them: in one spelling."""
    read = parse(f"SELECT count(*) AS n FROM t WHERE {text}", PLAIN)
    assert isinstance(read, Query), read
    return canonical(read).where


def one(text: str) -> Expression:
    return joined("and", conditions(text))


@pytest.mark.parametrize(
    ("given", "asked", "holds"),
    [
        ("age >= 65", "age >= 18", True),
        ("age >= 18", "age >= 65", False),
        ("age > 18", "age >= 18", True),
        ("age >= 18", "age > 18", False),
        ("age = 18", "age >= 18", True),
        ("age BETWEEN 18 AND 65", "age >= 18", True),
        ("age BETWEEN 18 AND 65", "age <= 18", False),
        ("age IN (18, 65)", "age >= 18", True),
        ("sex = 'F'", "sex IN ('F', 'M')", True),
        ("sex IN ('F', 'M')", "sex = 'F'", False),
        ("sex = 'F'", "sex <> 'M'", True),
        ("sex = 'F'", "sex IS NOT NULL", True),
        ("sex IS NULL", "sex = 'F'", False),
        ("NOT (age < 65)", "age >= 18", True),
        ("age >= 65", "sex = 'F'", False),
        ("age >= 65 AND sex = 'F'", "age >= 18", True),
        ("age >= 65 OR sex = 'F'", "age >= 18", False),
        ("age >= 65 OR age <= 18", "age <> 40", True),
        ("CASE WHEN age >= 65 THEN 1 ELSE 0 END = 1", "age >= 18", True),
        ("CASE WHEN age >= 65 THEN 1 ELSE 0 END = 0", "age < 65", False),  # a missing age is a 0 there
        ("age + 1 >= 65", "age >= 18", False),  # true, and not claimed
        ("ill", "ill", True),
        ("ill", "NOT ill", False),
    ],
)
def test_which_condition_implies_which(given: str, asked: str, *, holds: bool) -> None:
    assert implies(conditions(given), one(asked)) is holds


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("age < 18 AND age > 65", True),
        ("age <= 18 AND age >= 18", False),
        ("sex = 'F' AND sex = 'M'", True),
        ("sex = 'F' AND region = 'North'", False),
        ("ill AND NOT ill", True),
        ("age + 1 < 0 AND age > 0", False),
    ],
)
def test_conditions_that_no_row_meets(text: str, *, never: bool) -> None:
    assert apart(conditions(text)) is never


TEXTS = (
    "age >= 18",
    "age < 65",
    "age BETWEEN 18 AND 64",
    "sex = 'F'",
    "sex IN ('F', 'M')",
    "sex IS NULL",
    "NOT (sex = 'F' AND age > 18)",
    "sex = 'F' OR age IS NULL",
    "CASE WHEN age < 18 THEN 'a' WHEN sex = 'M' THEN 'b' END = 'b'",
    "coalesce(age, 0) = 0",
    "age IS DISTINCT FROM 18",
    "(age > 18) = (sex = 'F')",
)


@pytest.fixture(scope="module")
def rows() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        values = product(["'F'", "'M'", "'X'", "NULL"], [*map(str, (0, 17, 18, 19, 64, 65, 66)), "NULL"])
        listed = ", ".join(f"({sex}, {age})" for sex, age in values)
        connection.execute(f"CREATE TABLE t AS SELECT * FROM (VALUES {listed}) AS t(sex, age)")
        yield connection


@pytest.mark.parametrize("text", TEXTS)
def test_values_are_duckdbs(rows: duckdb.DuckDBPyConnection, text: str) -> None:
    condition = one(text)
    sex, age = ColumnRef("t", "sex"), ColumnRef("t", "age")
    found = rows.execute(f"SELECT sex, age, {expression_sql(condition)} FROM t").fetchall()
    assert len(found) == 32
    for its_sex, its_age, answer in found:
        told = value_of(condition, {sex: its_sex, age: its_age})
        assert told is UNKNOWN or told == answer


@pytest.mark.parametrize("given", TEXTS)
def test_nothing_is_claimed_that_a_row_contradicts(rows: duckdb.DuckDBPyConnection, given: str) -> None:
    for asked in TEXTS:
        here, there = one(given), one(asked)
        against = f"SELECT count(*) FROM t WHERE {expression_sql(here)} AND ({expression_sql(there)}) IS NOT TRUE"
        both = f"SELECT count(*) FROM t WHERE {expression_sql(here)} AND {expression_sql(there)}"
        if implies((here,), there):
            assert rows.execute(against).fetchall() == [(0,)], asked
        if apart((here, there)):
            assert rows.execute(both).fetchall() == [(0,)], asked
