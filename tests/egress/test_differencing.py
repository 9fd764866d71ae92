"""Tables that, subtracted from one another, show a group of few persons: found by recomputing, cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from egress import differencing
from egress.assess import Assessment, Declaration, assess_request
from egress.checks.model import Audience, Finding, Outcome, Protection
from egress.differencing import Differencing, TooManyError
from egress.query.engine import Engine
from egress.query.model import Query
from egress.query.parse import parse
from egress.query.table import Table
from egress.released.differencing import Told
from egress.released.fingerprint import Fingerprint, Granted, Lineage, Status, Thresholds
from tests.egress.query.extracts import one_table, pack, rules

T = 11
HERE = Lineage("s", "e" * 64, (Granted("t"),))
Make = Callable[..., Fingerprint]


def fingerprint_of(
    engine: Engine, sql: str, hidden: Sequence[int] = (), lineage: Lineage = HERE, **changes: Any
) -> Fingerprint:
    """The table that `sql` gives, the rows `hidden` suppressed."""
    query = parse(sql, engine.manifest.catalogue, engine.persons)
    assert isinstance(query, Query), query
    table, evidence = engine.table(query), engine.evidence(query)
    measures = {query.columns.index(measure.name) for measure in query.measures}
    rows = tuple(
        tuple(None if number in hidden and at in measures else value for at, value in enumerate(row))
        for number, row in enumerate(table.rows)
    )
    made = Fingerprint(
        request="p-1",
        project="p",
        output="x",
        lineage=lineage,
        query=query,
        table=Table(table.columns, rows),
        groupings=tuple(cell.grouping for cell in evidence.cells),
        status=Status.RELEASED,
        rules=Thresholds("health-fr", T, 5, 3),
        primary=tuple(hidden),
    )
    return replace(made, **changes)


# -- C01: two area definitions that differ by a few households

OUTPUT_AREA = [[50, 54], [128, 140], [39, 49]]
DISTRICT = [[52, 55], [130, 140], [39, 49]]
HOURS = [">30h", "16-30h", "<=15h"]


@pytest.fixture
def areas(tmp_path: Path) -> Iterator[Engine]:
    """The district holds the output area (`oa` = 1) and the households by which they differ."""
    raw = one_table(
        {
            "hours": {"type": "string", "categories": HOURS},
            "sex": {"type": "string", "categories": ["male", "female"]},
            "oa": {"type": "integer", "categories": [0, 1]},
        }
    )
    data: dict[str, list[Any]] = {"pid": [], "hours": [], "sex": [], "oa": []}
    for row, hours in enumerate(HOURS):
        for column, sex in enumerate(("male", "female")):
            for number in range(DISTRICT[row][column]):
                data["pid"].append(f"p{len(data['pid'])}")
                data["hours"].append(hours)
                data["sex"].append(sex)
                data["oa"].append(int(number < OUTPUT_AREA[row][column]))
    with Engine(tmp_path, pack(tmp_path, raw, {"t": data})) as engine:
        yield engine


def test_c01_the_households_between_two_areas(areas: Engine) -> None:
    by = "hours, sex, count(*) AS n FROM t"
    district = fingerprint_of(areas, f"SELECT {by} GROUP BY hours, sex")
    area = fingerprint_of(areas, f"SELECT {by} WHERE oa = 1 GROUP BY hours, sex")
    told = Differencing(areas, HERE, 3).told(area, district)
    assert told is not None
    expected = {
        (HOURS[row], sex): DISTRICT[row][column] - OUTPUT_AREA[row][column]
        for row in range(3)
        for column, sex in enumerate(("male", "female"))
    }
    cells = {cell.keys: cell.persons for cell in told if len(cell.one_rows) == 1}
    assert (
        cells
        == {key: count for key, count in expected.items() if count}
        == {
            (">30h", "male"): 2,
            (">30h", "female"): 1,
            ("16-30h", "male"): 2,
        }
    )


# -- a table of persons and stays, in which filters leave out exactly k persons

SHAPE = one_table(
    {
        "region": {"type": "string", "categories": ["north", "south"]},
        "sex": {"type": "string", "categories": ["F", "M"]},
        "year": {"type": "integer", "categories": [2023, 2024]},
        "mark": {"type": "integer", "bounds": [0, 100]},
        "cost": {"type": "integer", "bounds": [0, 1000]},
        "day": {"type": "date", "bounds": [date(2023, 1, 1), date(2024, 12, 31)]},
    }
)


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Engine]:
    """60 persons, two rows each (2023 and 2024); `mark` numbers the persons of the north from 1, 0 elsewhere."""
    data: dict[str, list[Any]] = {name: [] for name in ("pid", *SHAPE["tables"]["t"]["columns"])}
    for number in range(60):
        for year in (2023, 2024):
            north = number < 30
            data["pid"].append(f"p{number:03}")
            data["region"].append("north" if north else "south")
            data["sex"].append("F" if number % 2 else "M")
            data["year"].append(year)
            data["mark"].append(number + 1 if north else 0)
            data["cost"].append(100 + number)
            data["day"].append(date(year, 3, 1))
    with Engine(tmp_path, pack(tmp_path, SHAPE, {"t": data})) as engine:
        yield engine


@pytest.fixture
def make(hospital: Engine) -> Make:
    return lambda sql, hidden=(), **more: fingerprint_of(hospital, sql, hidden, **more)


def ask(engine: Engine, one: Fingerprint, other: Fingerprint, threshold: int = T) -> tuple[Told, ...]:
    told = Differencing(engine, HERE, threshold).told(one, other)
    assert told is not None
    return told


BY_REGION = "SELECT region, count(*) AS n FROM t {} GROUP BY region"
PERSONS = "SELECT region, count(DISTINCT pid) AS n FROM t {} GROUP BY region"


@pytest.mark.parametrize(("left_out", "found"), [(0, 0), (1, 1), (T - 1, 1), (T, 0), (T + 1, 0)])
@pytest.mark.parametrize("sql", [BY_REGION, PERSONS])
def test_a_group_is_small_below_the_threshold(
    hospital: Engine, make: Make, sql: str, left_out: int, found: int
) -> None:
    one, other = make(sql.format("")), make(sql.format(f"WHERE mark = 0 OR mark > {left_out}"))
    for told in (ask(hospital, one, other), ask(hospital, other, one)):
        assert len([cell for cell in told if cell.keys == ("north",)]) == found
        assert {cell.persons for cell in told} <= {left_out}


def test_one_persons_record_dropped_by_a_filter(hospital: Engine, make: Make) -> None:
    """sdc.md, attack F; the measure may be a sum, which tells the person's own value."""
    sql = "SELECT region, sum(cost) AS total FROM t {} GROUP BY region"
    told = ask(hospital, make(sql.format("WHERE mark <> 7")), make(sql.format("")))
    assert {cell.persons for cell in told} == {1}


