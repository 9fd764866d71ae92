"""Properties: any text is answered, quickly; what is accepted computes what DuckDB computes from the text itself."""

from __future__ import annotations

import time

import pytest
import sqlglot
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from egress.query.evidence_sql import persons_sql, quantile_sql, rows_sql
from egress.query.model import Aggregate, Query, QueryRefusal
from egress.query.parse import parse
from egress.query.sql import table_sql
from tests.egress.query.extracts import catalogue
from tests.egress.query.selects import selects
from tests.egress.query.world import World, as_set, made_world

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


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return made_world(tmp_path_factory.mktemp("world"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sql=selects())
def test_accepted_sql_means_what_duckdb_says(world: World, sql: str) -> None:
    engine, plain = world
    query = parse(sql, engine.manifest.catalogue, engine.persons)
    assert isinstance(query, Query), (sql, query)
    ours = engine.table(query)
    theirs = plain.execute(sql).fetchall()
    assert as_set(ours.rows) == as_set(theirs), sql
    evidence = engine.evidence(query)
    assert len(evidence.cells) == len(ours.rows)
    for row, cell in zip(ours.rows, evidence.cells, strict=True):
        for measure, known in zip(query.measures, cell.measures, strict=True):
            if measure.aggregate is Aggregate.COUNT_PERSONS:
                persons = cell.persons if known is None else known.persons
                assert row[query.columns.index(measure.name)] == persons


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
