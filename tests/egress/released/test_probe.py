"""The null-space probe finds exactly what linear algebra determines; bounds are those of two programs per cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array

from egress.released import probe
from egress.released.probe import Block, determined


@st.composite
def systems(draw: st.DrawFn) -> np.ndarray:
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 8))
    entries = draw(st.lists(st.sampled_from([-1.0, 0.0, 0.0, 1.0]), min_size=height * width, max_size=height * width))
    return np.array(entries).reshape(height, width)


def by_rank(lines: np.ndarray) -> list[bool]:
    rank = np.linalg.matrix_rank(lines)
    return [bool(np.linalg.matrix_rank(np.vstack([lines, line])) == rank) for line in np.eye(lines.shape[1])]


@given(systems())
@settings(max_examples=60, deadline=None)
def test_what_is_determined(lines: np.ndarray) -> None:
    assert determined(csr_array(lines)).tolist() == by_rank(lines)


@pytest.mark.parametrize("shape", [(60, 90), (50, 60)])
def test_without_a_dense_matrix_too(monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int]) -> None:
    source = np.random.default_rng(1)
    lines = csr_array((source.random(shape) < 0.03).astype(float))
    dense = determined(lines)
    monkeypatch.setattr(probe, "MAX_DENSE", 10)
    assert dense.any()
    assert not dense.all()
    assert (determined(lines) == dense).all()


def test_case_a01_feasibility_intervals() -> None:
    """Geurts' 3 x 2 table: x11 in [3, 6], x12 in [1, 4], x21 and x22 in [0, 3]."""
    lines = csr_array(np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]], dtype=float))
    right = np.array([7.0, 3.0, 6.0, 4.0])
    block = Block(lines, right, np.zeros(4), np.full(4, np.inf), whole=True)
    assert [block.interval(cell) for cell in range(4)] == [(3, 6), (1, 4), (0, 3), (0, 3)]


@given(systems(), st.data())
@settings(max_examples=40, deadline=None)
def test_bounds_are_those_of_two_programs(lines: np.ndarray, data: st.DataObject) -> None:
    values = np.array(data.draw(st.lists(st.integers(0, 9), min_size=lines.shape[1], max_size=lines.shape[1])), float)
    right = lines @ values
    block = Block(csr_array(lines), right, np.zeros(len(values)), np.full(len(values), 20.0), whole=False)
    for cell in range(len(values)):
        goal = np.eye(len(values))[cell]
        ends = [linprog(sign * goal, A_eq=lines, b_eq=right, bounds=(0, 20)).fun * sign for sign in (1, -1)]
        assert block.interval(cell) == (pytest.approx(ends[0], abs=1e-6), pytest.approx(ends[1], abs=1e-6))
        assert block.low[cell] <= values[cell] + 1e-9
        assert block.high[cell] >= values[cell] - 1e-9


def test_what_contradicts_itself_is_said() -> None:
    block = Block(csr_array(np.array([[1.0, 1.0]])), np.array([1.0]), np.array([1.0, 1.0]), np.full(2, 9.0), whole=True)
    assert block.contradictory
