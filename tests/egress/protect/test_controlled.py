"""Controlled rounding: the printed example, the definition on any table, and what it does when there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.protect.controlled import controlled, validity
from egress.protect.relations import Relation
from egress.protect.system import Numbers, System
from tests.egress.protect.grids import TwoWay

# Handbook on SDC, 2nd ed., ch. 5 (case D03).
EXACT = [[1, 0], [3, 3], [12, 20]]
PRINTED = np.array([5, 0, 0, 5, 10, 20, 5, 5, 30, 15, 25, 40], dtype=float)


def system(table: TwoWay) -> System:
    return System.of(table.relations, len(table.values))


def test_case_d03_the_printed_table_is_valid() -> None:
    table = TwoWay([[float(value) for value in row] for row in EXACT])
    found = validity(table.values, PRINTED, 5, system(table))
    assert found
    assert (found.additive, found.multiples, found.zero_restricted, found.within_base) == (True, True, True, True)


@pytest.mark.parametrize(
    ("cell", "value", "broken"),
    [
        (0, 0, "additive"),
        (0, 4, "multiples"),
        (1, 5, "zero_restricted"),
        (4, 20, "within_base"),
    ],
)
def test_a_table_that_is_none_is_told(cell: int, value: float, broken: str) -> None:
    table = TwoWay([[float(value) for value in row] for row in EXACT])
    wrong = PRINTED.copy()
    wrong[cell] = value
    found = validity(table.values, wrong, 5, system(table))
    assert not getattr(found, broken)
    assert not found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 60), min_size=3, max_size=3), min_size=1, max_size=5), st.integers(2, 12))
def test_a_two_way_table_always_has_one(grid: list[list[int]], base: int) -> None:
    """Two-way tables are network matrices: a zero-restricted controlled rounding exists (Cox 1987)."""
    table = TwoWay([[float(value) for value in row] for row in grid])
    rounded = controlled(table.values, system(table), base)
    assert rounded is not None
    assert validity(table.values, rounded, base, system(table))


def test_it_is_the_nearest_one() -> None:
    """One of 4 cells of 1 must go up to 5 so that their total 4 does; all others would be further away."""
    table = System.of((Relation(4, (0, 1, 2, 3)),), 5)
    rounded = controlled(np.array([1.0, 1, 1, 1, 4]), table, 5)
    assert rounded is not None
    assert float(np.abs(rounded - np.array([1, 1, 1, 1, 4])).sum()) == min(4 + 4, 3 * 1 + 4 + 1)


def test_a_table_without_any_is_none() -> None:
    """1 + 1 = 2 and, by another sum, the same two make 7: no multiples of 5 around them add up."""
    impossible = System.of((Relation(2, (0, 1)), Relation(3, (0, 1))), 4)
    values: Numbers = np.array([1.0, 1, 2, 17])
    assert controlled(values, impossible, 5) is None


def test_multiples_are_left_alone() -> None:
    table = TwoWay([[5.0, 10.0], [0.0, 15.0]])
    assert (controlled(table.values, system(table), 5) == table.values).all()
