"""What the grammar accepts, and as what."""

from __future__ import annotations

from decimal import Decimal

import pytest

from egress.query.model import Aggregate, Call, Case, ColumnRef, Literal, Query, QueryRefusal
from egress.query.parse import parse
from egress.query.scope import tables_with_persons
from tests.egress.query.extracts import HOSPITAL, catalogue

CATALOGUE = catalogue()
PERSONS = frozenset({"person", "stay", "act"})


def read(sql: str) -> Query:
    query = parse(sql, CATALOGUE, PERSONS)
    assert isinstance(query, Query), query
    return query


def test_the_design_example() -> None:
    query = read(
        """SELECT p.region, p.sex, count(*) AS stays, count(DISTINCT s.person_id) AS patients, avg(s.cost) AS mean_cost
           FROM stay s JOIN person p USING (person_id) WHERE s.year >= 2023 GROUP BY ALL"""
    )
    assert query.columns == ("region", "sex", "stays", "patients", "mean_cost")
    assert [key.expression for key in query.keys] == [ColumnRef("p", "region"), ColumnRef("p", "sex")]
    assert [measure.aggregate for measure in query.measures] == [
        Aggregate.COUNT_ROWS,
        Aggregate.COUNT_PERSONS,
        Aggregate.AVG,
    ]
    assert query.groupings == ((0, 1),)
    assert query.person == ColumnRef("s", "person_id")
    assert query.where == (Call("ge", (ColumnRef("s", "year"), Literal(2023, published=True))),)
    assert query.joins[0].on == ((ColumnRef("s", "person_id"), ColumnRef("p", "person_id")),)
    assert query.notes == ()


@pytest.mark.parametrize(
    "group",
    [
        "GROUP BY ALL",
        "GROUP BY sex, year",
        "GROUP BY 1, 2",
        "GROUP BY sex, s.year",
        "group by (sex, year)",
        "GROUP BY YEAR, Sex",
    ],
)
def test_spellings_of_group_by_say_the_same(group: str) -> None:
    base = "SELECT sex, year, count(*) AS n FROM stay s JOIN person p ON s.person_id = p.person_id "
    assert read(base + group) == read(base + "GROUP BY ALL")


def test_group_by_alias_and_by_expression() -> None:
    by_alias = read("SELECT year(day) AS y, count(*) AS n FROM stay GROUP BY y")
    assert by_alias == read("SELECT year(day) AS y, count(*) AS n FROM stay GROUP BY year(day)")
    assert by_alias.keys[0].expression == Call("year", (ColumnRef("stay", "day"),))


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("ROLLUP (sex, region)", {(0, 1), (0,), ()}),
        ("CUBE (sex, region)", {(0, 1), (0,), (1,), ()}),
        ("GROUPING SETS ((sex, region), (sex), ())", {(0, 1), (0,), ()}),
        ("sex, ROLLUP (region)", {(0, 1), (0,)}),
        ("ROLLUP (1, 2)", {(0, 1), (0,), ()}),
        ("ROLLUP ((sex, region))", {(0, 1), ()}),
        ("ROLLUP (sex), ROLLUP (region)", {(0, 1), (0,), (1,), ()}),
        ("GROUPING SETS (ROLLUP (sex, region), (region))", {(0, 1), (0,), (1,), ()}),
        ("GROUPING SETS (sex, region, (sex, region))", {(0, 1), (0,), (1,)}),
        ("CUBE (sex), region", {(0, 1), (1,)}),
        ("sex, region, ()", {(0, 1)}),
    ],
)
def test_margins(group: str, expected: set[tuple[int, ...]]) -> None:
    query = read(f"SELECT sex, region, count(*) AS n FROM person GROUP BY {group}")
    assert set(query.groupings) == expected
    assert query.groupings[0] == (0, 1)