def test_rows_of_the_same_persons_count_where_rows_are_counted(hospital: Engine, make: Make) -> None:
    """One stay of one person: the persons are the same, and a count of persons tells nothing."""
    where = "WHERE NOT (mark = 7 AND year = 2024)"
    assert ask(hospital, make(BY_REGION.format("")), make(BY_REGION.format(where)))
    assert not ask(hospital, make(PERSONS.format("")), make(PERSONS.format(where)))


def test_two_years_are_not_one_inside_the_other(hospital: Engine, make: Make) -> None:
    """Nobody left between the years but in marks: what differs between two years is not a group anybody can name."""
    first, second = "WHERE year = 2023 AND mark <> 1", "WHERE year = 2024"
    assert not ask(hospital, make(PERSONS.format(first)), make(PERSONS.format(second)))
    inside = "WHERE year = 2023 OR mark <> 1"  # who has a stay in 2024 only: nobody but number 1 can be told
    assert not ask(hospital, make(PERSONS.format("")), make(PERSONS.format(inside)))


def test_one_exchanged_for_another(hospital: Engine, make: Make) -> None:
    """Leave out a stranger here and yourself there: the difference is the stranger's, less what you know."""
    one, other = make(BY_REGION.format("WHERE mark <> 7")), make(BY_REGION.format("WHERE mark <> 8"))
    assert {cell.persons for cell in ask(hospital, one, other)} == {2}
    counted = ask(hospital, make(PERSONS.format("WHERE mark <> 7")), make(PERSONS.format("WHERE mark <> 8")))
    assert {cell.persons for cell in counted} == {2}


