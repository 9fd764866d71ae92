"""One spelling per meaning: what vanishes, what stays, and that the table is the same."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from egress.query.canonical import canonical, canonical_form, fixed_values, row_filter
from egress.query.frozen import query_from_json, query_to_json
from egress.query.model import Call, ColumnRef, Literal, Query
from egress.query.parse import parse
from tests.egress.query.extracts import catalogue
from tests.egress.query.selects import selects
from tests.egress.query.world import World, as_set, made_world

CATALOGUE = catalogue()
PERSONS = frozenset({"person", "stay", "act"})


def read(sql: str) -> Query:
    query = parse(sql, CATALOGUE, PERSONS)
    assert isinstance(query, Query), (sql, query)
    return query


def where(condition: str) -> Query:
    return canonical(read(f"SELECT count(*) AS n FROM stay s JOIN person p USING (person_id) WHERE {condition}"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("year = 2021", "2021 = s.year"),
        ("year = 2021", "year IN (2021)"),
        ("year = 2021", "year = 2021.0"),
        ("year <> 2021", "NOT year = 2021"),
        ("year >= 2022", "2022 <= year"),
        ("year >= 2022", "NOT (year < 2022)"),
        ("year >= 2022", "NOT NOT (year >= 2022)"),
        ("year BETWEEN 2021 AND 2023", "year <= 2023 AND 2021 <= year"),
        ("year NOT BETWEEN 2021 AND 2023", "year < 2021 OR year > 2023"),
        ("year IN (2022, 2021, 2022)", "year = 2021 OR year = 2022"),
        ("year IN (2021, 2022, 2023)", "year = 2023 OR year IN (2022, 2021)"),
        ("year NOT IN (2021, 2022)", "year <> 2022 AND year <> 2021"),
        ("year = 2021 AND sex = 'F'", "sex = 'F' AND year = 2021 AND sex = 'F'"),
        ("(year = 2021 AND sex = 'F') AND urgent = 1", "year = 2021 AND (urgent = 1 AND sex = 'F')"),
        ("NOT (year = 2021 OR sex = 'F')", "sex <> 'F' AND year <> 2021"),
        ("ill", "ill = TRUE"),
        ("ill", "ill IS TRUE"),
        ("ill", "ill IS NOT DISTINCT FROM TRUE"),
        ("ill", "coalesce(ill, FALSE)"),
        ("ill", "NOT (ill = FALSE)"),
        ("NOT ill", "ill = FALSE"),
        ("NOT ill", "ill IS FALSE"),
        ("year = 2021 AND year IS NOT NULL", "year = 2021"),
        ("cost + nights > 5", "5 < nights + cost"),
        ("CASE WHEN ill IS TRUE THEN 1 ELSE NULL END = 1", "CASE WHEN ill THEN 1 END = 1"),
        ("least(nights, urgent) = 1", "1 = least(urgent, nights)"),
    ],
)
def test_spellings_of_a_condition_vanish(one: str, other: str) -> None:
    assert where(one) == where(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("year = 2021", "year = 2022"),
        ("year = 2021", "year <> 2021"),
        ("year > 2021", "year >= 2021"),
        ("year > 2021", "2021 > year"),
        ("NOT ill", "ill IS NOT TRUE"),
        ("ill", "ill IS NOT NULL"),
        ("year NOT IN (2021, 2022)", "year <> 2021 OR year <> 2022"),
        ("cost - nights > 5", "nights - cost > 5"),
        ("(year = 2021 AND sex = 'F') OR urgent = 1", "year = 2021 AND (sex = 'F' OR urgent = 1)"),
        ("coalesce(urgent, 1) = 1", "urgent = 1"),
        ("sex IS NOT DISTINCT FROM region", "sex = region"),
    ],
)
def test_what_means_something_else_stays(one: str, other: str) -> None:
    assert where(one) != where(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT count(*) AS n FROM stay", "SELECT count(*) AS other FROM stay AS x"),
        (
            "SELECT sex, year, count(*) AS n FROM stay s JOIN person p USING (person_id) GROUP BY ALL",
            "SELECT year AS y, count(*) AS m, sex FROM person a JOIN stay b ON b.person_id = a.person_id GROUP BY 1, 3",
        ),
        (
            "SELECT sex, count(*) FROM stay LEFT JOIN person USING (person_id) WHERE sex = 'F' GROUP BY 1",
            "SELECT sex, count(*) FROM person JOIN stay USING (person_id) WHERE sex = 'F' GROUP BY 1",
        ),
        (
            """SELECT public, count(*) FROM stay JOIN hospital USING (hospital_id) JOIN person USING (person_id)
               GROUP BY 1""",
            """SELECT h.public, count(*) FROM person JOIN stay s USING (person_id)
               JOIN hospital h ON h.hospital_id = s.hospital_id GROUP BY 1""",
        ),
        (
            "SELECT count(*) FROM person p JOIN stay s USING (person_id) JOIN act a ON a.person_id = p.person_id",
            "SELECT count(*) FROM person p JOIN stay s USING (person_id) JOIN act a ON a.person_id = s.person_id",
        ),
        (
            "SELECT count(*) FROM stay a JOIN stay b USING (person_id) WHERE a.year = 2021 AND b.year = 2022",
            "SELECT count(*) FROM stay a JOIN stay b USING (person_id) WHERE b.year = 2021 AND a.year = 2022",
        ),
        (
            "SELECT sum(cost) FILTER (WHERE urgent = 1) AS n FROM stay",
            "SELECT sum(CASE WHEN 1 = urgent THEN cost END) AS n FROM stay",
        ),
        (
            "SELECT sex, region, count(*) FROM person GROUP BY CUBE (1, 2)",
            "SELECT region, sex, count(*) FROM person GROUP BY GROUPING SETS ((), (1), (2), (2, 1))",
        ),
        (
            "SELECT count(*), sum(age) FROM person",
            "SELECT sum(age), count(*) FROM person",
        ),
    ],
)  # fmt: skip
def test_spellings_of_a_table_vanish(one: str, other: str) -> None:
    assert canonical(read(one)) == canonical(read(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "SELECT count(*) FROM person LEFT JOIN stay USING (person_id)",
            "SELECT count(*) FROM person JOIN stay USING (person_id)",
        ),
        (
            "SELECT count(*) FROM person LEFT JOIN stay USING (person_id) WHERE year = 2021 OR sex = 'F'",
            "SELECT count(*) FROM person JOIN stay USING (person_id) WHERE year = 2021 OR sex = 'F'",
        ),
        (
            "SELECT count(*) FROM person LEFT JOIN stay USING (person_id) WHERE coalesce(urgent, 0) = 0",
            "SELECT count(*) FROM person JOIN stay USING (person_id) WHERE coalesce(urgent, 0) = 0",
        ),
        (
            "SELECT count(*) FROM person LEFT JOIN stay USING (person_id) WHERE (ill AND urgent = 1) IS NOT NULL",
            "SELECT count(*) FROM person JOIN stay USING (person_id) WHERE (ill AND urgent = 1) IS NOT NULL",
        ),
        ("SELECT count(*) FROM stay", "SELECT count(cost) FROM stay"),
        ("SELECT sum(cost) FROM stay", "SELECT avg(cost) FROM stay"),
        ("SELECT median(cost) FROM stay", "SELECT quantile_cont(cost, 0.25) FROM stay"),
        ("SELECT sex, count(*) FROM person GROUP BY 1", "SELECT sex, count(*) FROM person GROUP BY ROLLUP (1)"),
    ],
)
def test_what_is_another_table_stays(one: str, other: str) -> None:
    assert canonical(read(one)) != canonical(read(other))


def test_a_chain_of_left_joins_that_ends_in_a_condition_is_inner() -> None:
    chain = "FROM person p LEFT JOIN stay s USING (person_id) LEFT JOIN hospital h ON h.hospital_id = s.hospital_id"
    query = canonical(read(f"SELECT count(*) {chain} WHERE public"))
    assert {join.kind for join in query.joins} == {"inner"}
    assert {join.kind for join in canonical(read(f"SELECT count(*) {chain} WHERE ill")).joins} == {"left"}


def test_positions_lead_back_to_the_original() -> None:
    query = read("SELECT year, sum(cost), sex, count(*) FROM stay JOIN person USING (person_id) GROUP BY ROLLUP (1, 3)")
    form = canonical_form(query)
    for new, old in enumerate(form.keys):
        assert form.query.keys[new].expression.column == query.keys[old].expression.column  # type: ignore[union-attr]
    assert [form.query.measures[new].aggregate for new in range(2)] == [
        query.measures[old].aggregate for old in form.measures
    ]
    assert {len(grouping) for grouping in form.query.groupings} == {0, 1, 2}


def test_rows_are_told_by_their_conditions_alone() -> None:
    one = read("SELECT region, count(*) FROM person p WHERE sex = 'F' AND age >= 18 GROUP BY 1")
    other = read("SELECT diagnosis, avg(age) FROM person WHERE NOT age < 18 AND sex IN ('F') GROUP BY 1")
    assert row_filter(one) == row_filter(other)
    assert row_filter(one) != row_filter(read("SELECT count(*) FROM person WHERE sex = 'F'"))


def test_fixed_values_are_parts_of_keys() -> None:
    table = canonical(read("SELECT region, sex, age < 18 AS minor, ill, count(*) FROM person GROUP BY ALL"))
    region, sex, minor, ill = (
        next(key.expression for key in table.keys if repr(word) in repr(key.expression))
        for word in ("region", "sex", "age", "ill")
    )
    part = read(
        "SELECT count(*) FROM person x WHERE (sex = 'F' OR sex = 'M') AND sex <> 'M' AND sex IN ('F') "
        "AND age >= 18 AND NOT ill"
    )
    known = fixed_values(part)
    assert known[sex] == {"F"}
    assert known[minor] == {False}
    assert known[ill] == {False}
    assert region not in known


def test_conditions_that_leave_nothing_fix_nothing() -> None:
    known = fixed_values(read("SELECT count(*) FROM person WHERE sex = 'F' AND sex IN ('M')"))
    assert known[ColumnRef("person", "sex")] == frozenset()


def test_canonical_is_a_frozen_query() -> None:
    query = where("ill AND age BETWEEN 18 AND 65")
    assert query_from_json(query_to_json(query)) == query
    assert Call("le", (Literal(18, published=True), ColumnRef("person", "age"))) in query.where


def test_eight_copies_of_one_table_take_no_time() -> None:
    joins = " ".join(f"JOIN stay s{n} ON s{n}.person_id = s0.person_id" for n in range(1, 8))
    query = canonical(read(f"SELECT count(*) FROM stay s0 {joins}"))
    assert len(query.tables) == 8


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return made_world(tmp_path_factory.mktemp("world"))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sql=selects())
def test_a_canonical_query_computes_the_same_table(world: World, sql: str) -> None:
    engine, plain = world
    query = parse(sql, engine.manifest.catalogue, engine.persons)
    assert isinstance(query, Query)
    form = canonical_form(query)
    assert canonical(form.query) == form.query
    names = [query.keys[old].name for old in form.keys] + [query.measures[old].name for old in form.measures]
    places = [names.index(column) for column in query.columns]
    rows = [tuple(row[place] for place in places) for row in engine.table(form.query).rows]
    assert as_set(rows) == as_set(plain.execute(sql).fetchall()), sql