@pytest.mark.parametrize(
    "group",
    [
        "ROLLUP (age >= 18, region)",
        "ROLLUP ((age >= 18), region)",
        "ROLLUP (18 <= age, (region))",
        "GROUPING SETS ((age >= 18, region), age >= 18, ())",
        "GROUPING SETS (ROLLUP (age >= 18, region))",
        "ROLLUP (NOT age < 18, region)",
    ],
)
def test_comparisons_in_rollup_need_no_parentheses(group: str) -> None:
    sql = f"SELECT age >= 18 AS adult, region, count(*) AS n FROM person GROUP BY {group}"
    if "NOT" in group or "<=" in group:
        assert isinstance(parse(sql, CATALOGUE, PERSONS), QueryRefusal)  # another spelling is another expression
        return
    assert set(read(sql).groupings) == {(0, 1), (0,), ()}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("count(*) FILTER (WHERE ill) / count(*)", Aggregate.AVG),
        ("100 * count(*) FILTER (WHERE ill AND sex = 'F') / count(*) FILTER (WHERE sex = 'F')", Aggregate.AVG),
        ("count(*) FILTER (WHERE ill) / count(*) FILTER (WHERE sex = 'F')", Aggregate.SHARE),
        ("sum(age) / count(*)", Aggregate.SHARE),
        ("sum(age) FILTER (WHERE ill) / sum(age)", Aggregate.SHARE),
        ("sum(age) / count(DISTINCT person_id)", Aggregate.SHARE),
        ("count(DISTINCT person_id) FILTER (WHERE ill) / count(DISTINCT person_id)", Aggregate.SHARE_PERSONS),
        ("1000.0 * (sum(age)::double / nullif(count(*), 0))", Aggregate.SHARE),
        ("avg(age) * 10", Aggregate.AVG),
    ],
)
def test_shares(sql: str, expected: Aggregate) -> None:
    (measure,) = read(f"SELECT {sql} AS m FROM person").measures
    assert measure.aggregate is expected
    assert measure.binary is ("FILTER (WHERE" in sql and sql.lstrip("10 *.").startswith("count(*)"))
    assert measure.scale == next((scale for scale in (1000, 100, 10) if f"{scale}" in sql), 1)


def test_a_share_of_rows_without_a_condition_keeps_its_denominator() -> None:
    (measure,) = read("SELECT sum(age) FILTER (WHERE ill) / sum(age) AS m FROM person").measures
    assert measure.denominator == ColumnRef("person", "age")
    (measure,) = read("SELECT sum(age) / count(*) AS m FROM person").measures
    assert measure.denominator == Literal(1, published=True)


def test_a_share_of_rows_with_a_value_is_a_mean_of_ones() -> None:
    (measure,) = read("SELECT count(age) / count(*) AS m FROM person").measures
    assert measure.aggregate is Aggregate.AVG
    assert measure.binary


def test_persons_under_a_condition() -> None:
    (measure,) = read("SELECT count(DISTINCT person_id) FILTER (WHERE ill) AS m FROM person").measures
    assert measure.aggregate is Aggregate.COUNT_PERSONS
    assert isinstance(measure.argument, Case)
    assert measure.sensitive


def test_rows_that_a_left_join_found_are_counted_by_their_row_key() -> None:
    query = read("SELECT sex, count(stay_id) AS n FROM person LEFT JOIN stay USING (person_id) GROUP BY 1")
    assert query.measures[0].argument == ColumnRef("stay", "stay_id")


def test_names_are_read_without_regard_to_case() -> None:
    assert read("select SEX, COUNT(*) as N from PERSON group by Sex").keys[0].expression == ColumnRef("PERSON", "sex")


def test_unnamed_columns_get_distinct_plain_names() -> None:
    query = read("SELECT sex, count(*), count(*), avg(age), sum(age) FROM person GROUP BY ALL")
    assert query.columns == ("sex", "count", "count_2", "avg_age", "sum_age")
    assert query.notes == ()


def test_filter_becomes_a_case() -> None:
    query = read(
        "SELECT count(*) FILTER (WHERE ill) AS ill, sum(cost) FILTER (year = 2021) AS c "
        "FROM stay JOIN person USING (person_id)"
    )
    ones, cost = query.measures
    assert ones.aggregate is Aggregate.SUM
    assert ones.binary
    assert ones.sensitive
    assert isinstance(cost.argument, Case)
    assert cost.argument.otherwise is None