def test_what_is_suppressed_cannot_be_subtracted(hospital: Engine, make: Make) -> None:
    where = "WHERE mark <> 7"
    assert ask(hospital, make(BY_REGION.format("")), make(BY_REGION.format(where)))
    north = 0
    # the totals over both regions cannot be added up either
    assert not ask(hospital, make(BY_REGION.format(""), [north]), make(BY_REGION.format(where)))
    assert not ask(hospital, make(BY_REGION.format("")), make(BY_REGION.format(where), [north]))


def test_finer_cells_are_added_up(hospital: Engine, make: Make) -> None:
    fine = make("SELECT region, sex, count(*) AS n FROM t WHERE mark <> 7 GROUP BY region, sex")
    told = ask(hospital, make(BY_REGION.format("")), fine)
    (north,) = [cell for cell in told if cell.keys == ("north",)]
    assert (len(north.one_rows), len(north.other_rows)) == (1, 2)
    hidden = make("SELECT region, sex, count(*) AS n FROM t WHERE mark <> 7 GROUP BY region, sex", [0])
    assert not ask(hospital, make(BY_REGION.format("")), hidden)
    nothing_shared = make("SELECT sex, count(*) AS n FROM t WHERE mark <> 7 GROUP BY sex")
    assert {cell.keys for cell in ask(hospital, make(BY_REGION.format("")), nothing_shared)} == {()}


def test_averages_and_medians_are_compared_as_they_are_and_not_added_up(hospital: Engine, make: Make) -> None:
    for word in ("median(cost)", "stddev(cost)"):
        by_region = f"SELECT region, {word} AS m FROM t {{}} GROUP BY region"
        assert ask(hospital, make(by_region.format("")), make(by_region.format("WHERE mark <> 7")))
        finer = f"SELECT region, sex, {word} AS m FROM t WHERE mark <> 7 GROUP BY region, sex"
        assert not ask(hospital, make(by_region.format("")), make(finer))
    other = "SELECT region, avg(mark) AS m FROM t WHERE mark <> 7 GROUP BY region"
    assert not ask(hospital, make("SELECT region, avg(cost) AS m FROM t GROUP BY region"), make(other))


def test_a_filter_on_a_key_of_the_other_table_chooses_its_cells(hospital: Engine, make: Make) -> None:
    women = make("SELECT region, count(*) AS n FROM t WHERE sex = 'F' AND mark <> 8 GROUP BY region")
    by_sex = make("SELECT region, sex, count(*) AS n FROM t GROUP BY region, sex")
    (cell,) = ask(hospital, women, by_sex)
    assert (cell.keys, cell.persons) == (("north",), 1)
    rows = [by_sex.table.rows[row] for row in cell.other_rows]
    assert [row[:2] for row in rows] == [("north", "F")]
    # person 7 is a man: no table of the women tells of him
    assert not ask(hospital, make("SELECT region, count(*) AS n FROM t WHERE sex = 'F' GROUP BY region"), by_sex)
    listed = make("SELECT region, count(*) AS n FROM t WHERE sex IN ('F', 'M') AND mark <> 8 GROUP BY region")
    assert ask(hospital, listed, by_sex)


