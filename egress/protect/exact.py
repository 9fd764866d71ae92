"""What can be worked out exactly: by one sum after the other, by combining sums, and by bounds carried through sums."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy.linalg import svd

from egress.protect.subtrees import Block, components, gathered
from egress.protect.system import Marks, Numbers, Places, System

# The projection of a dense part is cubic: larger ones are left to the linear programs.
MAX_PART = 1_200
_ZERO = 1e-8
_MOST_TURNS = 60


def given_back(system: System, suppressed: Places) -> Places:
    """Cells alone in a sum, and those that are alone once these are known."""
    return np.setdiff1d(suppressed, Block.of(system, suppressed).cells)


def combined(system: System, suppressed: Places) -> Places:
    """Cells that some combination of sums gives back: their coordinate is 0 in every shift that keeps all sums.

    A random shift is projected into the null space; each hit is proved by its combination, in fractions.
    """
    source = np.random.default_rng(len(suppressed))
    found = []
    for part in components(system, suppressed):
        if not 1 < len(part) <= MAX_PART:
            continue
        block = Block.of(system, part)
        sums = block.sums.toarray()
        left, sizes, right = svd(sums, full_matrices=False)
        rank = int((sizes > _ZERO * sizes[0]).sum())
        basis = right[:rank]
        shift = source.normal(size=len(part))
        shift -= basis.T @ (basis @ shift)
        hits = np.flatnonzero(np.abs(shift) < _ZERO)
        weights = left[:, :rank] @ ((basis[:, hits]) / sizes[:rank, None])
        found += [
            int(block.cells[hit]) for at, hit in enumerate(hits) if _proves(sums.astype(int), weights[:, at], int(hit))
        ]
    return np.array(sorted(found), dtype=np.intp)


def _proves(sums: np.ndarray, weights: Numbers, hit: int) -> bool:
    """Whether the combination of sums is the cell `hit` and nothing else, in exact arithmetic.

    Weights that are no simple fractions prove nothing here; the linear programs then decide.
    """
    exact = [Fraction(float(weight)).limit_denominator(10_000) for weight in weights]
    scale = np.lcm.reduce([one.denominator for one in exact] or [1])
    if abs(int(scale)) > 10**9:
        return False
    whole = np.array([int(one * int(scale)) for one in exact], dtype=object)
    expected = np.zeros(sums.shape[1], dtype=object)
    expected[hit] = int(scale)
    return bool((whole @ sums == expected).all())


def narrowed(system: System, suppressed: Marks, low: Numbers, high: Numbers, *, whole: bool) -> tuple[Numbers, Numbers]:
    """Bounds of how far each suppressed cell can move, made tighter sum by sum until nothing changes.

    Whatever agrees with what is published lies within: narrow bounds prove that a cell is exposed, wide ones nothing.
    """
    cells = np.flatnonzero(suppressed)
    low, high = np.where(suppressed, low, 0.0), np.where(suppressed, high, 0.0)
    matrix = system.sums
    lines = np.unique(gathered(system.by_cell.indptr, system.by_cell.indices, cells))
    if not len(lines):
        return low, high
    part = matrix[lines]
    row = np.repeat(np.arange(len(lines)), np.diff(part.indptr))
    column, sign = part.indices, part.data
    for _ in range(_MOST_TURNS):
        least, most = np.where(sign > 0, low[column], -high[column]), np.where(sign > 0, high[column], -low[column])
        below, above = _others(row, least, len(lines)), _others(row, most, len(lines))
        # sign * move = -(the others), which lie between `below` and `above`.
        new_low, new_high = np.where(sign > 0, -above, below), np.where(sign > 0, -below, above)
        if whole:
            new_low, new_high = np.ceil(new_low - 1e-6), np.floor(new_high + 1e-6)
        tighter_low, tighter_high = low.copy(), high.copy()
        np.maximum.at(tighter_low, column, new_low)
        np.minimum.at(tighter_high, column, new_high)
        tighter_low, tighter_high = np.minimum(tighter_low, 0.0), np.maximum(tighter_high, 0.0)
        if np.array_equal(tighter_low, low) and np.array_equal(tighter_high, high):
            break
        low, high = tighter_low, tighter_high
    return low, high


def _others(row: Places, values: Numbers, count: int) -> Numbers:
    """For each entry the sum of the other entries in its row, infinite ones counted apart."""
    endless = ~np.isfinite(values)
    finite = np.where(endless, 0.0, values)
    total = np.bincount(row, finite, count)
    infinite = np.bincount(row, endless, count)
    sign = np.sign(np.bincount(row, np.where(endless, np.sign(values), 0.0), count))
    left = infinite[row] - endless
    return np.where(left > 0, np.where(sign[row] == 0, 1.0, sign[row]) * np.inf, total[row] - finite)
