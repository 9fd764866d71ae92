"""The audit against published tables, and against all tables that agree with what is published."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.protect.audit import audit
from egress.protect.cover import Secret
from egress.protect.exact import combined, given_back
from egress.protect.relations import Relation
from egress.protect.system import Problem, System, Vector
from egress.protect.witness import Witness
from tests.egress.protect.grids import Grid, TwoWay, marked


def line(values: list[float], primary: set[int], **more: object) -> Problem:
    """Cells and their total, which stands last."""
    size = len(values)
    marks = marked(size, primary)
    vector = Vector.counts("n", np.array(values), marks, threshold=None)
    return Problem(System.of((Relation(size - 1, tuple(range(size - 1))),), size), (vector,), marks, **more)  # type: ignore[arg-type]


def test_case_a01_geurts() -> None:
    """Handbook ch. 4, example 3: x11 in [3, 6], x12 in [1, 4], x21 and x22 in [0, 3]."""
    table = TwoWay([[5, 2], [1, 2], [3, 3]])
    found = audit(table.counts({0, 1, 2, 3}), table.marks({0, 1, 2, 3}))
    assert found.clean
    assert [found.intervals(cell) for cell in range(4)] == [(3, 6), (1, 4), (0, 3), (0, 3)]


def test_case_a02_one_suppression_is_given_back() -> None:
    found = audit(line([998, 47600, 8002, 56600], {0}), marked(4, {0}))
    assert found.exposed == ((0,),)
    assert found.intervals(0) == (998, 998)
    assert found.programs == 0


def test_case_a03_two_suppressed_cells_per_line_and_one_is_exact() -> None:
    """Two rectangles and one cell between them: no line has less than two gaps, and yet sums together give 47."""
    grid = [[4.0, 5, 6, 7], [5, 6, 47, 8], [6, 7, 8, 9], [7, 8, 9, 10]]
    table = TwoWay(grid)
    open_cells = {(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 2), (2, 3), (3, 2), (3, 3)}
    suppressed = {table.at(i, j) for i, j in open_cells}
    bridge = table.at(1, 2)
    found = audit(table.counts(suppressed), table.marks(suppressed))
    assert found.exposed == ((bridge,),)
    assert found.intervals(bridge) == (47, 47)
    hidden = np.flatnonzero(table.marks(suppressed))
    assert given_back(found.problem.system, hidden).tolist() == []
    assert combined(found.problem.system, hidden).tolist() == [bridge]


def test_case_c05_opensafely_totals() -> None:
    """1 of 1 is read from the totals when one band only is redacted."""
    for values in ([1.0, 10, 15, 25, 51], [1.0, 100, 90, 85, 276]):
        found = audit(line(values, {0}), marked(5, {0}))
        assert found.exposed == ((0,),)
        assert found.intervals(0) == (1, 1)


def test_case_e03_bounds() -> None:
    table = TwoWay([[100, 50], [30, 20], [60, 40]])
    suppressed = {table.at(1, 0), table.at(1, 1), table.at(2, 0), table.at(2, 1)}
    found = audit(table.totals({table.at(1, 0), table.at(2, 1)}, 0.1), table.marks(suppressed))
    assert found.clean
    expected = {(1, 0): (0, 50), (1, 1): (0, 50), (2, 0): (40, 90), (2, 1): (10, 60)}
    assert {cell: found.intervals(table.at(*cell)) for cell in expected} == {
        cell: pytest.approx(bounds) for cell, bounds in expected.items()
    }


def test_a_zero_beside_a_published_one_hides_nothing() -> None:
    """A rectangle hides its corners; where one line holds only zeros nothing can move."""
    assert audit(TwoWay([[5, 2], [1, 3]]).counts({0, 1, 2, 3}), TwoWay([[5, 2], [1, 3]]).marks({0, 1, 2, 3})).clean
    still = TwoWay([[0, 5], [0, 3]])
    assert audit(still.counts({0, 1, 2, 3}), still.marks({0, 1, 2, 3})).exposed == ((0, 1, 2, 3),)


@pytest.mark.parametrize(("width", "hidden"), [(3, True), (4, False)])
def test_the_width_at_the_edge(width: int, hidden: bool) -> None:
    """[[5, 2], [1, 2]]: the first cell may be 3 … 6, four values: a width of 3."""
    table = TwoWay([[5, 2], [1, 2], [3, 3]])
    assert audit(table.counts({0}, width=width), table.marks({0, 1, 2, 3})).clean is hidden


@pytest.mark.parametrize(("share", "hidden"), [(0.19, True), (0.2, True), (0.21, False)])
def test_the_share_at_the_edge(share: float, hidden: bool) -> None:
    """10 lies in [8, …]: its neighbour can give 2 at most, which is 20 %."""
    table = TwoWay([[10, 50], [60, 2]])
    found = audit(table.totals({0}, share), table.marks({0, 1, 2, 3}))
    assert (found.exposed == ((),)) is hidden


def test_bounds_of_primary_counts_count() -> None:
    """1 and 1 below a total of 2: whoever knows that small cells are 1 or 2 knows them."""
    values = np.array([1.0, 1, 2, 9, 11])
    relations = (Relation(2, (0, 1)), Relation(4, (2, 3)))
    marks = marked(5, {0, 1, 2})
    for threshold, clean in ((None, True), (3, False), (4, True)):
        vector = Vector.counts("n", values, marks, threshold=threshold)
        problem = Problem(System.of(relations, 5), (vector,), marks)
        assert audit(problem, marked(5, {0, 1, 2, 3})).clean is clean


def test_what_bounds_never_allowed_is_not_asked() -> None:
    """With a threshold of 2 a small cell is 1, as everybody knows; protection cannot change that."""
    problem = line([1.0, 1, 9, 11], {0, 1})
    vector = Vector.counts("n", problem.vectors[0].values, problem.primary, threshold=2)
    assert audit(replace(problem, vectors=(vector,)), marked(4, {0, 1})).exposed == ((),)


def test_a_lone_contributor_knows_its_own_cell() -> None:
    """1 + 2 = 3: two suppressed cells hide each other from everybody but the one person in the first."""
    values, singles = [1.0, 2, 20, 23], marked(4, {0})
    assert audit(line(values, {0, 1}), marked(4, {0, 1})).clean
    seen = audit(line(values, {0, 1}, singles=singles), marked(4, {0, 1}))
    assert seen.insiders == (Secret(0, 1, 0),)
    assert audit(line(values, {0, 1}, singles=singles), marked(4, {0, 1, 2})).clean


def test_a_secondary_cell_that_is_given_back_is_told() -> None:
    """The second line's only suppressed cell hides nothing and is known."""
    relations = (Relation(2, (0, 1)), Relation(5, (3, 4)))
    marks = marked(6, {0})
    problem = Problem(
        System.of(relations, 6), (Vector.counts("n", np.array([2.0, 9, 11, 4, 5, 9]), marks, threshold=None),), marks
    )
    found = audit(problem, marked(6, {0, 1, 3}))
    assert found.exposed == ((),)
    assert found.recoverable == ((3,),)