def test_the_same_rows_in_other_words_are_no_difference(hospital: Engine, make: Make) -> None:
    one = make("SELECT region, count(*) AS n FROM t WHERE mark > 3 AND sex = 'F' GROUP BY region")
    other = make(
        "SELECT s.region AS r, count(*) AS m FROM t AS s WHERE 'F' = s.sex AND NOT s.mark <= 3 GROUP BY s.region"
    )
    assert not ask(hospital, one, other)


def test_totals_are_cells_too(hospital: Engine, make: Make) -> None:
    rolled = make("SELECT region, count(*) AS n FROM t WHERE mark <> 7 GROUP BY ROLLUP (region)")
    plain = make("SELECT count(*) AS n FROM t")
    assert {cell.keys for cell in ask(hospital, plain, rolled)} == {()}
    assert {cell.keys for cell in ask(hospital, rolled, plain)} == {()}


# -- other extracts of the same source


OTHER = Lineage("s", "f" * 64, (Granted("t"),))


def test_another_projects_query_is_run_on_this_extract(hospital: Engine, make: Make) -> None:
    theirs = make(BY_REGION.format("WHERE mark <> 7"), lineage=OTHER)
    assert ask(hospital, make(BY_REGION.format("")), theirs)


def test_years_granted_then_are_read_again(hospital: Engine, make: Make) -> None:
    """Their extract held 2024 only; here the same query must not read 2023."""
    then = Lineage("s", "f" * 64, (Granted("t", "year", 2024, 2024),))
    theirs = make(BY_REGION.format("WHERE mark <> 7"), lineage=then)
    assert ask(hospital, make(BY_REGION.format("WHERE year = 2024")), theirs)
    by_day = Lineage("s", "f" * 64, (Granted("t", "day", 2024, 2024),))
    assert ask(
        hospital, make(BY_REGION.format("WHERE year = 2024")), make(BY_REGION.format("WHERE mark <> 7"), lineage=by_day)
    )
    assert not ask(hospital, make(BY_REGION.format("")), theirs)


@pytest.mark.parametrize(
    "lineage",
    [
        Lineage("elsewhere", "e" * 64, (Granted("t"),)),
        Lineage("s", "f" * 64, ()),
        Lineage("s", "f" * 64, (Granted("t", "gone", 2024, 2024),)),
    ],
)
def test_what_cannot_be_run_here_is_said_so(hospital: Engine, make: Make, lineage: Lineage) -> None:
    theirs = make(BY_REGION.format("WHERE mark <> 7"), lineage=lineage)
    assert Differencing(hospital, HERE, T).told(make(BY_REGION.format("")), theirs) is None


def test_rows_that_are_no_longer_granted_cannot_be_compared(hospital: Engine, make: Make) -> None:
    now = Lineage("s", "e" * 64, (Granted("t", "year", 2024, 2024),))
    theirs = make(BY_REGION.format("WHERE mark <> 7"), lineage=OTHER)
    assert Differencing(hospital, now, T).told(make(BY_REGION.format("")), theirs) is None


def test_a_column_that_this_extract_lacks(hospital: Engine, make: Make, tmp_path: Path) -> None:
    theirs = make(BY_REGION.format("WHERE mark <> 7"), lineage=OTHER)
    raw = one_table({"region": SHAPE["tables"]["t"]["columns"]["region"]})
    with Engine(tmp_path / "x", pack(tmp_path / "x", raw, {"t": {"pid": ["p1"], "region": ["north"]}})) as small:
        mine = fingerprint_of(small, BY_REGION.format(""))
        assert Differencing(small, HERE, T).told(mine, theirs) is None


def test_the_stricter_threshold_of_the_two_counts(hospital: Engine, make: Make) -> None:
    strict = make(BY_REGION.format("WHERE mark = 0 OR mark > 5"), rules=Thresholds("strict", 6, 5, 3))
    mild = replace(strict, rules=Thresholds("mild", 3, 5, 3))
    assert ask(hospital, make(BY_REGION.format("")), strict, threshold=3)
    assert not ask(hospital, make(BY_REGION.format("")), mild, threshold=3)


