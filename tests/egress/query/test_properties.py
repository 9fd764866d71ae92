"""Properties: any text is answered, quickly; what is accepted computes what DuckDB computes from the text itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

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


# -- what runs, as DuckDB's own parser reads it


class Recorder:
    """DuckDB's connection; what it was asked to run is kept."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.statements: list[str] = []

    def execute(self, sql: str, *more: Any) -> Any:
        self.statements.append(sql)
        return self.connection.execute(sql, *more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from nodes(part)


def read_by(plain: duckdb.DuckDBPyConnection, statement: str) -> set[tuple[str, str]]:
    """(table, column) that a statement reads, by DuckDB's own syntax tree. No star, no table function."""
    row = plain.execute("SELECT json_serialize_sql(?)", [statement]).fetchone()
    assert row is not None
    tree = json.loads(row[0])
    assert not tree["error"], statement
    every = list(nodes(tree))
    made = {entry["key"] for node in every for entry in (node.get("cte_map") or {}).get("map", [])}
    tables = {
        node["alias"] or node["table_name"]: node["table_name"] for node in every if node.get("type") == "BASE_TABLE"
    }
    assert not [node for node in every if node.get("type") == "TABLE_FUNCTION"], statement
    assert not {node.get("schema_name") or node.get("catalog_name") for node in every} - {None, ""}, statement
    refs = [node["column_names"] for node in every if node.get("class") == "COLUMN_REF"]
    found = {(tables[ref[0]], ref[1]) for ref in refs if len(ref) > 1 and tables.get(ref[0], ref[0]) not in made}
    # what stands without a table is a column that we made ourselves
    assert not {ref[0] for ref in refs if len(ref) == 1} & COLUMNS, statement
    return found


COLUMNS = {column for table in CATALOGUE.tables.values() for column in table.columns} | {"person_id"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sql=selects(), dropped=st.sets(st.sampled_from(sorted(COLUMNS - {"person_id", "stay_id", "hospital_id"}))))
def test_what_runs_reads_granted_tables_and_columns_only(world: World, sql: str, dropped: set[str]) -> None:
    engine, plain = world
    whole = engine.manifest.catalogue
    tables = {
        name: table.model_copy(update={"columns": {c: e for c, e in table.columns.items() if c not in dropped} or
                                       table.columns})
        for name, table in whole.tables.items()
    }  # fmt: skip
    query = parse(sql, whole.model_copy(update={"tables": tables}), engine.persons)
    if isinstance(query, QueryRefusal):
        return
    connection = engine._connection
    recorder = Recorder(connection)
    engine._connection = recorder  # type: ignore[assignment]  # it is one, and remembers
    try:
        engine.table(query)
        engine.evidence(query)
    finally:
        engine._connection = connection
    assert recorder.statements
    granted = {(name, column) for name, table in tables.items() for column in table.columns}
    keys = {("person", "person_id"), ("stay", "person_id"), ("stay", "stay_id"), ("stay", "hospital_id")}
    for statement in recorder.statements:
        assert read_by(plain, statement) <= granted | keys, statement


def test_statements_hold_no_text_of_an_author(world: World) -> None:
    engine, plain = world
    sql = """SELECT sex AS "x; DROP TABLE stay; --", count(*) AS "'""')" FROM person AS "p"" -- " WHERE sex = 'F''; --'
             GROUP BY 1"""
    query = parse(sql, engine.manifest.catalogue, engine.persons)
    assert isinstance(query, Query), query
    assert engine.table(query).rows == ()
    assert read_by(plain, table_sql(query)) == {("person", "sex"), ("person", "person_id")}
    assert "DROP" not in table_sql(query)
