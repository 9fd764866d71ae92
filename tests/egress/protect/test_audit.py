"""The audit and the patterns, against published tables and random ones."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.protect.audit import Audit, Vector
from egress.protect.relations import Relation
from egress.protect.secondary import lone_children, protect

Grid = list[list[float]]


class TwoWay:
    """A two-way table with margins as rows and relations: cells first, then row totals, column totals, the total."""

    def __init__(self, grid: Grid) -> None:
        high, wide = len(grid), len(grid[0])
        self.wide = wide
        cells = [value for row in grid for value in row]
        lines = [sum(row) for row in grid]
        columns = [sum(row[j] for row in grid) for j in range(wide)]
        self.values = (*cells, *lines, *columns, sum(cells))
        first_line, first_column, total = len(cells), len(cells) + high, len(cells) + high + wide
        self.relations = (
            *(Relation(first_line + i, tuple(i * wide + j for j in range(wide))) for i in range(high)),
            *(Relation(first_column + j, tuple(i * wide + j for i in range(high))) for j in range(wide)),
            Relation(total, tuple(range(first_line, first_column))),
            Relation(total, tuple(range(first_column, total))),
        )
        self.inner = first_line

    def vector(self, need: float = 1.0, *, whole: bool = True) -> Vector:
        return Vector("n", self.values, (need,) * len(self.values), whole)

    def at(self, i: int, j: int) -> int:
        return i * self.wide + j


def audited(table: TwoWay, suppressed: set[int], need: float = 1.0, *, whole: bool = True) -> tuple[int, ...]:
    return Audit.of(table.vector(need, whole=whole), frozenset(suppressed), table.relations).exposed()


def test_case_a01_geurts() -> None:
    """Handbook ch. 4, example 3: x11 in [3, 6], x12 in [1, 4], x21 and x22 in [0, 3]."""
    table = TwoWay([[5, 2], [1, 2], [3, 3]])
    audit = Audit.of(table.vector(), frozenset({0, 1, 2, 3}), table.relations)
    assert [audit.bounds(row) for row in range(4)] == [
        pytest.approx((3, 6)),
        pytest.approx((1, 4)),
        pytest.approx((0, 3)),
        pytest.approx((0, 3)),
    ]


def test_case_a02_one_suppression_is_given_back() -> None:
    relation = (Relation(3, (0, 1, 2)),)
    vector = Vector("x", (998.0, 47600.0, 8002.0, 56600.0), (1.0,) * 4, whole=True)
    assert Audit.of(vector, frozenset({0}), relation).exposed() == (0,)
    assert Audit.of(vector, frozenset({0}), relation).bounds(0) == pytest.approx((998, 998))
    further = protect(frozenset({0}), [vector], relation)
    assert further is not None
    assert len(further) == 2


def test_case_c05_opensafely_totals() -> None:
    """1 of 1 is read from the totals when one band only is redacted."""
    for values in ((1.0, 10.0, 15.0, 25.0, 51.0), (1.0, 100.0, 90.0, 85.0, 276.0)):
        vector = Vector("n", values, (1.0,) * 5, whole=True)
        relation = (Relation(4, (0, 1, 2, 3)),)
        assert Audit.of(vector, frozenset({0}), relation).bounds(0) == pytest.approx((1, 1))
        assert protect(frozenset({0}), [vector], relation) == frozenset({0, 1 if values[1] == 10 else 3})


def test_case_e01_sdctable() -> None:
    """Three secondary cells that make a rectangle with (A, female), 40 persons in all."""
    table = TwoWay([[18, 2], [14, 19], [12, 10], [11, 14]])
    suppressed = protect(frozenset({table.at(0, 1)}), [table.vector()], table.relations)
    assert suppressed == frozenset({table.at(0, 0), table.at(0, 1), table.at(2, 0), table.at(2, 1)})


def test_case_e03_rtauargus() -> None:
    """Primary 02|tr1 (two units) and 06|tr2 (95 %); the two other cells of their rectangle follow."""
    table = TwoWay([[100, 50], [30, 20], [60, 40]])
    primary = frozenset({table.at(1, 0), table.at(2, 1)})
    suppressed = protect(primary, [table.vector(4.0, whole=False)], table.relations)
    assert suppressed == frozenset({table.at(1, 0), table.at(1, 1), table.at(2, 0), table.at(2, 1)})
    audit = Audit.of(table.vector(4.0, whole=False), suppressed, table.relations)
    expected = {(1, 0): (0, 50), (1, 1): (0, 50), (2, 0): (40, 90), (2, 1): (10, 60)}
    for (i, j), bounds in expected.items():
        assert audit.bounds(table.at(i, j)) == pytest.approx(bounds)


def test_two_suppressed_cells_per_line_do_not_always_help() -> None:
    """A rectangle hides its corners; next to a published 0 in the totals it hides nothing."""
    rectangle = {0, 1, 2, 3}
    assert audited(TwoWay([[5, 2], [1, 3]]), rectangle) == ()
    assert audited(TwoWay([[0, 5], [0, 3]]), rectangle) == (0, 1, 2, 3)


def test_an_only_child_goes_with_its_parent() -> None:
    relations = (Relation(2, (0,)), Relation(3, (2, 1)))
    assert lone_children(frozenset({0}), relations) == frozenset({0, 2})


def test_a_table_of_one_line_cannot_be_protected_below_its_total() -> None:
    relation = (Relation(1, (0,)),)
    vector = Vector("n", (5.0, 5.0), (1.0, 1.0), whole=True)
    assert protect(frozenset({0}), [vector], relation) == frozenset({0, 1})


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    high, wide = draw(st.integers(2, 5)), draw(st.integers(2, 4))
    row = st.lists(st.integers(0, 40).map(float), min_size=wide, max_size=wide)
    return draw(st.lists(row, min_size=high, max_size=high))


@settings(max_examples=25, deadline=None)
@given(grids(), st.integers(2, 12))
def test_no_suppressed_count_is_given_back(grid: Grid, least: int) -> None:
    table = TwoWay(grid)
    primary = frozenset(row for row in range(table.inner) if table.values[row] < least)
    suppressed = protect(primary, [table.vector()], table.relations)
    assert suppressed is not None
    assert primary <= suppressed
    assert audited(table, set(suppressed)) == ()


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=3), min_size=2, max_size=3).filter(
        lambda g: len({len(r) for r in g}) == 1
    )
)
def test_bounds_hold_every_table_that_agrees(grid: list[list[int]]) -> None:
    """Against all tables of small numbers: what the audit calls hidden really has two values."""
    table = TwoWay([[float(value) for value in row] for row in grid])
    primary = frozenset(row for row in range(table.inner) if table.values[row] <= 1)
    suppressed = protect(primary, [table.vector()], table.relations)
    assert suppressed is not None
    inner = [row for row in sorted(suppressed) if row < table.inner]
    shown = [row for row in range(len(table.values)) if row not in suppressed]
    if len(inner) > 4:
        return
    seen: dict[int, set[float]] = {row: set() for row in inner}
    high, wide = len(grid), len(grid[0])
    for guess in product(range(7), repeat=len(inner)):
        trial = [float(value) for row in grid for value in row]
        for row, value in zip(inner, guess, strict=True):
            trial[row] = float(value)
        other = TwoWay([trial[i * wide : (i + 1) * wide] for i in range(high)])
        if all(other.values[row] == table.values[row] for row in shown):
            for row in inner:
                seen[row].add(trial[row])
    assert all(len(values) > 1 for values in seen.values())


@settings(max_examples=15, deadline=None)
@given(grids(), st.data())
def test_no_suppressed_sum_is_given_back(grid: Grid, data: st.DataObject) -> None:
    table = TwoWay([[value * 137.25 for value in row] for row in grid])
    primary = frozenset({data.draw(st.integers(0, table.inner - 1))})
    need = tuple(max(0.1 * value, 1e-6) for value in table.values)
    vector = Vector("s", table.values, need, whole=False)
    suppressed = protect(primary, [vector], table.relations)
    assert suppressed is not None
    assert Audit.of(vector, suppressed, table.relations).exposed() == ()