def test_a_false_witness_is_not_believed() -> None:
    problem = line([998, 47600, 8002, 56600], {0})
    false = Witness(0, np.array([0]), np.array([5.0]))
    half = Witness(0, np.array([0, 1]), np.array([0.5, -0.5]))
    beyond = Witness(0, np.array([0, 1]), np.array([-2000.0, 2000.0]))
    assert audit(problem, marked(4, {0}), [false, half, beyond]).exposed == ((0,),)
    assert audit(problem, marked(4, {0, 1}), [false, half, beyond]).clean


@st.composite
def small(draw: st.DrawFn) -> tuple[list[list[list[int]]], set[int], bool]:
    shape = draw(st.sampled_from([(1, 2, 2), (1, 2, 3), (2, 2, 2), (1, 3, 3)]))
    one = st.lists(st.integers(0, 3), min_size=shape[2], max_size=shape[2])
    cube = draw(st.lists(st.lists(one, min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]))
    size = (shape[0] + 1) * (shape[1] + 1) * (shape[2] + 1)
    return cube, draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=10)), draw(st.booleans())


def cubed(cube: list[list[list[int]]]) -> tuple[np.ndarray, list[Relation]]:
    """All margins of a three-way table, and its sums."""
    full = np.array(cube, dtype=float)
    for axis in range(3):
        full = np.concatenate([full, full.sum(axis=axis, keepdims=True)], axis=axis)
    place = np.arange(full.size).reshape(full.shape)
    relations = []
    for axis in range(3):
        lines = np.moveaxis(place, axis, -1).reshape(-1, full.shape[axis])
        relations += [Relation(int(lined[-1]), tuple(lined[:-1].tolist())) for lined in lines]
    return full.ravel(), relations


