"""Patterns against published cases and random tables; each is judged by an audit that knows nothing of its making."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.hierarchical import SIZES, made
from egress.protect.audit import audit
from egress.protect.relations import Relation
from egress.protect.secondary import Effort, suppress
from egress.protect.subtrees import Widths
from egress.protect.system import Exposed, Pattern, Problem, System, Vector
from tests.egress.protect.grids import Grid, TwoWay, marked


def pattern(problem: Problem, proposal: set[int] | None = None) -> Pattern:
    """The pattern, audited anew without the witnesses of whoever made it."""
    size = problem.system.size
    found = suppress(problem, None if proposal is None else marked(size, proposal))
    assert isinstance(found, Pattern)
    assert found.suppressed[problem.secret].all()
    assert not (found.suppressed & problem.marks(problem.published)).any()
    assert audit(problem, found.suppressed).clean
    return found


def cells(found: Pattern) -> set[int]:
    return set(np.flatnonzero(found.suppressed).tolist())


def test_case_a02_and_c05() -> None:
    for values in ([998.0, 47600, 8002, 56600], [1.0, 10, 15, 25, 51], [1.0, 100, 90, 85, 276]):
        size = len(values)
        marks = marked(size, {0})
        vector = Vector.counts("n", np.array(values), marks, threshold=None)
        problem = Problem(System.of((Relation(size - 1, tuple(range(size - 1))),), size), (vector,), marks)
        smallest = 1 + int(np.argmin(values[1:-1]))
        assert cells(pattern(problem)) == {0, smallest}


def test_case_e01_sdctable() -> None:
    """Three secondary cells that make a rectangle with (A, female), 40 persons in all."""
    table = TwoWay([[18, 2], [14, 19], [12, 10], [11, 14]])
    found = pattern(table.counts({table.at(0, 1)}))
    assert cells(found) == {table.at(0, 0), table.at(0, 1), table.at(2, 0), table.at(2, 1)}
    assert found.loss.secondary == 3
    assert found.loss.value_share == pytest.approx(42 / 100)


def test_case_e03_rtauargus() -> None:
    """Primary 02|tr1 (two units) and 06|tr2 (95 %); the two other cells of their rectangle follow."""
    table = TwoWay([[100, 50], [30, 20], [60, 40]])
    found = pattern(table.totals({table.at(1, 0), table.at(2, 1)}, 0.1))
    assert cells(found) == {table.at(1, 0), table.at(1, 1), table.at(2, 0), table.at(2, 1)}


@pytest.mark.skipif("BULLE_SDC_DATA" not in os.environ, reason="BULLE_SDC_DATA names no folder with INSEE's table")
def test_case_e02_insee_turnover() -> None:
    """77 primary cells at 10 %: τ-ARGUS OPT took 64 further ones (rtauargus, run by INSEE)."""
    folder = Path(os.environ["BULLE_SDC_DATA"]) / "insee-turnover"
    problem = insee(folder)
    assert int(problem.primary.sum()) == 77
    assert pattern(problem).loss.secondary <= 64


def insee(folder: Path) -> Problem:
    """Turnover by activity (three levels) and size."""
    with (folder / "turnover_act_size.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with (folder / "activity_corr_table.csv").open(encoding="utf-8") as file:
        levels = list(csv.reader(file))[1:]
    below: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for codes in levels:
        for above, code in zip(["Total", *codes], codes, strict=False):
            below[above][code] = None
    place = {(row["ACTIVITY"], row["SIZE"]): at for at, row in enumerate(rows)}
    sizes = sorted({row["SIZE"] for row in rows} - {"Total"})
    activities = {row["ACTIVITY"] for row in rows}
    relations = [
        Relation(place[activity, "Total"], tuple(place[activity, size] for size in sizes if (activity, size) in place))
        for activity in activities
    ]
    for above, codes in below.items():
        for size in [*sizes, "Total"]:
            under = tuple(place[code, size] for code in codes if (code, size) in place)
            if (above, size) in place and under and under != (place[above, size],):
                relations.append(Relation(place[above, size], under))
    values = np.array([float(row["TOT"]) for row in rows])
    counts = np.array([float(row["N_OBS"]) for row in rows])
    largest = np.array([float(row["MAX"]) for row in rows])
    primary = ((counts < 3) & (counts > 0)) | ((largest > 0.85 * values) & (values > 0))
    return Problem(System.of(relations, len(rows)), (Vector.totals("TOT", values, share=0.1),), primary)


def test_a_cell_shown_before_is_not_suppressed_now() -> None:
    """With the first line shown before, the pattern takes the second; with both shown nothing protects."""
    table = TwoWay([[18, 2], [14, 19]])
    problem = table.counts({table.at(0, 1)})
    shown = table.marks({table.at(0, 0)})
    found = pattern(replace(problem, published=shown))
    assert not found.suppressed[table.at(0, 0)]
    everything = ~problem.primary
    answer = suppress(replace(problem, published=everything))
    assert isinstance(answer, Exposed)
    assert answer.cells == (table.at(0, 1),)


def test_a_cell_hidden_before_stays_hidden() -> None:
    table = TwoWay([[18, 2, 5], [14, 19, 9], [7, 8, 30]])
    problem = replace(table.counts({table.at(0, 1)}), hidden=table.marks({table.at(2, 2)}))
    assert pattern(problem).suppressed[table.at(2, 2)]


def test_a_proposal_is_repaired_and_thinned() -> None:
    table = TwoWay([[18, 2], [14, 19], [12, 10], [11, 14]])
    problem = table.counts({table.at(0, 1)})
    too_few = pattern(problem, {table.at(0, 0)})
    assert table.at(0, 0) in cells(too_few)
    assert too_few.loss.secondary == 3
    assert pattern(problem, set(range(12))).loss.secondary == 3


def test_counts_and_sums_share_one_pattern() -> None:
    """A sum asks for more than its count: the pattern serves both."""
    table = TwoWay([[18, 2, 9], [14, 19, 8], [12, 10, 7]])
    money = np.array([900.0, 5000, 90, 140, 190, 80, 120, 100, 70])
    sums = TwoWay([list(money[:3]), list(money[3:6]), list(money[6:])])
    counts = table.counts({table.at(0, 1)})
    problem = replace(counts, vectors=(*counts.vectors, Vector.totals("x", sums.values, share=0.1)))
    assert pattern(problem).loss.secondary >= 3


def test_a_lone_contributor_is_hidden_from_too() -> None:
    """1 and 2 in one line hide each other from all but the one person: a third cell must go."""
    table = TwoWay([[1, 2, 20], [30, 40, 50], [35, 45, 55]])
    problem = table.counts({0, 1})
    without = pattern(problem)
    known = pattern(replace(problem, singles=table.marks({0})))
    assert audit(replace(problem, singles=table.marks({0})), without.suppressed).insiders
    assert known.loss.secondary > without.loss.secondary


def test_the_same_problem_has_the_same_answer() -> None:
    table = made(SIZES[700], seed=4)
    primary = (table.values > 0) & (table.values <= 2)
    vector = Vector.counts("n", table.values, primary, threshold=None)
    system = System.of(table.relations(), len(table.values))
    problem, quick = Problem(system, (vector,), primary, published=table.values == 0), Effort(Widths(), 1, 3)
    first, second = suppress(problem, effort=quick), suppress(problem, effort=quick)
    assert isinstance(first, Pattern)
    assert isinstance(second, Pattern)
    assert np.array_equal(first.suppressed, second.suppressed)
    assert first.loss.secondary < int(primary.sum())


def test_a_large_table_within_its_widths() -> None:
    """819 cells, three dimensions: any asked width is verified."""
    table = made(((3, 9), (8,), (6,)), few=9, share=0.25)
    primary = (table.values > 0) & (table.values <= 9)
    vector = Vector.counts("n", table.values, primary, threshold=None, width=5)
    problem = Problem(System.of(table.relations(), len(table.values)), (vector,), primary, published=table.values == 0)
    found = suppress(problem, effort=Effort(Widths(), 1, 0))
    assert isinstance(found, Pattern)
    assert audit(problem, found.suppressed).clean
    assert found.loss.secondary < int(primary.sum())


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    high, wide = draw(st.integers(2, 5)), draw(st.integers(2, 4))
    row = st.lists(st.integers(0, 40).map(float), min_size=wide, max_size=wide)
    return draw(st.lists(row, min_size=high, max_size=high))


@settings(max_examples=12, deadline=None)
@given(grids(), st.integers(2, 12), st.integers(1, 3), st.booleans())
def test_no_suppressed_count_is_given_back(grid: Grid, least: int, width: int, bounded: bool) -> None:
    table = TwoWay(grid)
    primary = {cell for cell in range(table.inner) if table.values[cell] < least}
    problem = table.counts(primary, threshold=least if bounded else None, width=width)
    problem = replace(problem, singles=table.values == 1)
    found = suppress(problem)
    if isinstance(found, Exposed):
        # Small bounds may give cells away whatever is suppressed.
        assert not audit(problem, np.ones(len(table.values), dtype=bool)).clean
        return
    assert audit(problem, found.suppressed).clean


@settings(max_examples=8, deadline=None)
@given(grids(), st.data())
def test_no_suppressed_sum_is_given_back(grid: Grid, data: st.DataObject) -> None:
    table = TwoWay([[value * 137.25 for value in row] for row in grid])
    primary = {data.draw(st.integers(0, table.inner - 1))}
    found = suppress(table.totals(primary, 0.1))
    assert isinstance(found, Pattern)
    assert audit(table.totals(primary, 0.1), found.suppressed).clean