def test_equal_selections_are_counted_once_and_too_many_are_not_begun(
    hospital: Engine, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    working = Differencing(hospital, HERE, T)
    one, other = make(BY_REGION.format("")), make(BY_REGION.format("WHERE mark > 20 OR mark = 0"))
    monkeypatch.setattr(differencing, "MAX_PASSES", 1)
    for _ in range(3):
        assert working.told(one, other) == ()
    with pytest.raises(TooManyError):
        working.told(one, make(BY_REGION.format("WHERE mark <> 7")))


# -- within one request


def assessed(engine: Engine, *sqls: str, protect: Protection = Protection.SUPPRESS) -> tuple[Assessment, ...]:
    declarations = [Declaration(f"t{number}", sql, protect=protect) for number, sql in enumerate(sqls)]
    return assess_request(declarations, engine, rules())


def north(assessment: Assessment) -> object:
    assert assessment.protected is not None
    return next(row[-1] for row in assessment.protected.rows if row[0] == "north")


def told_of(assessment: Assessment) -> list[Finding]:
    return [finding for finding in assessment.findings if finding.check == "differencing"]


@pytest.mark.parametrize(("left_out", "hidden"), [(0, False), (1, True), (T - 1, True), (T, False)])
def test_the_later_table_hides_the_cells_by_which_it_differs(hospital: Engine, left_out: int, *, hidden: bool) -> None:
    first, later = assessed(hospital, BY_REGION.format(""), BY_REGION.format(f"WHERE mark = 0 OR mark > {left_out}"))
    assert north(first) == 60
    assert (north(later) is None) is hidden
    assert [finding.outcome for finding in told_of(later)] == ([Outcome.PASS] if hidden else [])
    assert told_of(first) == []
    if hidden:
        (finding,) = told_of(later)
        assert finding.remedy is not None
        assert "t0" in str(finding.why)
        assert finding.audience is Audience.AUTHOR


def test_rounding_does_not_keep_few_persons_between_two_tables(hospital: Engine) -> None:
    both = [BY_REGION.format(""), BY_REGION.format("WHERE mark <> 7")]
    _, later = assessed(hospital, *both, protect=Protection.ROUND)
    assert north(later) is None


def test_without_protection_the_later_table_is_refused(hospital: Engine) -> None:
    both = [BY_REGION.format(""), BY_REGION.format("WHERE mark <> 7")]
    first, later = assessed(hospital, *both, protect=Protection.NONE)
    assert first.outcome is not Outcome.FAIL
    assert later.outcome is Outcome.FAIL
    assert later.protected is None


def test_cells_that_are_told_apart_in_sum_only_refuse_the_later_table(hospital: Engine) -> None:
    """By region here, by sex there: one person is missing from the whole, which no single cell tells."""
    by_sex = "SELECT sex, count(*) AS n FROM t WHERE mark <> 7 GROUP BY sex"
    first, later = assessed(hospital, BY_REGION.format(""), by_sex)
    assert first.outcome is not Outcome.FAIL
    assert later.outcome is Outcome.FAIL
    assert [finding.cells for finding in told_of(later)] == [()]


def test_a_refused_table_takes_no_other_with_it(hospital: Engine) -> None:
    by_sex = "SELECT sex, count(*) AS n FROM t WHERE mark <> 7 GROUP BY sex"
    *_, again = assessed(hospital, BY_REGION.format(""), by_sex, by_sex.replace("sex,", "sex AS s,"))
    assert again.outcome is Outcome.FAIL  # because of the first
    (finding,) = told_of(again)
    assert "t0" in str(finding.why)


def test_too_many_comparisons_within_a_request_are_for_people(
    hospital: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differencing, "MAX_PASSES", 0)
    first, later = assessed(hospital, BY_REGION.format(""), BY_REGION.format("WHERE mark <> 7"))
    assert told_of(first) == []
    assert [finding.outcome for finding in told_of(later)] == [Outcome.REVIEW]
