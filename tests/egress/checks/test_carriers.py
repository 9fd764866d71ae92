"""What a query's form may carry, and which outputs of a request could be one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egress.checks import declaration, differences, statbarns
from egress.checks.carriers import carriers
from egress.checks.choice import apart
from egress.checks.model import Outcome, worst
from egress.checks.statbarns import Statbarn, statbarn_of
from egress.query.canonical import canonical
from egress.query.model import Query
from egress.query.parse import parse
from tests.egress.checks.values import cell, examined
from tests.egress.query.extracts import catalogue, rules

CATALOGUE = catalogue()


def query(sql: str) -> Query:
    answer = parse(sql, CATALOGUE, frozenset({"person", "stay"}))
    assert isinstance(answer, Query), (sql, answer)
    return answer


def form(sql: str) -> Outcome:
    return worst([Outcome.PASS, *(finding.outcome for finding in carriers(query(sql)))])


PLAIN = [
    "SELECT year, count(*) AS n, avg(cost) AS mean_cost, stddev(cost) AS sd_cost FROM stay GROUP BY year",
    "SELECT floor(nights / 10) * 10 AS nights_class, count(*) AS n FROM stay GROUP BY 1",
    "SELECT date_trunc('month', day) AS month, count(*) AS n FROM stay GROUP BY 1",
    "SELECT year, sum(CASE WHEN nights >= 60 THEN cost ELSE 0 END) AS total_cost FROM stay GROUP BY year",
    "SELECT age >= 65 AS age_over_65, count(*) AS n FROM person GROUP BY 1",
    "SELECT year, coalesce(nights, 0) AS nights, count(*) AS n FROM stay GROUP BY ALL",
]
ODD = {
    "the same statistic twice": "SELECT year, avg(cost) AS mean_cost, avg(cost) AS avg_cost FROM stay GROUP BY year",
    "a result before its key": "SELECT count(*) AS n, year FROM stay GROUP BY year",
    "six results in an order of their own": (
        "SELECT year, count(*) AS n, avg(cost) AS mean_cost, sum(cost) AS total_cost, stddev(cost) AS sd_cost, "
        "median(cost) AS median_cost, avg(nights) AS mean_nights FROM stay GROUP BY year"
    ),
    "a category under another's name": (
        "SELECT CASE WHEN region = 'North' THEN 'West' WHEN region = 'West' THEN 'North' END AS region, "
        "count(*) AS n FROM person GROUP BY 1"
    ),
    "all others under a category's name": (
        "SELECT CASE WHEN region = 'North' THEN 'North' ELSE 'West' END AS region, count(*) AS n FROM person GROUP BY 1"
    ),
    "a column by itself": "SELECT year, avg(nights / nights) AS mean_nights FROM stay GROUP BY year",
    "a comparison of a column with itself": (
        "SELECT year, sum(CAST(nights = nights AS INTEGER)) AS n FROM stay GROUP BY year"
    ),
    "every branch the same": "SELECT year, avg(CASE WHEN nights >= 60 THEN 1 ELSE 1 END) AS n FROM stay GROUP BY year",
    "a column three times": "SELECT year, avg(nights * nights * nights) AS mean_nights FROM stay GROUP BY year",
    "a number worked out": (
        "SELECT year, avg((floor(nights / 1000000) + 1) * 10 * 10 * 10 + cost) AS mean_cost FROM stay GROUP BY year"
    ),
    "arithmetic in a filter": (
        "SELECT year, count(*) AS n FROM stay WHERE cost * 12 > nights * 11 * 10 * 10 * 10 GROUP BY year"
    ),
}


@pytest.mark.parametrize("sql", PLAIN)
def test_a_plain_form_says_nothing(sql: str) -> None:
    assert form(sql) is Outcome.PASS


@pytest.mark.parametrize("sql", ODD.values(), ids=ODD)
def test_an_odd_form_is_read_by_people(sql: str) -> None:
    assert form(sql) is Outcome.REVIEW


def test_six_results_in_the_order_of_their_names() -> None:
    assert (
        form(
            "SELECT year, avg(cost) AS mean_cost, avg(nights) AS mean_nights, median(cost) AS median_cost, "
            "count(*) AS n, stddev(cost) AS sd_cost, sum(cost) AS total_cost FROM stay GROUP BY year"
        )
        is Outcome.PASS
    )


@pytest.mark.parametrize(
    ("sql", "outcome"),
    [
        ("SELECT year, count(*) AS n FROM stay GROUP BY year", Outcome.PASS),
        ("SELECT yEaR, count(*) FROM stay GROUP BY ALL", None),
        ("SELECT year AS yEaR, count(*) FROM stay GROUP BY ALL", Outcome.REVIEW),
        ("SELECT year, count(*), avg(cost), median(cost), sum(cost) FROM stay GROUP BY year", Outcome.PASS),
        ("SELECT year, quantile_cont(cost, 0.25) AS p25_cost FROM stay GROUP BY year", Outcome.PASS),
        ("SELECT year, quantile_cont(cost, 0.25) AS p75_cost FROM stay GROUP BY year", Outcome.REVIEW),
        ("SELECT year, avg(cost) AS mean_nights FROM stay GROUP BY year", Outcome.REVIEW),
        ('SELECT year, count(*) AS "nombre de séjours" FROM stay GROUP BY year', Outcome.REVIEW),
        ('SELECT year, count(*) AS "n\u0301" FROM stay GROUP BY year', Outcome.REVIEW),
        ("SELECT year, count(*) AS n_39 FROM stay GROUP BY year", Outcome.REVIEW),
        ("SELECT year, count(*) AS n_n_n FROM stay GROUP BY year", Outcome.REVIEW),
    ],
)
def test_names_of_columns(sql: str, outcome: Outcome | None) -> None:
    asked = query(sql)
    found = worst([Outcome.PASS, *(finding.outcome for finding in declaration.words("n", "", asked, CATALOGUE))])
    if outcome is None:  # either the catalogue's spelling is taken, or people look
        assert found is Outcome.REVIEW or asked.columns[0] == "year"
    else:
        assert found is outcome


# -- outputs that could be one

COUNT = "SELECT year, count(*) AS n FROM stay GROUP BY year"


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("SELECT year AS y, avg(cost) AS m FROM stay GROUP BY 1", True),
        ("SELECT year, count(*) AS n FROM stay s GROUP BY year", None),
        ("SELECT year, count(*) AS n FROM stay WHERE nights > 0 GROUP BY year", False),
        ("SELECT count(*) AS n FROM stay", False),
    ],
)
def test_tables_over_the_same_rows_and_keys_are_one(other: str, told: bool | None) -> None:
    found = apart({"one": canonical(query(COUNT)), "two": canonical(query(other))})
    assert told is None or set(found) == ({"one", "two"} if told else set())
    assert all(finding.outcome is Outcome.REVIEW for finding in found.values())


# -- columns that give another by subtraction: what the Query alone tells


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT count(*) FILTER (WHERE age >= 18) AS a, count(*) FILTER (WHERE age >= 65) AS b FROM person", True),
        ("SELECT count(*) FILTER (WHERE age >= 18) AS a, count(*) FILTER (WHERE sex = 'F') AS b FROM person", False),
        ("SELECT sum(cost) AS a, sum(cost) FILTER (WHERE nights >= 60) AS b FROM stay", True),
        ("SELECT sum(cost) AS a, sum(least(cost, 100000)) AS b FROM stay", True),
        ("SELECT sum(cost) AS a, sum(cost - nights) AS b FROM stay", True),
        ("SELECT sum(cost) AS a, avg(cost) AS b, stddev(cost) AS c, sum(nights) AS d FROM stay", False),
        (
            (
                "SELECT age >= 18 AS a, age >= 65 AS b, count(*) AS n FROM person "
                "GROUP BY GROUPING SETS ((age >= 18), (age >= 65))"
            ),
            True,
        ),
        (
            "SELECT age >= 18 AS a, age >= 65 AS b, count(*) AS n FROM person GROUP BY CUBE (a, b)",
            False,
        ),
    ],
)
def test_columns_that_differ_by_a_condition(sql: str, told: bool) -> None:
    asked = query(sql)
    one = cell(keys=tuple("a" for _ in asked.keys))
    cells = (replace(one, measures=tuple(None for _ in asked.measures)),)
    found = examined([cell()])
    found = replace(found, query=asked, evidence=replace(found.evidence, cells=cells))
    assert (worst(finding.outcome for finding in differences.check(found, rules())) is not Outcome.PASS) is told


# -- families


def test_families_of_statistics() -> None:
    asked = query(
        "SELECT year, count(*) AS n, count(*) FILTER (WHERE nights > 0) AS a, avg(urgent) AS b, avg(cost) AS c, "
        "stddev(cost) AS d, median(cost) AS e FROM stay GROUP BY year"
    )
    assert statbarn_of(asked) == (
        Statbarn.FREQUENCIES,
        Statbarn.CALCULATED_RATIOS,
        Statbarn.LINEAR_AGGREGATIONS,
        Statbarn.SHAPE,
        Statbarn.POSITION,
    )
    assert statbarns.unknown_statbarns(str(one) for one in statbarn_of(asked)) == ()


@pytest.mark.parametrize("statbarn", ["gini", "clusters", "linked_multilevel_tables", "", "None"])
def test_a_family_without_checks_is_for_people(statbarn: str) -> None:
    (finding,) = statbarns.unknown_statbarns([statbarn])
    assert finding.outcome is Outcome.REVIEW
