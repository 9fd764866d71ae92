"""Problems at their edges: cells without sums, sums without cells, bounds that contradict nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.protect.audit import audit
from egress.protect.exact import narrowed
from egress.protect.relations import Relation
from egress.protect.secondary import suppress
from egress.protect.subtrees import Block, components, within
from egress.protect.system import Pattern, Problem, System, Vector
from tests.egress.protect.grids import TwoWay, marked


def test_a_cell_in_no_sum_needs_no_partner() -> None:
    marks = marked(4, {0, 1})
    vector = Vector.counts("n", np.array([3.0, 2, 7, 9]), marks, threshold=5)
    problem = Problem(System.of((Relation(3, (1, 2)),), 4), (vector,), marks)
    found = suppress(problem)
    assert isinstance(found, Pattern)
    assert np.flatnonzero(found.suppressed).tolist() in ([0, 1, 2], [0, 1, 3])
    assert audit(problem, marks).exposed == ((1,),)


def test_no_sums_and_nothing_to_hide() -> None:
    nothing = marked(3, set())
    for primary in (nothing, marked(3, {1})):
        vector = Vector.counts("n", np.array([3.0, 2, 7]), primary, threshold=5)
        found = suppress(Problem(System.of((), 3), (vector,), primary))
        assert isinstance(found, Pattern)
        assert np.array_equal(found.suppressed, primary)


def test_the_same_sum_twice_stands_once() -> None:
    system = System.of((Relation(2, (0, 1)), Relation(2, (1, 0)), Relation(4, (2, 3))), 5)
    assert system.sums.shape == (2, 5)
    assert (system.sums @ np.array([1.0, 2, 3, 4, 7]) == 0).all()


@pytest.mark.parametrize(("value", "low", "high"), [(1, 1, 10), (10, 1, 10), (11, 0, np.inf), (0, 0, 10)])
def test_what_is_known_of_a_count(value: int, low: float, high: float) -> None:
    """Threshold 11: a primary count lies in 1 … 10; one that is not small is not known to."""
    primary = marked(1, {0})
    vector = Vector.counts("n", np.array([float(value)]), primary, threshold=11)
    assert (vector.low[0], vector.high[0]) == (low, high)
    assert Vector.counts("n", np.array([float(value)]), primary, threshold=11, zeros=True).low[0] == 0


def test_parts_that_share_no_sum() -> None:
    system = System.of((Relation(2, (0, 1)), Relation(5, (3, 4))), 6)
    every = np.arange(6)
    assert sorted(part.tolist() for part in components(system, every)) == [[0, 1, 2], [3, 4, 5]]
    assert sorted(within(system, np.array([3]), np.ones(6, dtype=bool), 100).tolist()) == [3, 4, 5]
    assert Block.of(system, np.array([0, 3, 4])).cells.tolist() == [3, 4]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=2, max_size=3),
    st.sets(st.integers(0, 11), min_size=1),
)
def test_narrowed_bounds_hold_the_interval(grid: list[list[int]], suppressed: set[int]) -> None:
    """Bounds carried through sums are never tighter than the linear program's."""
    table = TwoWay([[float(value) for value in row] for row in grid])
    suppressed = {cell for cell in suppressed if cell < len(table.values)}
    marks = table.marks(suppressed)
    problem = table.counts(suppressed)
    vector = problem.vectors[0]
    low, high = narrowed(problem.system, marks, -vector.room_down, vector.room_up, whole=True)
    found = audit(problem, marks)
    for cell in suppressed:
        least, most = found.intervals(cell)
        assert table.values[cell] + low[cell] <= least
        assert table.values[cell] + high[cell] >= most
