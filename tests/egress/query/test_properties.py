"""Properties: any text is answered, quickly; what is accepted computes what DuckDB computes from the text itself."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from egress.query.engine import Engine
from egress.query.evidence_sql import persons_sql, quantile_sql, rows_sql
from egress.query.model import Query, QueryRefusal
from egress.query.parse import parse
from egress.query.sql import table_sql
from egress.query.table import TOTAL
from tests.egress.query.extracts import HOSPITAL, catalogue, pack

CATALOGUE = catalogue()
PERSONS = frozenset({"person", "stay", "act"})

TOKENS = """
SELECT FROM WHERE GROUP BY ALL count(*) sum( avg( ) ( , . * + - / ' " ; person stay person_id age cost sex
CASE WHEN THEN ELSE END AND OR NOT NULL IN BETWEEN JOIN USING ON ROLLUP CUBE 1 0 'F' -- /* */ :: [ ] { }
DISTINCT UNION WITH AS max( OVER FILTER é ORDER LIMIT date_part( || -> => $1 ? @ # % ^ ~ ` \\
"""
WORDS = st.sampled_from([*TOKENS.split(), "\x00", "\n"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(max_size=300),
        st.binary(max_size=300).map(lambda b: b.decode("latin-1")),
        st.lists(WORDS, max_size=60).map(" ".join),
    )
)
@example("SELECT " + "(" * 10_000)
@example("SELECT " + "CASE WHEN " * 1_900)
@example("SELECT " + "NOT " * 3_500 + "1")
@example("SELECT " + "- " * 3_500 + "1")
@example("SELECT 1" + "+1" * 1_900)
@example("SELECT count(*) FROM stay WHERE " + "nights IN (1) AND " * 400 + "nights = 1")
@example("SELECT " + "[" * 400)
@example("SELECT " + "{'a': " * 400)
@example("SELECT " + "(SELECT " * 400)
@example("SELECT count(*) FROM " + "(" * 300 + "stay")
@example("SELECT a" + "::int" * 1_900 + " FROM stay")
@example("\ud800 SELECT")
def test_any_text_is_answered_quickly(text: str) -> None:
    begin = time.perf_counter()
    answer = parse(text, CATALOGUE, PERSONS)
    assert isinstance(answer, Query | QueryRefusal)
    assert time.perf_counter() - begin < 5
    if isinstance(answer, QueryRefusal):
        assert str(answer.why)


# -- what is accepted, against DuckDB itself

CONDITIONS = st.sampled_from(
    [
        "year >= 2022", "year IN (2021, 2023)", "NOT (year = 2022 OR urgent = 1)", "cost BETWEEN 0 AND 100000", "ill",
        "age >= 18", "age IS NULL", "sex <> 'F'", "ill IS TRUE", "cost > nights", "day >= '2021-01-01'",
        "month(day) IN (1, 2, 3)", "nights IS NOT NULL AND urgent = 0", "sex IS DISTINCT FROM 'F'",
        "coalesce(urgent, 0) = 1", "year <> 2021 AND (sex = 'M' OR region = 'North')",
    ]
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "sex", "region", "year", "s.year", "year(day)", "quarter(day)", "(age >= 18)", "ill", "urgent",
        "floor(nights / 10) * 10", "nights // 10", "nights % 2", "CASE WHEN year >= 2023 THEN 1 ELSE 0 END",
        "date_trunc('quarter', day)", "date_part('month', day)", "extract(year FROM day)", "coalesce(diagnosis, 'x')",
        "CASE sex WHEN 'F' THEN 'women' WHEN 'M' THEN 'men' END", "least(nights, 10)", "round(cost / 1000)",
        "CAST(ill AS INTEGER)", "CASE WHEN age < 18 THEN 'A' WHEN age < 65 THEN 'B' ELSE 'C' END", "abs(nights - 12)",
    ]
)  # fmt: skip
MEASURES = st.sampled_from(
    [
        "count(*)", "count(DISTINCT s.person_id)", "count(cost)", "sum(cost)", "sum(nights)", "avg(cost)",
        "avg(nights * 1.5)", "stddev(cost)", "stddev_samp(nights)", "median(cost)", "quantile_cont(nights, 0.25)",
        "percentile_cont(0.75) WITHIN GROUP (ORDER BY cost)", "sum(CASE WHEN ill THEN cost ELSE 0 END)",
        "count(*) FILTER (WHERE urgent = 1)", "sum(cost) FILTER (WHERE sex = 'F')", "avg(cost / nights)",
        "sum(greatest(cost - 100, 0))", "count(CASE WHEN year = 2022 THEN 1 END)", "sum(urgent)", "avg(age)",
        "sum(abs(nights - urgent))", "sum(ill::int)", "count_if(urgent = 1)", "mean(cost)", "avg(round(cost, 1))",
        "sum(coalesce(nights, 0))", "avg(sqrt(cost))", "avg(nights % 7)", "sum(nullif(nights, 0))", "count(sex)",
    ]
)  # fmt: skip
SAME = {"s.year": "year", "extract(year FROM day)": "year(day)"}
SHAPES = st.sampled_from(["plain", "rollup", "cube", "sets"])


@st.composite
def selects(draw: st.DrawFn) -> str:
    keys = draw(st.lists(KEYS, max_size=3, unique_by=lambda key: SAME.get(key, key)))
    measures = draw(st.lists(MEASURES, min_size=1, max_size=4, unique=True))
    conditions = draw(st.lists(CONDITIONS, max_size=2))
    shape = draw(SHAPES)
    items = [f"{key} AS key_{'abc'[i]}" for i, key in enumerate(keys)] + [
        f"{m} AS m_{'abcd'[i]}" for i, m in enumerate(measures)
    ]
    names = [str(i + 1) for i in range(len(keys))]
    group = {
        "plain": ", ".join(names),
        "rollup": f"ROLLUP ({', '.join(keys)})",
        "cube": f"CUBE ({', '.join(keys)})",
        "sets": f"GROUPING SETS (({', '.join(keys)}), ({keys[0] if keys else ''}))",
    }[shape if len(keys) > 1 else "plain"]
    join = draw(st.sampled_from(["JOIN", "LEFT JOIN"]))
    sql = f"SELECT {', '.join(items)} FROM stay s {join} person p USING (person_id)"
    if conditions:
        sql += f" WHERE {' AND '.join(conditions)}"
    return sql + (f" GROUP BY {group}" if keys else "")


def data(seed: int = 7, size: int = 500) -> dict[str, dict[str, list[Any]]]:
    dice = random.Random(seed)
    people = [f"p{i}" for i in range(90)]
    start = date(2021, 1, 1).toordinal()

    def some(make: Callable[[], Any], count: int, missing: float = 0.1) -> list[Any]:
        return [None if dice.random() < missing else make() for _ in range(count)]

    return {
        "person": {
            "person_id": people[:80],
            "sex": some(lambda: dice.choice("FM"), 80),
            "region": some(lambda: dice.choice(["North", "South", "West"]), 80),
            "age": some(lambda: dice.randrange(100), 80),
            "postcode": ["75001"] * 80,
            "diagnosis": some(lambda: dice.choice("ABC"), 80),
            "ill": some(lambda: dice.random() < 0.3, 80),
        },
        "stay": {
            "person_id": [dice.choice(people) for _ in range(size)],
            "stay_id": list(range(size)),
            "hospital_id": [dice.randrange(1, 6) for _ in range(size)],
            "year": [dice.choice([2021, 2022, 2023, 2024]) for _ in range(size)],
            "day": some(lambda: date.fromordinal(start + dice.randrange(1400)), size),
            "cost": some(lambda: round(dice.expovariate(1 / 500), 2), size),
            "nights": some(lambda: dice.randrange(20), size),
            "urgent": some(lambda: dice.randrange(2), size),
        },
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, duckdb.DuckDBPyConnection]:
    folder: Path = tmp_path_factory.mktemp("world")
    engine = Engine(folder, pack(folder, HOSPITAL, data()))
    plain = duckdb.connect()
    plain.execute("SET error_on_division_by_zero = false")
    for name in ("person", "stay"):
        plain.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet('{folder}/{name}.parquet')")
    return engine, plain


def comparable(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, Decimal | float | int) and not isinstance(value, bool):
        number = float(value)
        return float(f"{number:.9e}") if math.isfinite(number) else None
    return value


def as_set(rows: Any) -> list[str]:
    return sorted(repr(tuple(None if value == TOTAL else comparable(value) for value in row)) for row in rows)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sql=selects())
def test_accepted_sql_means_what_duckdb_says(world: tuple[Engine, duckdb.DuckDBPyConnection], sql: str) -> None:
    engine, plain = world
    query = parse(sql, engine.manifest.catalogue, engine.persons)
    assert isinstance(query, Query), (sql, query)
    ours = engine.table(query)
    theirs = plain.execute(sql).fetchall()
    assert as_set(ours.rows) == as_set(theirs), sql
    evidence = engine.evidence(query)
    assert len(evidence.cells) == len(ours.rows)
    counted = [
        position for position, measure in enumerate(query.measures) if measure.aggregate.value == "count_persons"
    ]
    for row, cell in zip(ours.rows, evidence.cells, strict=True):
        for position in counted:
            assert row[query.columns.index(query.measures[position].name)] == cell.persons


@settings(max_examples=40, deadline=None)
@given(sql=selects())
def test_generated_sql_reads_granted_columns_only(sql: str) -> None:
    query = parse(sql, CATALOGUE, PERSONS)
    assert isinstance(query, Query)
    statements = [table_sql(query), rows_sql(query), persons_sql(query)]
    statements += [
        quantile_sql(query, position, query.groupings[0])
        for position, measure in enumerate(query.measures)
        if measure.parameter is not None
    ]
    granted = {"person_id"} | {column for table in CATALOGUE.tables.values() for column in table.columns}
    for statement in statements:
        (tree,) = sqlglot.parse(statement, dialect="duckdb")
        assert tree is not None
        made = {"people", "cells", "tops"}
        assert {table.name for table in tree.find_all(exp.Table)} <= {"person", "stay"} | made
        for column in tree.find_all(exp.Column):
            if column.table and column.table not in made:
                assert column.name in granted
            else:
                assert column.name == "persons" or column.name[0] in "kgapqx", column.name