@pytest.mark.parametrize(
    ("sql", "binary"),
    [
        ("avg(ill::int)", True),
        ("avg(CASE WHEN sex = 'F' THEN 1 ELSE 0 END)", True),
        ("sum(CASE WHEN sex = 'F' THEN 1 END)", True),
        ("sum(ill)", True),
        ("sum(age)", False),
        ("sum(CASE WHEN sex = 'F' THEN age ELSE 0 END)", False),
    ],
)
def test_zero_one_arguments_are_known(sql: str, binary: bool) -> None:
    assert read(f"SELECT {sql} AS m FROM person").measures[0].binary is binary


def test_bounds_of_zero_and_one_make_an_integer_binary() -> None:
    assert read("SELECT avg(urgent) AS m FROM stay").measures[0].binary


def test_quantiles() -> None:
    query = read(
        "SELECT median(cost) AS a, quantile_cont(cost, 0.25) AS b, "
        "percentile_cont(0.9) WITHIN GROUP (ORDER BY cost) AS c FROM stay"
    )
    assert [measure.parameter for measure in query.measures] == [0.5, 0.25, 0.9]
    assert query.notes == ()


def test_left_join_counts_the_persons_of_the_kept_side() -> None:
    query = read(
        "SELECT sex, count(DISTINCT p.person_id) AS n FROM person p LEFT JOIN stay s USING (person_id) GROUP BY ALL"
    )
    assert query.joins[0].kind == "left"
    assert query.person == ColumnRef("p", "person_id")


def test_row_keys_join_tables_without_persons() -> None:
    query = read("SELECT public, count(*) AS n FROM stay JOIN hospital USING (hospital_id) GROUP BY ALL")
    assert query.person == ColumnRef("stay", "person_id")


def test_a_row_key_joins_two_tables_about_persons() -> None:
    read("SELECT year, sum(price) AS c FROM stay JOIN act USING (stay_id) GROUP BY ALL")


def test_tables_that_describe_the_person_key_hold_it() -> None:
    assert tables_with_persons(CATALOGUE) == frozenset(CATALOGUE.tables)
    key = {"type": "string", "description": "key"}
    raw = {**HOSPITAL, "tables": {**HOSPITAL["tables"]}}
    raw["tables"]["stay"] = {"columns": {**raw["tables"]["stay"]["columns"], "person_id": key}}
    assert tables_with_persons(catalogue(raw)) == frozenset({"stay"})


# -- notes


