"""Which queries get a DP release, and that spelling makes no difference."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.privacy.costs import sensitivity
from egress.privacy.filters import Compared, OneOf
from egress.privacy.keys import Plain
from egress.privacy.read import read
from egress.privacy.read_tables import MAX_ROWS_PER_PERSON
from egress.privacy.spec import MAX_NUMBERS, Kind, Statistic, from_json, to_json
from egress.query.model import Aggregate, Call, ColumnRef, Expression, Key, Literal, Measure, Query, TableRef
from hub.policy.verdict import Refusal
from tests.egress.privacy.releases import MOST, VISITS, manifest_of, query, read_sql, spec
from tests.egress.query.extracts import catalogue, one_table


def test_a_table_of_counts_sums_and_means() -> None:
    made = spec(
        "SELECT sex, site AS place, count(*) AS n, count(DISTINCT pid) AS p, sum(cost) AS c, avg(grade) AS g "
        "FROM t WHERE insured AND site < 3 GROUP BY ALL"
    )
    assert [key.expression for key in made.keys] == [Plain("t.sex"), Plain("t.site")]
    assert made.keys[1].values == (1, 2)  # the filter leaves no row of site 3: no noise is spent on it
    assert made.cells == 4
    assert made.statistics == (
        Statistic(Kind.PERSONS),
        Statistic(Kind.ROWS),
        Statistic(Kind.TOTAL, "t.cost", -3, 0, 1_000_000, 0),
        Statistic(Kind.TOTAL, "t.grade", 0, -2, 4, 1),
        Statistic(Kind.VALUES, "t.grade"),
    )
    assert [column.name for column in made.columns] == ["sex", "place", "n", "p", "c", "g"]
    assert made.columns[5].uses == (3, 4)
    assert [one.reach for one in made.statistics] == [1, 1, 1_000_000, 3, 1]


def test_one_number_over_the_whole_table() -> None:
    made = spec("SELECT count(*) AS n FROM t")
    assert (made.grid, made.cells, made.where) == (((),), 1, None)


def test_keys_of_every_kind() -> None:
    made = spec("SELECT insured, grade, count(*) AS n FROM t GROUP BY ALL")
    assert [key.values for key in made.keys] == [tuple(range(-2, 5)), (False, True)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("site BETWEEN 1 AND 2", "site >= 1 AND site <= 2"),
        ("site BETWEEN 1 AND 2", "site < 3 AND 0 < site"),
        ("site IN (2, 1, 2)", "site = 1 OR site = 2"),
        ("site IN (2)", "2 = site"),
        ("site IN (1, 2) AND sex = 'F'", "sex = 'F' AND (site = 2 OR site = 1)"),
        ("(sex = 'F' AND site = 1) AND cost > 5", "cost > 5.0 AND (site = 1 AND sex = 'F')"),
        ("cost > 5 OR cost > 5", "5.00 < cost"),
        ("insured", "insured = TRUE"),
        ("since >= '2022-01-01'", "DATE '2022-01-01' <= since"),
    ],
)
def test_two_spellings_of_one_filter_have_one_digest(one: str, other: str) -> None:
    made = [spec(f"SELECT sex, count(*) AS n FROM t WHERE {text} GROUP BY sex") for text in (one, other)]
    assert made[0].digest == made[1].digest


def test_names_order_and_aliases_are_not_part_of_the_digest() -> None:
    one = spec("SELECT sex, site, count(*) AS n, sum(cost) AS c FROM t GROUP BY ALL")
    other = spec(
        "SELECT sum(v.cost) AS spent, v.site, count(*) AS visits, v.sex AS s FROM t AS v GROUP BY v.sex, v.site"
    )
    assert one.digest == other.digest
    assert one.columns != other.columns


@pytest.mark.parametrize(
    "other",
    [
        "SELECT sex, count(*) AS n FROM t WHERE site = 1 GROUP BY sex",
        "SELECT sex, count(*) AS n FROM t WHERE site >= 2 OR sex = 'F' GROUP BY sex",
        "SELECT sex, count(DISTINCT pid) AS n FROM t GROUP BY sex",
        "SELECT site, count(*) AS n FROM t GROUP BY site",
        "SELECT sex, count(*) AS n, sum(cost) AS c FROM t GROUP BY sex",
        "SELECT sex, count(*) AS n FROM t WHERE cost > 5 GROUP BY sex",
        "SELECT sex, count(*) AS n FROM t WHERE cost >= 5 GROUP BY sex",
    ],
)
def test_another_release_has_another_digest(other: str) -> None:
    assert spec("SELECT sex, count(*) AS n FROM t GROUP BY sex").digest != spec(other).digest


_LITERAL = {
    "site": st.integers(-3, 9),
    "cost": st.decimals(-5, 2000, places=2),
    "sex": st.sampled_from(["F", "M", "'; --"]),
    "since": st.dates(date(2019, 1, 1), date(2026, 1, 1)),
}


def _call(name: str, *arguments: Expression) -> Call:
    return Call(name, arguments)


@st.composite
def _conditions(draw: st.DrawFn, depth: int = 2) -> Expression:
    if depth and draw(st.booleans()):
        parts = draw(st.lists(_conditions(depth - 1), min_size=2, max_size=3))
        return _call(draw(st.sampled_from(["and", "or"])), *parts)
    column = draw(st.sampled_from(sorted(_LITERAL)))
    reference = ColumnRef("t", column)
    values = [Literal(value, published=False) for value in draw(st.lists(_LITERAL[column], min_size=2, max_size=4))]
    name = draw(st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge", "in", "between"]))
    if name == "in":
        return _call("in", reference, *values)
    if name == "between":
        return _call("between", reference, *values[:2])
    return _call(name, reference, values[0])


_MIRROR = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


def _respelled(condition: Expression, draw: st.DrawFn) -> Expression:
    """The same condition, written otherwise."""
    assert isinstance(condition, Call)
    arguments = condition.arguments
    if condition.function in {"and", "or"}:
        parts = draw(st.permutations([_respelled(part, draw) for part in arguments]))
        if len(parts) > 2 and draw(st.booleans()):
            parts = [parts[0], _call(condition.function, *parts[1:])]
        return _call(condition.function, *parts, *([parts[0]] if draw(st.booleans()) else []))
    if condition.function == "between":
        return _call("and", _call("le", arguments[0], arguments[2]), _call("le", arguments[1], arguments[0]))
    if condition.function == "in":
        values = draw(st.permutations(arguments[1:]))
        return _call("or", *(_call("eq", arguments[0], value) for value in values))
    return _call(_MIRROR[condition.function], arguments[1], arguments[0])


def _counting(condition: Expression) -> Query:
    return replace(query("SELECT count(*) AS n FROM t"), where=(condition,))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_filter_respelled_keeps_its_digest(data: st.DataObject) -> None:
    condition = data.draw(_conditions())
    made = read(_counting(condition), manifest_of())
    again = read(_counting(_respelled(condition, data.draw)), manifest_of())
    assert not isinstance(made, Refusal)
    assert not isinstance(again, Refusal)
    assert made.digest == again.digest
    assert replace(from_json(to_json(made)), columns=made.columns) == made


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("SELECT note, count(*) AS n FROM t GROUP BY note", "dp.categories"),
        ("SELECT free, count(*) AS n FROM t GROUP BY free", "dp.categories"),
        ("SELECT wide, count(*) AS n FROM t GROUP BY wide", "dp.categories"),
        ("SELECT rate, count(*) AS n FROM t GROUP BY rate", "dp.categories"),
        ("SELECT since, count(*) AS n FROM t GROUP BY since", "dp.categories"),
        ("SELECT site % 2 AS odd, count(*) AS n FROM t GROUP BY odd", "dp.key"),
        ("SELECT sum(free) AS s FROM t", "dp.bounds"),
        ("SELECT avg(free) AS s FROM t", "dp.bounds"),
        ("SELECT sum(wide) AS s FROM t", "dp.bounds"),
        ("SELECT sum(cost * 2) AS s FROM t", "dp.expression"),
        ("SELECT median(free) AS m FROM t", "dp.bounds"),
        ("SELECT quantile_cont(cost + 1, 0.9) AS m FROM t", "dp.expression"),
        ("SELECT quantile_cont(cost, 0.0000001) AS m FROM t", "dp.share"),
        ("SELECT avg(CASE WHEN site = 1 THEN cost ELSE 0 END) AS m FROM t", "dp.expression"),
        ("SELECT sum(CASE WHEN site = 1 THEN cost WHEN site = 2 THEN grade END) AS m FROM t", "dp.expression"),
        ("SELECT sum(cost) / sum(grade * 2) AS m FROM t", "dp.expression"),
        ("SELECT free // 10 AS f, count(*) AS n FROM t GROUP BY f", "dp.categories"),
        ("SELECT grade // 10 AS f, count(*) AS n FROM t GROUP BY f", "dp.key"),
        ("SELECT floor(wide / 10) AS f, count(*) AS n FROM t GROUP BY f", "dp.cells"),
        ("SELECT round(grade / 10) AS f, count(*) AS n FROM t GROUP BY f", "dp.key"),
        ("SELECT coalesce(sex, 'F') AS f, count(*) AS n FROM t GROUP BY f", "dp.key"),
        ("SELECT CASE WHEN free > site THEN 1 ELSE 0 END AS f, count(*) AS n FROM t GROUP BY f", "dp.filter"),
        ("SELECT date_diff('day', since, since) AS f, count(*) AS n FROM t GROUP BY f", "dp.key"),
        (
            (
                "SELECT grade, date_part('doy', since) AS d, median(cost) AS m, quantile_cont(cost, 0.9) AS q "
                "FROM t GROUP BY ALL"
            ),
            "dp.cells",
        ),
        ("SELECT count(*) AS n FROM t WHERE insured AND year(since) = 2022", "dp.expression"),
        ("SELECT count(*) AS n FROM t WHERE coalesce(grade, 0) = 0", "dp.expression"),
        ("SELECT stddev(cost) AS m FROM t", "dp.aggregate"),
        ("SELECT sex, count(*) AS n FROM t GROUP BY ROLLUP (sex)", "dp.margins"),
        ("SELECT sex, site, count(*) AS n FROM t GROUP BY CUBE (sex, site)", "dp.margins"),
        ("SELECT sex, site, count(*) AS n FROM t GROUP BY GROUPING SETS ((sex), (site))", "dp.margins"),
        ("SELECT count(*) AS n FROM t WHERE grade < site", "dp.filter"),
        ("SELECT count(*) AS n FROM t WHERE cost + 1 < 5", "dp.expression"),
        ("SELECT count(*) AS n FROM t WHERE site < 1.5", "dp.constant"),
        ("SELECT site, count(*) AS n FROM t WHERE site > 3 GROUP BY site", "dp.empty"),
        ("SELECT a.sex, count(*) AS n FROM t a JOIN t b USING (pid) GROUP BY a.sex", "dp.join"),
    ],
)
def test_everything_else_is_refused_with_its_rule(sql: str, rule: str) -> None:
    refused = read_sql(sql)
    assert isinstance(refused, Refusal), refused
    assert refused.rule == rule


def test_a_table_without_bound_on_a_persons_rows_is_refused() -> None:
    described = catalogue(one_table({"sex": {"type": "string", "categories": ["F", "M"]}}))
    refused = read(query("SELECT sex, count(*) AS n FROM t GROUP BY sex", described), manifest_of(described))
    assert isinstance(refused, Refusal)
    assert refused.rule == "dp.rows_per_person"


@pytest.mark.parametrize("share", ["0.000001", "0.999999", "0.123457"])
def test_the_sensitivity_of_any_quantile_is_a_whole_number_of_a_double(share: str) -> None:
    (one,) = spec(f"SELECT quantile_cont(cost, {share}) AS m FROM t").statistics
    told = sensitivity(one, MAX_ROWS_PER_PERSON, 1)
    assert told == MAX_ROWS_PER_PERSON * max(one.share[0], one.share[1] - one.share[0]) < 2**53


def test_a_table_without_persons_is_refused() -> None:
    refused = read(query("SELECT count(*) AS n FROM t"), manifest_of(persons=None))
    assert isinstance(refused, Refusal)
    assert refused.rule == "dp.persons"


def test_the_person_key_is_no_column_of_a_release_even_when_a_query_says_so() -> None:
    asked = query("SELECT count(*) AS n FROM t")
    person = ColumnRef("t", "pid")
    key = replace(asked, keys=(Key("pid", person),), groupings=((0,),), columns=("pid", "n"))
    filtered = replace(asked, where=(_call("eq", person, Literal("a", published=False)),))
    summed = replace(asked, measures=(Measure("n", Aggregate.SUM, person),))
    for hostile in (key, filtered, summed, replace(asked, tables=(TableRef("other", "t"),))):
        assert isinstance(read(hostile, manifest_of()), Refusal)


@pytest.mark.parametrize(("most", "fits"), [(MAX_NUMBERS - 1, True), (MAX_NUMBERS, True), (MAX_NUMBERS + 1, False)])
def test_a_grid_has_an_end(most: int, *, fits: bool) -> None:
    columns = {"code": {"type": "integer", "bounds": [1, most]}}
    described = catalogue(one_table(columns, rows_per_person=1))
    made = read(query("SELECT code, count(*) AS n FROM t GROUP BY code", described), manifest_of(described))
    assert isinstance(made, Refusal) is not fits


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), Decimal("Infinity"), True, "5", None])
def test_a_constant_that_is_no_number_is_refused(value: object) -> None:
    literal = Literal(value, published=False)  # type: ignore[arg-type]  # what a hand-made query may hold
    refused = read(_counting(_call("lt", ColumnRef("t", "cost"), literal)), manifest_of())
    assert isinstance(refused, Refusal)
    assert refused.rule == "dp.constant"


def test_whole_numbers_know_no_open_end_but_numbers_do() -> None:
    assert spec("SELECT count(*) AS n FROM t WHERE site < 3").where == Compared("t.site", "le", 2)
    assert spec("SELECT count(*) AS n FROM t WHERE cost < 3").where == Compared("t.cost", "lt", Decimal(3))
    assert spec("SELECT count(*) AS n FROM t WHERE sex = 'F'").where == OneOf("t.sex", ("F",))


def test_the_bound_on_rows_is_the_catalogues() -> None:
    assert spec("SELECT count(*) AS n FROM t").rows_per_person == MOST == VISITS["tables"]["t"]["rows_per_person"]
