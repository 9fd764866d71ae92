"""Keys of DP tables: their public values, from the catalogue and the filter alone; and their one spelling."""

from __future__ import annotations

import json
from datetime import date

import pytest

from egress.privacy.filters import IsNull, compared, one_of
from egress.privacy.keys import Bins, Cases, KeyExpression, Part, Plain, Test, from_json, to_json
from egress.privacy.read_steps import candidates
from hub.catalogue.model import Column
from hub.policy.verdict import Refusal
from tests.egress.privacy import clinic

FIRST, LAST = date(2021, 11, 15), date(2022, 3, 20)


def key(expression: str, where: str = "TRUE") -> tuple[KeyExpression, tuple[object, ...]]:
    filtered = "" if where == "TRUE" else f"WHERE {where}"
    made = clinic.spec(f"SELECT {expression} AS k, count(*) AS n FROM visit {filtered} GROUP BY 1")
    return made.keys[0].expression, made.keys[0].values


@pytest.mark.parametrize(
    ("expression", "where", "values"),
    [
        ("kind", "TRUE", ("a", "b", "c")),
        ("kind", "kind <> 'b'", ("a", "c")),
        ("kind", "NOT kind IN ('a', 'b')", ("c",)),
        ("kind", "kind = 'a' OR paid", ("a", "b", "c")),  # not a condition on the key alone
        ("kind", "kind IS NOT NULL", ("a", "b", "c")),
        ("urgent", "TRUE", (0, 1)),
        ("floor(nights / 10)", "TRUE", tuple(range(-1, 7))),
        ("floor(nights / 10) * 10", "TRUE", tuple(range(-10, 61, 10))),
        ("floor(nights / 10)", "nights >= 0", tuple(range(7))),
        ("floor(nights / 10)", "nights < 20", (-1, 0, 1)),
        ("floor(nights / 10)", "nights <= 20", (-1, 0, 1, 2)),
        ("floor(nights / 10)", "nights IN (5, 25)", (0, 1, 2)),
        ("floor(cost / 250) * 250", "TRUE", (0, 250, 500, 750, 1000)),
        ("floor(cost / 250) * 250", "cost < 500", (0, 250)),
        ("floor(cost / 250) * 250", "cost <= 500", (0, 250, 500)),
        ("floor(cost / 250) * 250", "cost < 1000", (0, 250, 500, 750)),
        ("floor(cost / 250) * 250", "cost > 499.5", (250, 500, 750, 1000)),
        ("year(day)", "TRUE", (2021, 2022)),
        ("month(day)", "TRUE", (1, 2, 3, 11, 12)),
        ("month(day)", "day < '2022-01-01'", (11, 12)),
        ("quarter(day)", "day >= '2022-01-01'", (1,)),
        ("date_trunc('month', day)", "day >= '2022-02-28'", (date(2022, 2, 1), date(2022, 3, 1))),
        ("nights > 3", "TRUE", (False, True)),
        ("nights > 3", "nights > 3", (True,)),
        ("nights IS NULL", "nights IS NULL", (True,)),
        ("nights > 3 AND paid", "nights > 3", (False, True)),
        ("CASE WHEN nights < 2 THEN 'x' WHEN nights < 30 THEN 'y' END", "TRUE", ("x", "y")),
        ("CASE WHEN nights < 2 THEN 'x' WHEN nights < 30 THEN 'y' ELSE 'z' END", "nights >= 2", ("y", "z")),
        ("CASE WHEN nights < 2 THEN 'x' WHEN nights < 90 THEN 'y' ELSE 'z' END", "nights >= 2", ("y",)),
        ("CASE WHEN nights < 2 THEN 'x' WHEN nights < 90 THEN 'y' ELSE 'z' END", "TRUE", ("x", "y", "z")),  # z: NULL
    ],
)
def test_values_come_from_catalogue_and_filter(expression: str, where: str, values: tuple[object, ...]) -> None:
    assert key(expression, where)[1] == values