@pytest.mark.parametrize(
    ("sql", "rules"),
    [
        ("SELECT count(*) AS n FROM stay WHERE year = 2023", []),
        ("SELECT count(*) AS n FROM stay WHERE year = 2019", ["constant"]),
        ("SELECT count(*) AS n FROM stay WHERE cost > 1234.5", ["constant"]),
        ("SELECT count(*) AS n FROM stay WHERE cost BETWEEN 0 AND 100000", []),
        ("SELECT count(*) AS n FROM stay WHERE year(day) IN (2021, 2022)", []),
        ("SELECT count(*) AS n FROM stay WHERE year(day) = 1999", ["constant"]),
        ("SELECT count(*) AS n FROM stay WHERE day >= '2021-01-01'", []),
        ("SELECT count(*) AS n FROM stay WHERE day >= DATE '2022-03-04'", ["constant"]),
        ("SELECT count(*) AS n FROM person WHERE age >= 18", []),
        ("SELECT CASE WHEN age < 18 THEN 'x' ELSE 'y' END AS g, count(*) FROM person GROUP BY 1", ["constant"] * 2),
        ("SELECT CASE WHEN sex = 'F' THEN 'North' ELSE 'South' END AS g, count(*) AS n FROM person GROUP BY 1", []),
        ("SELECT age >= 18 AS adult, count(*) AS n FROM person GROUP BY 1", []),
        ("SELECT floor(nights / 10) * 10 AS n10, count(*) AS n FROM stay GROUP BY 1", []),
        ("SELECT floor(nights / 13) AS n13, count(*) AS n FROM stay GROUP BY 1", ["constant"]),
        ("SELECT cost, count(*) AS n FROM stay GROUP BY 1", ["label"]),
        ("SELECT sum(cost) / 100 AS n FROM stay", None),
        ("SELECT sum(cost / 100) AS n FROM stay", []),
        ("SELECT sum(cost * 7.31) AS n FROM stay", ["constant"]),
        ("SELECT avg(5) AS n FROM stay", ["constant", "constant_aggregate"]),
        ("SELECT avg(nights - nights) AS n FROM stay", ["constant"]),
        ("SELECT count(*) AS \"a free label\" FROM stay", ["name"]),
        ("SELECT count(*) AS n12345 FROM stay", ["name"]),
        ("SELECT count(*) AS n1234 FROM stay", []),
        (f"SELECT count(*) AS {'a' * 40} FROM stay", []),
        (f"SELECT count(*) AS {'a' * 41} FROM stay", ["name"]),
        ("SELECT quantile_cont(cost, 0.1234) AS q FROM stay", ["constant"]),
        ("SELECT year, count(*) AS n FROM stay GROUP BY 1 ORDER BY year", []),
        ("SELECT year, count(*) AS n FROM stay GROUP BY 1 ORDER BY ALL", []),
        ("SELECT year, count(*) AS n FROM stay GROUP BY 1 ORDER BY n", ["order"]),
        ("SELECT year, count(*) AS n FROM stay GROUP BY 1 ORDER BY 2 DESC", ["order"]),
        ("SELECT year, count(*) AS n FROM stay GROUP BY 1 ORDER BY year DESC", ["order"]),
        ("SELECT hospital_id, count(*) AS n FROM stay GROUP BY 1", ["unit"]),
        ("SELECT CASE WHEN age < 18 THEN '<18' ELSE '18+' END AS g, count(*) FROM person GROUP BY 1", []),
        ("SELECT CASE WHEN age < 18 THEN '0-17' ELSE '18-110' END AS g, count(*) FROM person GROUP BY 1", []),
        ("SELECT CASE WHEN age < 18 THEN '0-16' ELSE '>= 18' END AS g, count(*) FROM person GROUP BY 1", ["constant"]),
        ("SELECT CASE WHEN age < 18 THEN '18--' ELSE '66' END AS g, count(*) FROM person GROUP BY 1", ["constant"] * 2),
        ("SELECT avg(date_diff('day', day, DATE '2024-12-31')) AS m FROM stay", ["constant"]),
        ("SELECT year(day) - year AS d, count(*) AS n FROM stay GROUP BY 1", []),
        ("SELECT dow(day) AS d, count(*) AS n FROM stay GROUP BY 1", None),
        ("SELECT dayofweek(day) AS d, count(*) AS n FROM stay WHERE doy = 1 GROUP BY 1", None),
        ("SELECT count(*) AS n FROM stay WHERE isoyear(day) = 2022 AND extract(doy FROM day) <= 366", []),
        ("SELECT count(*) AS n FROM stay WHERE isoyear(day) = 1999", ["constant"]),
        ("SELECT sum(coalesce(cost, 0)) AS n FROM stay", []),
        ("SELECT sum(coalesce(cost, 17)) AS n FROM stay", ["constant"]),
    ],
)  # fmt: skip
def test_notes(sql: str, rules: list[str] | None) -> None:
    query = parse(sql, CATALOGUE, PERSONS)
    if rules is None:
        assert isinstance(query, QueryRefusal)
        return
    assert isinstance(query, Query), query
    assert sorted(note.rule for note in query.notes) == sorted(rules)


def test_notes_name_their_place() -> None:
    query = read("SELECT count(*) AS n\nFROM stay\nWHERE year = 2023 AND cost > 12.5")
    assert query.notes[0].where == "SQL 3:30"
    assert query.where[1] == Call("gt", (ColumnRef("stay", "cost"), Literal(Decimal("12.5"), published=False)))
