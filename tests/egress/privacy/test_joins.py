"""Joins: which are read, in one order, with which bound; and that one person moves no statistic beyond it."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.privacy.failure import PrivacyError
from egress.privacy.files import files
from egress.privacy.measure import sensitivity
from egress.privacy.read import read
from egress.privacy.spec import DpJoin, DpSpec, Kind, from_json, to_json
from egress.privacy.vectors import vectors
from hub.extracts.person_number import PERSON_NUMBER
from hub.policy.verdict import Refusal
from tests.egress.privacy import clinic
from tests.egress.privacy.clinic import VISITS, manifest, query, read_sql, spec


def person(left: str, right: str) -> tuple[str, str]:
    return f"{left}.{PERSON_NUMBER}", f"{right}.{PERSON_NUMBER}"


def test_a_join_of_persons_multiplies_their_limits() -> None:
    made = spec("SELECT sex, count(*) AS n FROM visit JOIN person USING (pid) GROUP BY sex")
    assert made.tables == ("person", "visit")
    assert made.joins == (DpJoin("visit", "inner", (person("person", "visit"),)),)
    assert made.rows_per_person == 1 * VISITS
    assert replace(from_json(to_json(made)), columns=made.columns) == made


def test_a_table_without_persons_multiplies_nothing() -> None:
    made = spec("SELECT public, count(*) AS n FROM site JOIN visit USING (site_id) GROUP BY public")
    assert made.tables == ("visit", "site")
    assert made.joins == (DpJoin("site", "inner", (("visit.site_id", "site.site_id"),)),)
    assert made.rows_per_person == VISITS


def test_a_left_join_keeps_its_direction() -> None:
    made = spec("SELECT count(*) AS n FROM person p LEFT JOIN visit USING (pid)")
    assert made.joins == (DpJoin("visit", "left", (person("person", "visit"),)),)
    turned = spec("SELECT count(*) AS n FROM visit v LEFT JOIN person USING (pid)")
    assert turned.tables == ("visit", "person")
    assert turned.digest != made.digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("visit JOIN person USING (pid)", "person AS x JOIN visit AS y ON y.pid = x.pid"),
        (
            "visit v JOIN person p USING (pid) JOIN site s USING (site_id)",
            "site s JOIN visit v ON s.site_id = v.site_id JOIN person p ON p.pid = v.pid",
        ),
        ("visit v JOIN person p USING (pid) WHERE v.cost > 5", "person p LEFT JOIN visit v USING (pid) WHERE cost > 5"),
    ],
)
def test_spelling_makes_no_other_release(one: str, other: str) -> None:
    made = [spec(f"SELECT kind, count(*) AS n FROM {text} GROUP BY kind") for text in (one, other)]
    assert made[0].digest == made[1].digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("count(*) FILTER (WHERE paid)", "sum(CASE WHEN paid THEN 1 ELSE 0 END)"),
        ("count(*) FILTER (WHERE paid)", "count_if(paid)"),
        ("count(*) FILTER (WHERE NOT paid)", "count(CASE WHEN paid = FALSE THEN 1 END)"),
        ("sum(cost) FILTER (WHERE paid)", "sum(CASE WHEN paid THEN cost ELSE 0 END)"),
        ("avg(cost) FILTER (WHERE paid)", "avg(CASE WHEN paid THEN cost END)"),
        ("100 * avg(cost)", "avg(cost)"),  # a factor is made afterwards
        ("median(cost)", "quantile_cont(cost, 0.5)"),
        ("count(*) FILTER (WHERE paid) / count(*)", "avg(CASE WHEN paid THEN 1 ELSE 0 END)"),
    ],
)
def test_spellings_of_measures(one: str, other: str) -> None:
    made = [spec(f"SELECT kind, {text} AS n FROM visit GROUP BY kind") for text in (one, other)]
    assert made[0].digest == made[1].digest


@pytest.mark.parametrize(
    ("sql", "rule", "says"),
    [
        ("SELECT count(*) AS n FROM visit a JOIN visit b USING (pid)", "dp.join", "twice"),
        ("SELECT sex, count(*) AS n FROM visit JOIN person USING (pid) GROUP BY ROLLUP (sex)", "dp.margins", "add up"),
        ("SELECT born, count(*) AS n FROM visit JOIN person USING (pid) GROUP BY born", "dp.categories", "person.born"),
    ],
)
def test_joins_that_are_refused(sql: str, rule: str, says: str) -> None:
    refused = read_sql(sql)
    assert isinstance(refused, Refusal), refused
    assert refused.rule == rule
    assert says in str(refused.reason)


def test_a_release_begins_with_persons() -> None:
    """The grammar says so too; a query made by hand may not."""
    asked = query("SELECT count(*) AS n FROM visit v LEFT JOIN site s USING (site_id)")
    known = manifest()
    nobody = known.tables["visit"].model_copy(update={"persons": None})
    refused = read(asked, known.model_copy(update={"tables": {**known.tables, "visit": nobody}}))
    assert isinstance(refused, Refusal)
    assert refused.rule == "dp.persons"


def test_tables_of_persons_are_not_joined_by_a_row_key_alone() -> None:
    """The grammar takes it; but a visit of one person could then stand beside another person."""
    asked = query("SELECT count(*) AS n FROM visit v JOIN site s USING (site_id)")
    known = manifest()
    about = known.tables["site"].model_copy(update={"persons": 5})
    refused = read(asked, known.model_copy(update={"tables": {**known.tables, "site": about}}))
    assert isinstance(refused, Refusal)
    assert refused.rule == "dp.join"


def test_a_table_without_persons_and_without_row_key_is_not_joined() -> None:
    known = manifest()
    site = known.catalogue.tables["site"].model_copy(update={"row_key": None})
    described = known.catalogue.model_copy(update={"tables": {**known.catalogue.tables, "site": site}})
    refused = read(
        query("SELECT count(*) AS n FROM visit v JOIN site s USING (site_id)"),
        known.model_copy(update={"catalogue": described}),
    )
    assert isinstance(refused, Refusal)
    assert refused.rule == "dp.join"


def test_without_a_bounded_copy_there_is_no_release() -> None:
    old = manifest().model_copy(update={"bounded": {}})
    refused = read(query("SELECT count(*) AS n FROM visit"), old)
    assert isinstance(refused, Refusal)
    assert refused.rule == "dp.bounded"
    assert "build the extract again" in str(refused.reason)
    with pytest.raises(PrivacyError):
        files(spec("SELECT count(*) AS n FROM visit"), old, Path())


@pytest.mark.parametrize(("most", "fits"), [(1365, True), (1366, False)])
def test_the_product_of_limits_has_an_end(most: int, *, fits: bool) -> None:
    """4096 rows of one person at most: 3 × 1365 = 4095, 3 × 1366 = 4098."""
    known = manifest()
    wide = known.bounded["person"].model_copy(update={"rows_per_person": most})
    made = read(
        query("SELECT count(*) AS n FROM visit JOIN person USING (pid)"),
        known.model_copy(update={"bounded": {**known.bounded, "person": wide}}),
    )
    assert isinstance(made, DpSpec) is fits


# -- one person more or less

VISIT = st.fixed_dictionaries(
    {
        "pid": st.sampled_from(["a", "b", "c"]),
        "visit_id": st.integers(0, 99),
        "site_id": st.sampled_from([1, 2, 3, None]),
        "nights": st.sampled_from([None, -(2**40), -5, 0, 2, 60, 2**40]),
        "cost": st.sampled_from(
            [None, float("nan"), float("inf"), -float("inf"), -1e300, 0.0, 499.9996, 1000.0, 1e300]
        ),
        "kind": st.sampled_from(["a", "b", "unheard of", None]),
        "paid": st.sampled_from([True, False, None]),
        "urgent": st.sampled_from([0, 1, None, 7]),
    }
)
PERSON = st.fixed_dictionaries(
    {
        "pid": st.sampled_from(["a", "b", "c"]),
        "sex": st.sampled_from(["F", "M", None, "?"]),
        "height": st.sampled_from([None, 0.0, 250.0, float("nan")]),
    }
)
SITES: list[dict[str, Any]] = [
    {"site_id": 1, "public": True, "size": "big", "beds": 4},
    {"site_id": 2, "public": False, "size": None, "beds": 99},
]
SPECS = [
    spec(sql)
    for sql in (
        (
            "SELECT kind, nights >= 2 AS k, count(*) AS n, count(cost) AS v, count(*) FILTER (WHERE paid) AS f, "
            "count(DISTINCT pid) AS p, count(DISTINCT pid) FILTER (WHERE paid) AS pf, sum(cost) AS c, avg(cost) AS m, "
            "sum(nights) FILTER (WHERE NOT paid) AS s, median(nights) AS q, quantile_cont(cost, 0.9) AS r "
            "FROM visit GROUP BY ALL"
        ),
        (
            "SELECT sex, public, floor(nights / 10) AS b, count(*) AS n, count(DISTINCT visit.pid) AS p, "
            "sum(cost) AS c, sum(beds) AS beds, median(beds) AS q "
            "FROM person JOIN visit USING (pid) JOIN site USING (site_id) GROUP BY ALL"
        ),
        (
            "SELECT CASE WHEN sex = 'F' THEN 'F' ELSE 'M' END AS s, count(*) AS n, count(visit_id) AS v, "
            "count(DISTINCT p.pid) AS p, avg(height) AS h, avg(cost) FILTER (WHERE urgent = 1) AS m "
            "FROM person p LEFT JOIN visit USING (pid) GROUP BY ALL"
        ),
        (
            "SELECT size, count(*) AS n, avg(height) AS h, sum(cost) AS c FROM visit v LEFT JOIN person USING (pid) "
            "LEFT JOIN site s ON s.site_id = v.site_id WHERE NOT (paid AND nights > 2) GROUP BY size"
        ),
    )
]


def exact(
    folder: Path, asked: DpSpec, visits: Sequence[Mapping[str, Any]], persons: Sequence[Mapping[str, Any]]
) -> list[tuple[int, ...]]:
    packed = clinic.extract(folder, {"visit": visits, "person": persons, "site": SITES})
    return list(vectors(asked, files(asked, packed, folder)))


@settings(max_examples=40, deadline=None)
@given(st.lists(VISIT, max_size=9), st.lists(PERSON, max_size=4), st.sampled_from(["a", "b"]), st.sampled_from(SPECS))
def test_one_person_moves_each_statistic_by_its_sensitivity_at_most(
    visits: list[dict[str, Any]], persons: list[dict[str, Any]], who: str, asked: DpSpec
) -> None:
    """Bounds hold whatever the files hold: values out of bounds, NaN, infinities, unpublished categories."""
    with tempfile.TemporaryDirectory() as folder:
        whole = exact(Path(folder) / "whole", asked, visits, persons)
        rest = [[row for row in rows if row["pid"] != who] for rows in (visits, persons)]
        without = exact(Path(folder) / "without", asked, *rest)
    for statistic, one, other in zip(asked.statistics, whole, without, strict=True):
        moved = [left - right for left, right in zip(one, other, strict=True)]
        if statistic.kind is Kind.QUANTILE:
            assert min(moved, default=0) >= 0
            assert sum(moved) <= asked.rows_per_person
        else:
            limit = sensitivity(statistic, asked.rows_per_person, asked.cells)
            assert math.hypot(*moved) <= limit * (1 + 1e-12)


def test_the_bound_of_a_join_is_reached(tmp_path: Path) -> None:
    asked = spec("SELECT sex, sum(cost) AS c, count(*) AS n FROM visit JOIN person USING (pid) GROUP BY sex")
    visits = [{"pid": "a", "visit_id": at, "cost": 1000.0} for at in range(VISITS)]
    found = exact(tmp_path, asked, visits, [{"pid": "a", "sex": "F"}])
    for statistic, vector in zip(asked.statistics, found, strict=True):
        assert max(vector) == sensitivity(statistic, asked.rows_per_person, asked.cells)


def test_sums_beyond_whole_doubles_are_exact(tmp_path: Path) -> None:
    """Steps of a narrow column far from 0 are large numbers: then whole numbers are added up, not doubles."""
    asked = spec("SELECT sum(cost) AS c FROM visit")
    (one,) = asked.statistics
    wide = replace(asked, statistics=(replace(one, exponent=-12, high=10**15),))
    visits = [{"pid": f"p{at}", "visit_id": at, "cost": 999.9 + at / 10**4} for at in range(900)]
    (found,) = exact(tmp_path, wide, visits, [])
    assert found[0] == sum(round((999.9 + at / 10**4) * 10.0**12) for at in range(900))


_TESTS = ("cost > 5", "cost < 5", "NOT cost > 5", "cost IS NULL", "cost IN (1, 900)", "cost <> 1", "cost >= 900")
_MEASURES = ", ".join(f"count(*) FILTER (WHERE {test}) AS n{at}" for at, test in enumerate(_TESTS))


@pytest.mark.parametrize("joined", ["visit", "visit LEFT JOIN person USING (pid)"])
def test_what_nan_counts_for_depends_on_no_other_row(tmp_path: Path, joined: str) -> None:
    """DuckDB answers comparisons, and isnan, from a file's smallest and largest value, which NaN does not enter."""
    asked = spec(f"SELECT {_MEASURES}, sum(cost) AS c, avg(cost) AS m, count(cost) AS v FROM {joined}")
    found = []
    for other in (1.0, 900.0):
        rest = [{"pid": "b", "visit_id": 2, "cost": other}]
        rows = [{"pid": "a", "visit_id": 1, "cost": float("nan")}, *rest]
        pair = [exact(tmp_path / f"{other}-{len(each)}", asked, each, []) for each in (rows, rest)]
        found.append([one[0] - left[0] for one, left in zip(*pair, strict=True)])
    assert found[0] == found[1]
    assert sum(found[0]) == 1  # it is as good as NULL: counted by IS NULL alone