def test_two_spellings_of_classes_are_one_key() -> None:
    assert key("floor(nights / 10) * 10") == key("10 * floor(nights / 10)")
    assert key("site_id // 2")[0] == key("floor(site_id / 2)")[0] == Bins("visit.site_id", 2, index=True)
    assert key("site_id // 2 * 2")[0] == Bins("visit.site_id", 2)


@pytest.mark.parametrize(
    "one",
    [
        Plain("t.a"),
        Bins("t.a", 10, index=True),
        Part("t.d", "date_trunc_month"),
        Cases(((compared("t.a", "lt", 3), "low"), (IsNull("t.a", truth=True), "none")), "high"),
        Cases(((one_of("t.a", [1]), 1),), None),
        Test(compared("t.a", "ne", 3)),
    ],
)
def test_a_key_survives_its_journey_to_the_worker(one: KeyExpression) -> None:
    assert from_json(json.loads(json.dumps(to_json(one)))) == one


@pytest.mark.parametrize("raw", [[], ["plain"], ["bins", "t.a", "10", False], ["sql", "1; DROP"], ["part", 1, 2]])
def test_what_is_no_key_is_not_read(raw: list[object]) -> None:
    with pytest.raises(ValueError, match="key"):
        from_json(raw)


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("SELECT day, count(*) AS n FROM visit GROUP BY day", "dp.categories"),
        ("SELECT floor(cost / 250) AS k, count(*) AS n FROM visit WHERE cost > 2000 GROUP BY 1", "dp.empty"),
        ("SELECT year(day) AS k, count(*) AS n FROM visit WHERE day > '2030-01-01' GROUP BY 1", "dp.empty"),
        ("SELECT nights // 10 AS k, count(*) AS n FROM visit GROUP BY 1", "dp.key"),
        ("SELECT floor(nights / 10) * 5 AS k, count(*) AS n FROM visit GROUP BY 1", "dp.key"),
        ("SELECT cost // 10 AS k, count(*) AS n FROM visit GROUP BY 1", "dp.key"),
        ("SELECT CASE WHEN paid THEN kind ELSE 'a' END AS k, count(*) AS n FROM visit GROUP BY 1", "dp.key"),
        ("SELECT coalesce(paid, FALSE) AS k, count(*) AS n FROM visit GROUP BY 1", "dp.key"),
    ],
)
def test_other_keys_are_refused(sql: str, rule: str) -> None:
    refused = clinic.read_sql(sql)
    assert isinstance(refused, Refusal), refused
    assert refused.rule == rule


# -- candidates of quantiles


def column(kind: str, low: float, high: float, breaks: list[float] | None = None) -> Column:
    return Column.model_validate({"type": kind, "description": "c", "bounds": [low, high], "breaks": breaks})


@pytest.mark.parametrize(("high", "many"), [(998, 999), (999, 1000)])
def test_narrow_whole_numbers_are_all_candidates(high: int, many: int) -> None:
    assert candidates("c", column("integer", 0, high))[3] == tuple(range(many))


def test_wide_ones_are_told_to_two_digits() -> None:
    exponent, low, high, found = candidates("c", column("integer", 0, 1000, [333]))
    assert (exponent, low, high) == (0, 0, 1000)
    assert {0, 99, 100, 110, 333, 990, 1000} <= set(found)
    assert {101, 331, 995}.isdisjoint(found)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("number", 0, 1),
        ("number", -5.5, 12.25),
        ("number", 0, 10**9),
        ("number", 0.001, 0.002),
        ("number", 10**4, 10**4 + 5),
        ("number", -(10**4) - 5, -(10**4)),
        ("integer", -(10**9), 10**9),
        ("integer", 10**9, 10**9 + 5000),
    ],
)
def test_candidates_are_sorted_few_and_end_at_the_bounds(kind: str, low: float, high: float) -> None:
    _, first, last, found = candidates("c", column(kind, low, high))
    assert list(found) == sorted(set(found))
    assert (found[0], found[-1]) == (first, last)
    assert 100 <= len(found) <= 1000