@settings(max_examples=60, deadline=None)
@given(small())
def test_against_every_table_that_agrees(made: tuple[list[list[list[int]]], set[int], bool]) -> None:
    """Brute force over all tables of whole numbers: what the audit calls hidden takes two values in them."""
    cube, suppressed, bounded = made
    values, relations = cubed(cube)
    marks = marked(len(values), suppressed)
    primary = marks & (values <= 2) & (values > 0)
    vector = Vector.counts("n", values, primary, threshold=3 if bounded else None)
    found = audit(Problem(System.of(relations, len(values)), (vector,), primary), marks)
    told = set(found.exposed[0]) | set(found.recoverable[0])
    seen = _everything(np.array(cube), values, marks, vector)
    for cell in suppressed:
        if vector.room_up[cell] + vector.room_down[cell] >= 1:
            assert cell in told or len(seen[cell]) > 1
        if not found.open:
            assert cell not in told or len(seen[cell]) == 1 or primary[cell]


def _everything(cube: np.ndarray, values: np.ndarray, marks: np.ndarray, vector: Vector) -> dict[int, set[float]]:
    """The values that each suppressed cell takes in all tables with inner cells 0 … 6 that agree."""
    shape = tuple(size + 1 for size in cube.shape)
    inner = np.zeros(shape, dtype=bool)
    inner[:-1, :-1, :-1] = True
    gaps = np.flatnonzero(inner.ravel() & marks)
    place = {int(cell): at for at, cell in enumerate(np.flatnonzero(inner.ravel()))}
    seen: dict[int, set[float]] = {int(cell): set() for cell in np.flatnonzero(marks)}
    if len(gaps) > 5:
        return {cell: {0.0, 1.0} for cell in seen}
    for guess in product(range(7), repeat=len(gaps)):
        trial = cube.astype(float).ravel()
        trial[[place[int(cell)] for cell in gaps]] = guess
        other, _ = cubed(trial.reshape(cube.shape).tolist())
        agrees = np.array_equal(other[~marks], values[~marks])
        if agrees and (other >= vector.low)[marks].all() and (other <= vector.high)[marks].all():
            for cell, taken in seen.items():
                taken.add(float(other[cell]))
    return seen


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=2, max_size=4), st.data())
def test_the_verdict_is_that_of_the_interval(grid: Grid, data: st.DataObject) -> None:
    """Two-way tables are networks: their linear programs have whole solutions, so both must agree."""
    table = TwoWay([[float(value) for value in row] for row in grid])
    suppressed = data.draw(st.sets(st.integers(0, len(table.values) - 1), min_size=1))
    width = data.draw(st.integers(1, 4))
    found = audit(table.counts(suppressed, width=width), table.marks(suppressed))
    for cell in suppressed:
        low, high = found.intervals(cell)
        assert (cell in found.exposed[0]) == (high - low < width)
