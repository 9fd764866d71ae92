"""Cells of a file: totals found and computed, rules at their boundaries, methods and what they take."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.checks.model import Outcome
from egress.protect.audit import audit
from egress.protect.cellfile import read_cells
from egress.protect.cellprotection import protect_cells
from egress.protect.cellrounding import MAX_AUDITED
from egress.protect.cellrules import primary
from egress.protect.cells import Cells
from egress.protect.cellsuppression import problem_of
from egress.protect.loss import loss
from egress.protect.margins import with_margins
from egress.protect.protectedcells import Method, Wish
from egress.protect.unusable import UnusableError
from tests.egress.query.extracts import rules

BUSINESS = rules("business-fr")


def cells(text: str, *, computed: bool = True) -> Cells:
    return with_margins(read_cells("cells.csv", text.encode()), computed=computed)


def small(found: Cells, **changes: object) -> list[str]:
    """The first key of cells that go by rule."""
    marks = primary(found, rules("business-fr", **changes)).marks
    return [found.codes[at][0] for at in np.flatnonzero(marks)]


def test_totals_that_the_file_lacks_are_added_up() -> None:
    found = cells("a,b,n,value,top1,top2\nx,p,3,30,15,10\nx,q,4,40,30,5\ny,p,5,50,20,18\n")
    at = {codes: place for place, codes in enumerate(found.codes)}
    total = at["Total", "Total"]
    assert found.added == 5  # x, y, p, q over the other, and all
    assert (found.count[total], found.value[total]) == (12, 120)  # type: ignore[index]  # the file has values
    assert (found.top1[total], found.top2[total]) == (30, 20)  # type: ignore[index]  # and the largest contributions
    assert all(found.count[one.parent] == found.count[list(one.children)].sum() for one in found.relations)


def test_holes_among_given_totals_are_filled() -> None:
    found = cells("a,b,n\nx,p,3\nx,q,4\ny,p,5\nTotal,Total,12\nx,Total,7\n")
    assert found.added == 3
    assert set(found.codes[-3:]) == {("y", "Total"), ("Total", "p"), ("Total", "q")}


def test_largest_contributions_that_a_part_does_not_tell_are_not_told() -> None:
    found = cells("a,n,value,top1\nx,3,30,15\ny,4,40,\n")
    assert math.isnan(found.top1[-1])  # type: ignore[index]  # there is such a column
    assert primary(found, BUSINESS).findings[-1].outcome is not Outcome.FAIL
    assert Outcome.REVIEW in {one.outcome for one in primary(found, BUSINESS).findings}


def test_sums_may_differ_by_the_rounding_of_the_file_only() -> None:
    assert cells("a,n,value\nx,3,1.4\ny,4,1.4\nTotal,7,2.9\n").size == 3
    with pytest.raises(UnusableError, match="not the sum"):
        cells("a,n,value\nx,3,1.4\ny,4,1.4\nTotal,7,3.1\n")


def test_a_contradiction_names_line_and_column_and_no_value() -> None:
    with pytest.raises(UnusableError) as caught:
        cells("a,b,n\nx,p,31\nx,q,41\nx,Total,1234\n")
    sentence = str(caught.value)
    assert "line 4" in sentence
    assert "by b" in sentence
    assert "1234" not in sentence


@pytest.mark.parametrize(("n", "gone"), [(10, ["x"]), (11, []), (12, [])])
def test_few_persons(n: int, gone: list[str]) -> None:
    assert small(cells(f"a,n\nx,{n}\ny,50\n"), min_persons=11) == gone


@pytest.mark.parametrize(("top1", "gone"), [(84, []), (85, []), (86, ["x"])])
def test_dominance(top1: int, gone: list[str]) -> None:
    """More than 85 % of 100; the total of 300 is far from it."""
    assert small(cells(f"a,n,value,top1\nx,9,100,{top1}\ny,50,200,5\n")) == gone


@pytest.mark.parametrize(("second", "gone"), [(39, []), (40, []), (41, ["x"])])
def test_dominance_of_two(second: int, gone: list[str]) -> None:
    text = f"a,n,value,top1,top2\nx,9,100,45,{second}\ny,50,200,5,4\n"
    assert small(cells(text), dominance={"n": 2, "k": 0.85}) == gone


@pytest.mark.parametrize(("second", "gone"), [(44, []), (45, []), (46, ["x"])])
def test_p_ratio(second: int, gone: list[str]) -> None:
    """100 - 50 - second < 10 % of 50 (Handbook, ch. 4; case B01 has 49 000 of 100 000)."""
    text = f"a,n,value,top1,top2\nx,9,100,50,{second}\ny,50,200,5,4\n"
    assert small(cells(text), dominance=None, p_ratio=0.1) == gone


def test_case_b01() -> None:
    table = cells("a,n,value,top1,top2\nx,9,100000,50000,49000\ny,50,200000,5000,4000\n")
    assert small(table, dominance={"n": 1, "k": 0.9}) == []
    assert small(table, dominance=None, p_ratio=0.1) == ["x"]


@pytest.mark.parametrize(("units", "gone"), [(2, ["x"]), (3, []), (4, [])])
def test_few_units(units: int, gone: list[str]) -> None:
    assert small(cells(f"a,n,units\nx,50,{units}\ny,50,9\n"), min_units=3) == gone


def test_units_that_nobody_tells_and_negative_totals_are_for_people() -> None:
    found = primary(cells("a,n\nx,50\n"), rules("business-fr", min_units=3))
    assert Outcome.REVIEW in {one.outcome for one in found.findings}
    found = primary(cells("a,n,value,top1\nx,50,-100,3\ny,50,100,3\n"), BUSINESS)
    assert Outcome.REVIEW in {one.outcome for one in found.findings}


def test_a_table_beyond_the_audit_is_for_people_and_nothing_is_shown() -> None:
    limited = rules("business-fr", audit={"cells": 2, "unknowns": 1, "tables": 1})
    done = protect_cells(cells("a,n\nx,2\ny,50\n"), limited, Wish())
    assert done.outcome is Outcome.REVIEW
    assert not done.columns
    exactly = rules("business-fr", audit={"cells": 4, "unknowns": 1, "tables": 1})
    assert protect_cells(cells("a,n\nx,2\ny,50\nz,60\n"), exactly, Wish()).outcome is Outcome.PASS


GRIDS = st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=4)


@settings(max_examples=10, deadline=None)
@given(GRIDS, st.sampled_from([3, 5]))
def test_suppression_leaves_nothing_small_and_nothing_that_gives_it_back(grid: list[list[int]], least: int) -> None:
    text = "a,b,n\n" + "".join(f"r{i},c{j},{n}\n" for i, row in enumerate(grid) for j, n in enumerate(row))
    table, policy = cells(text), rules("business-fr", min_persons=least)
    done = protect_cells(table, policy, Wish())
    if not done.columns:
        assert done.outcome is Outcome.FAIL
        return
    shown = done.columns["n"]
    assert not (shown < least).any()
    assert (np.isnan(shown) == [bool(one) for one in done.reasons]).all()
    assert (shown[~np.isnan(shown)] == table.count[~np.isnan(shown)]).all()
    secret = primary(table, policy).marks
    assert audit(problem_of(table, secret, policy, Wish()), np.isnan(shown)).clean


@settings(max_examples=25, deadline=None)
@given(GRIDS)
def test_rounded_tables_add_up_from_what_is_shown(grid: list[list[int]]) -> None:
    text = "a,b,n\n" + "".join(f"r{i},c{j},{n}\n" for i, row in enumerate(grid) for j, n in enumerate(row))
    table = cells(text)
    done = protect_cells(table, BUSINESS, Wish(method=Method.ROUND))
    if not done.columns:
        assert done.outcome is Outcome.FAIL
        return
    at = {codes: place for place, codes in enumerate(table.codes)}
    shown = done.columns["n"]
    finest = [shown[place] for codes, place in at.items() if "Total" not in codes and not np.isnan(shown[place])]
    assert not (np.nan_to_num(shown) % 5).any()
    total = shown[at["Total", "Total"]]
    assert np.isnan(total) or total == sum(finest)


def test_loss() -> None:
    exact, finest = np.array([10.0, 0.0, 30.0, 40.0]), np.array([True, True, True, False])
    found = loss(exact, np.array([12.0, 1.0, np.nan, 40.0]), finest)
    assert (found.cells, found.suppressed, found.changed, found.largest) == (4, 1, 2, 2.0)
    assert found.mean_absolute == pytest.approx(1.0)
    assert found.mean_relative == pytest.approx(0.1)  # 20 % of the 10 and nothing of the 40
    assert found.value_share == pytest.approx(0.75)


def test_a_large_rounded_table_is_for_people_to_look_at() -> None:
    """Its rounded counts are not audited together: multiples of the base, so that rounding itself takes no time."""
    rows = "".join(f"r{at},{2 if at == 0 else 5}\n" for at in range(MAX_AUDITED))
    done = protect_cells(cells(f"a,n\n{rows}"), BUSINESS, Wish(method=Method.CONTROLLED))
    assert done.outcome is Outcome.REVIEW
    assert done.known == ()
    done = protect_cells(cells(f"a,n\n{rows.replace('r0,2', 'r0,5')}"), BUSINESS, Wish(method=Method.CONTROLLED))
    assert done.outcome is Outcome.PASS
