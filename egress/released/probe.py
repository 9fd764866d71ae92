"""Which unknowns a system of equations and bounds determines, exactly or nearly.

Exact: a random vector projected on the null space is 0 (almost surely) just where a value is determined, so that one
projection tests every cell. Near: bounds are carried along the equations; then linear programs push all undecided
cells at once, and what is left is asked one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array
from scipy.sparse.linalg import lsmr

from egress.released.universe import Numbers

# Limits of computing time: equations whose Gram matrix is decomposed, steps of LSMR, of carrying bounds, of programs.
MAX_DENSE = 4_000
MAX_STEPS = 4_000
MAX_ROUNDS = 60
MAX_TURNS = 40
MAX_IDLE = 4
MAX_ALONE = 100

_ZERO = 1e-7
_REACH = 1e9

Marks = NDArray[np.bool_]


def determined(lines: csr_array) -> Marks:
    """The unknowns that `lines @ x = anything` leaves one value, by two random projections."""
    count = lines.shape[1]
    if not lines.shape[0] or not count:
        return np.zeros(count, dtype=bool)
    source = np.random.default_rng(count)  # chances that are the same in every run
    moves = np.abs(_projected(lines, source.standard_normal((count, 2))))
    marks: Marks = moves.max(axis=1) < _ZERO
    return marks


def _projected(lines: csr_array, vectors: Numbers) -> Numbers:
    """The part of `vectors` in the null space of `lines`."""
    if min(lines.shape) > MAX_DENSE:
        solved = [lsmr(lines, lines @ column, atol=1e-13, btol=1e-13, maxiter=MAX_STEPS)[0] for column in vectors.T]
        return vectors - np.array(solved).T
    if lines.shape[1] <= lines.shape[0]:
        values, directions = np.linalg.eigh((lines.T @ lines).toarray())
        kernel = directions[:, values <= _ZERO * max(float(values[-1]), 1.0)]
        return np.asarray(kernel @ (kernel.T @ vectors))
    values, directions = np.linalg.eigh((lines @ lines.T).toarray())
    kept = values > _ZERO * max(float(values[-1]), 1.0)
    inside = directions[:, kept]
    weighed = inside @ ((inside.T @ (lines @ vectors)) / values[kept][:, None])
    return np.asarray(vectors - lines.T @ weighed)


@dataclass(eq=False)
class Block:
    """Unknowns with `lines @ x = right`, low <= x <= high. `wanted`: how wide each interval must be, 0 for any."""

    lines: csr_array
    right: Numbers
    low: Numbers
    high: Numbers
    whole: bool
    programs: int = 0
    contradictory: bool = False
    reached_low: Numbers = field(init=False)
    reached_high: Numbers = field(init=False)

    def __post_init__(self) -> None:
        self.low, self.high = self.low.copy(), self.high.copy()
        self.reached_low = np.full(len(self.low), np.inf)
        self.reached_high = np.full(len(self.low), -np.inf)
        self._carry()

    def _carry(self) -> None:
        """Bounds along the equations: what one line leaves for each of its cells, until nothing changes."""
        pairs = self.lines.tocoo()
        line, cell, sign = pairs.row, pairs.col, pairs.data
        for _ in range(MAX_ROUNDS):
            low, high = np.maximum(self.low, -_REACH)[cell], np.minimum(self.high, _REACH)[cell]
            least = np.where(sign > 0, low, -high)
            most = np.where(sign > 0, high, -low)
            total_least = np.bincount(line, weights=least, minlength=len(self.right))[line]
            total_most = np.bincount(line, weights=most, minlength=len(self.right))[line]
            up = self.right[line] - (total_least - least)
            down = self.right[line] - (total_most - most)
            new_high, new_low = self.high.copy(), self.low.copy()
            np.minimum.at(new_high, cell, np.where(sign > 0, up, -down))
            np.maximum.at(new_low, cell, np.where(sign > 0, down, -up))
            if self.whole:
                new_high, new_low = np.floor(new_high + 1e-6), np.ceil(new_low - 1e-6)
            # What came from a bound that nobody gave says nothing.
            new_high = np.where(new_high > _REACH / 2, self.high, new_high)
            new_low = np.where(new_low < -_REACH / 2, self.low, new_low)
            changed = (new_high < self.high - 1e-9) | (new_low > self.low + 1e-9)
            self.high, self.low = new_high, new_low
            if (self.low > self.high + 1e-6).any():
                self.contradictory = True
            if self.contradictory or not changed.any():
                return

    def push(self, gain: Numbers) -> bool:
        """One program: the values that agree with everything known and make `gain @ x` largest."""
        self.programs += 1
        bounds = Bounds(np.maximum(self.low, -_REACH), np.minimum(self.high, _REACH))
        solved = milp(-gain, bounds=bounds, constraints=LinearConstraint(self.lines, self.right, self.right))
        if solved.x is None:
            self.contradictory = self.contradictory or solved.status == 2
            return False
        self.reached_low = np.minimum(self.reached_low, solved.x)
        self.reached_high = np.maximum(self.reached_high, solved.x)
        return True

    def spread(self, cells: Sequence[int], fine: Callable[[int, float, float], bool]) -> list[int]:
        """Push `cells` at once in random directions, again and again those that are not `fine` yet; what is left.

        `fine`: whether a cell that can reach these two values is hidden well enough.
        """
        source = np.random.default_rng(len(cells))
        left, idle = list(cells), 0
        for turn in range(MAX_TURNS):
            if not left or idle == MAX_IDLE:
                break
            gain = np.zeros(len(self.low))
            signs = np.full(len(left), 1.0 if turn % 2 == 0 else -1.0)
            if turn > 1:
                signs = source.choice([-1.0, 1.0], len(left))
            gain[left] = source.uniform(0.5, 1.5, len(left)) * signs
            if not self.push(gain):
                break
            still = [at for at in left if not fine(at, self.reached_low[at], self.reached_high[at])]
            idle = idle + 1 if len(still) == len(left) else 0
            left = still
        return left

    def interval(self, cell: int) -> tuple[float, float]:
        """The tightest bounds of one cell, by two programs."""
        ends = []
        for sign in (-1.0, 1.0):
            gain = np.zeros(len(self.low))
            gain[cell] = sign
            fine = self.push(gain)
            reached = self.reached_low if sign < 0 else self.reached_high
            given = self.low if sign < 0 else self.high
            ends.append(float(reached[cell]) if fine else float(given[cell]))
        low, high = ends
        if self.whole:
            low, high = np.ceil(low - 1e-6), np.floor(high + 1e-6)
        return low, high
