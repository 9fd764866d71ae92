"""What an outsider learns from published tables alone: cases of the field, brute force, what must never get worse."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.checks.model import Audience, Outcome, Protection
from egress.query.table import Value
from egress.released.bounds import Told, audit, bounds_audit
from egress.released.fingerprint import Fingerprint, Granted, Lineage, Status
from egress.released.outsider import Published
from tests.egress.query.extracts import rules
from tests.egress.released.tables import THRESHOLDS, released

PERSONS = frozenset({"person"})
THREE = rules(min_persons=3)
ELEVEN = rules()


def told(own: list[Fingerprint], earlier: list[Fingerprint], shipped: Any = ELEVEN) -> list[Told]:
    found = audit(Published.of((*own, *earlier), PERSONS), len(own), shipped)
    return sorted(one.told for one in found.exposures)


def by(keys: str, where: str = "") -> str:
    return f"SELECT {keys}, count(*) AS n FROM person {where} GROUP BY ALL"


# -- case C01: two area definitions that differ by a few households, here two age limits

HOURS = ("A", "B", "C")
RELEASE_1 = {"A": (50, 54), "B": (128, 140), "C": (39, 49)}
RELEASE_2 = {"A": (52, 55), "B": (130, 140), "C": (39, 49)}


def geographic(values: dict[str, tuple[int, int]], limit: int, **more: Any) -> Fingerprint:
    rows = [(hour, sex, values[hour][at]) for hour in HOURS for at, sex in enumerate(("F", "M"))]
    return released(by("diagnosis, sex", f"WHERE age >= {limit}"), *rows, **more)


def test_case_c01_nested_tables_show_small_differences() -> None:
    """Differences 2, 1, 2, 0, 0, 0 at threshold 3: three groups are shown, equal cells tell nothing."""
    own, earlier = [geographic(RELEASE_1, 65)], [geographic(RELEASE_2, 18, request="r-0")]
    assert told(own, earlier, THREE) == [Told.SMALL] * 3


def test_case_c01_needs_proof_that_the_one_lies_in_the_other() -> None:
    own = [released(by("diagnosis, sex", "WHERE age >= 65"), *(("A", "F", 50),))]
    earlier = [released(by("diagnosis, sex", "WHERE region = 'North'"), *(("A", "F", 52),))]
    assert told(own, earlier, THREE) == []


@pytest.mark.parametrize(("larger", "shown"), [(50, False), (51, True), (52, True), (53, False)])
def test_a_difference_at_the_edge(larger: int, *, shown: bool) -> None:
    """Differences of 0, 1, 2 and 3 persons at threshold 3."""
    own = [released("SELECT count(*) AS n FROM person WHERE age >= 65", (50,))]
    earlier = [released("SELECT count(*) AS n FROM person WHERE age >= 18", (larger,))]
    assert told(own, earlier, THREE) == ([Told.SMALL] if shown else [])


def test_years_of_permits_nest() -> None:
    """The authors wrote the same; their permits granted other years."""

    def stays(first: int, count: int) -> Fingerprint:
        lineage = Lineage("pmsi", "0" * 64, (Granted("stay", "year", first, 2024),))
        return released("SELECT hospital_id, count(*) AS n FROM stay GROUP BY ALL", (7, count), lineage=lineage)

    assert told([stays(2022, 40)], [stays(2021, 45)]) == [Told.SMALL]
    assert told([stays(2022, 40)], [stays(2021, 60)]) == []
    assert told([stays(2022, 40)], [stays(2022, 45)]) == []


# -- case C05 and exact recovery across projects


def fine(hidden: Value | None = None, **more: Any) -> Fingerprint:
    rows = (("North", "F", hidden), ("North", "M", 40), ("South", "F", 25), ("South", "M", 35))
    return released(by("region, sex"), *rows, **{"primary": (0,) if hidden is None else (), **more})


def test_case_c05_a_total_in_another_project_gives_the_hidden_value_back() -> None:
    own = [released(by("region"), ("North", 43), ("South", 60), project="two")]
    assert told(own, [fine()]) == [Told.EXACT]
    findings = bounds_audit(own, [fine()], ELEVEN, PERSONS)["table"]
    checkers = [str(one.why) for one in findings if one.audience is Audience.CHECKER]
    authors = [str(one.why) for one in findings if one.audience is Audience.AUTHOR]
    assert checkers == ["Beside earlier releases, 1 hidden values are known exactly: one/r-1/table North F."]
    assert authors == ["This table conflicts with an earlier release; a checker sees which."]
    assert {one.outcome for one in findings} == {Outcome.REVIEW}


def test_a_hidden_pair_leaves_what_the_rules_allow() -> None:
    rows = (("North", "F", None), ("North", "M", None), ("South", "F", 25), ("South", "M", 35))
    pair = released(by("region, sex"), *rows, primary=(0,))
    north = released(by("region"), ("North", 43), ("South", 60), project="two")
    assert told([north], [pair]) == []


@pytest.mark.parametrize(("total", "found"), [(11, [Told.EXACT] * 2), (12, [Told.SMALL]), (13, [Told.SMALL])])
def test_bounds_of_the_rules_count_as_known(total: int, found: list[Told]) -> None:
    """Two primary cells in [1, 10] lie in [1, 10]; a total of 2 tells both; 3 or 4 are few together."""
    rows = (("North", "F", None), ("North", "M", None), ("South", "F", 25), ("South", "M", 35))
    pair = released(by("region, sex"), *rows, primary=(0, 1))
    north = released(by("region"), ("North", total - 9), ("South", 60), project="two")
    assert told([north], [pair]) == found


def test_what_was_refused_or_noisy_tells_nothing() -> None:
    own = [released(by("region"), ("North", 43), ("South", 60))]
    for more in ({"status": Status.REFUSED}, {"status": Status.PENDING}, {"protect": Protection.DP}):
        assert bounds_audit(own, [fine(**more)], ELEVEN, PERSONS) == {}


def test_rounded_totals_leave_room() -> None:
    own = [released(by("region"), ("North", 45), ("South", 60), protect=Protection.ROUND)]
    assert told(own, [fine()]) == []


def test_persons_who_may_stand_in_two_cells_do_not_add_up() -> None:
    sql = "SELECT {} count(DISTINCT person_id) AS p FROM stay GROUP BY ALL"
    years = released(sql.format("year,"), (2021, None), (2022, 50), (2023, 60), primary=(0,))
    whole = released(sql.format(""), (115,))
    assert told([whole], [years]) == []


# -- limits


@pytest.mark.parametrize(("limit", "reviewed"), [(1, True), (2, False), (3, False)])
def test_more_tables_than_the_rules_allow(limit: int, *, reviewed: bool) -> None:
    own = [released(by("diagnosis"), ("A", 43), ("B", 60))]
    limited = rules(audit={"cells": 100, "unknowns": 100, "tables": limit})
    findings = bounds_audit(own, [fine(7), fine(7)], limited, PERSONS)["table"]
    assert [one.outcome is Outcome.REVIEW for one in findings] == [reviewed]
    assert all(one.audience is Audience.CHECKER for one in findings)


@pytest.mark.parametrize(("limit", "reviewed"), [(4, True), (5, False), (6, False)])
def test_more_cells_than_the_rules_allow(limit: int, *, reviewed: bool) -> None:
    """Two unknown cells hang together, with three totals that no table shows."""
    rows = (("North", "F", None), ("North", "M", None), ("South", "F", 25), ("South", "M", 35))
    pair = released(by("region, sex"), *rows, primary=(0,))
    own = [released(by("region"), ("North", 43), ("South", 60), project="two")]
    limited = rules(audit={"cells": 1, "unknowns": limit, "tables": 10})
    findings = bounds_audit(own, [pair], limited, PERSONS)["table"]
    assert any("unknown cells" in str(one.why) for one in findings) is reviewed


# -- against brute force

REGIONS, SEXES = ("North", "South"), ("F", "M")
SMALL = rules(min_persons=3)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Fingerprint], dict[tuple[str, str], int]]:
    counts = {key: draw(st.integers(1, 6)) for key in product(REGIONS, SEXES)}
    rows, primary = [], []
    for at, (key, count) in enumerate(counts.items()):
        hidden = count < 3 or draw(st.booleans())
        rows.append((*key, None if hidden else count))
        primary += [at] if count < 3 else []
    few = replace(THRESHOLDS, min_persons=3)
    tables = [released(by("region, sex"), *rows, primary=tuple(primary), request="r-0", rules=few)]
    if draw(st.booleans()):
        sums = [(region, sum(counts[region, sex] for sex in SEXES)) for region in REGIONS]
        tables.append(released(by("region"), *sums, request="r-2"))
    if draw(st.booleans()):
        sums = [(sex, sum(counts[region, sex] for region in REGIONS)) for sex in SEXES]
        tables.append(released(by("sex"), *sums, request="r-3"))
    if draw(st.booleans()):
        tables.append(released("SELECT count(*) AS n FROM person", (sum(counts.values()),), request="r-4"))
    return tables, counts


def possible(tables: list[Fingerprint]) -> dict[tuple[str, str], set[int]]:
    """By trying all worlds of up to 24 persons per cell: the values of each cell that agree with all tables."""
    first, *others = tables
    worlds = np.indices((24,) * 4).reshape(4, -1) + 1
    cells = dict(zip(product(REGIONS, SEXES), worlds, strict=True))
    fits = np.ones(worlds.shape[1], dtype=bool)
    for at, row in enumerate(first.table.rows):
        fits &= (worlds[at] == row[2]) if row[2] is not None else (worlds[at] < 3) | (at not in first.primary)
    for table in others:
        names = [key.name for key in table.query.keys]
        for *labels, count in table.table.rows:
            fixed = dict(zip(names, labels, strict=True))
            inside = [
                values
                for (region, sex), values in cells.items()
                if fixed.get("region", region) == region and fixed.get("sex", sex) == sex
            ]
            fits &= np.sum(inside, axis=0) == count
    return {key: set(values[fits].tolist()) for key, values in cells.items()}


@given(worlds())
@settings(max_examples=25, deadline=None)
def test_the_audit_agrees_with_trying_every_world(world: tuple[list[Fingerprint], dict[tuple[str, str], int]]) -> None:
    tables, _ = world
    exposed = audit(Published.of(tables, PERSONS), len(tables), SMALL).exposures
    places = {cell: row for (table, row), cell in Published.of(tables, PERSONS).universe.own.items() if table == 0}
    keys = list(product(REGIONS, SEXES))
    found = {keys[places[one.cell]] for one in exposed if one.beside is None}
    # Linear bounds rounded inwards are those of whole numbers here: the equations are those of a network.
    options = possible(tables)
    assert found == {keys[at] for at in tables[0].primary if max(options[keys[at]]) == min(options[keys[at]])}


@given(worlds(), st.data())
@settings(max_examples=20, deadline=None)
def test_without_an_earlier_release_nothing_gets_worse(
    world: tuple[list[Fingerprint], dict[tuple[str, str], int]], data: st.DataObject
) -> None:
    (own, *earlier), _ = world
    before = audit(Published.of((own, *earlier), PERSONS), 1, SMALL)
    fewer = [one for one in earlier if data.draw(st.booleans())]
    after = audit(Published.of((own, *fewer), PERSONS), 1, SMALL)
    assert {one.cell for one in after.exposures} <= {one.cell for one in before.exposures}
