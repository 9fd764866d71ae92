"""What an attacker works out of a suppressed table: bounds of each suppressed value, by linear programs.

Known to the attacker: every published value, the sums of the table, and that counts are not negative. The audit is
the judge of every pattern, however it was found. Lower and upper bound of each value would be two programs per row;
witnesses spare most: two tables that agree with everything published and differ widely in a row show that it is
protected. (Fischetti and Salazar 2001; Handbook, 2nd ed., ch. 4.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from egress.protect.relations import Relation

Numbers = NDArray[np.float64]

_NEAR = 1e-7


@dataclass(frozen=True)
class Vector:
    """One additive column of a table: a value per row. `whole`: counts. `need`: width that hides a row's value."""

    name: str
    values: tuple[float, ...]
    need: tuple[float, ...]
    whole: bool
    negative: bool = False


def matrix(relations: Sequence[Relation], rows: int) -> csr_array:
    """One line per relation: +1 at the parent, -1 at its children; the table's values make it 0."""
    data, line, column = [], [], []
    for at, relation in enumerate(relations):
        for row in relation.rows():
            data.append(1.0 if row == relation.parent else -1.0)
            line.append(at)
            column.append(row)
    return csr_array((data, (line, column)), shape=(len(relations), rows))


@dataclass(frozen=True)
class Audit:
    """The programs of one vector and one set of suppressed rows."""

    vector: Vector
    rows: tuple[int, ...]
    sums: csr_array  # relations x suppressed rows
    scale: float

    @classmethod
    def of(cls, vector: Vector, suppressed: frozenset[int], relations: Sequence[Relation]) -> Audit:
        rows = tuple(sorted(suppressed))
        touched = [relation for relation in relations if suppressed & set(relation.rows())]
        sums = matrix(touched, len(vector.values))[:, list(rows)]
        scale = max((abs(vector.values[row]) for row in rows), default=1.0) or 1.0
        return cls(vector, rows, sums, scale)

    def _solve(self, objective: Numbers) -> Numbers | None:
        """The shift of suppressed values that makes `objective` least, no shift larger than `reach`."""
        values = np.array([self.vector.values[row] for row in self.rows]) / self.scale
        reach = self.reach / self.scale
        low = np.full(len(values), -reach) if self.vector.negative else np.maximum(-values, -reach)
        constraints = LinearConstraint(self.sums, 0, 0) if self.sums.shape[0] else ()
        solved = milp(objective, bounds=Bounds(low, np.full(len(values), reach)), constraints=constraints)
        return None if solved.x is None else np.asarray(solved.x) * self.scale

    @property
    def reach(self) -> float:
        """Far enough to hide every value; a bound makes every program answer."""
        return 10.0 * (self.scale + max(self.vector.need[row] for row in self.rows) + 1.0)

    def bounds(self, row: int) -> tuple[float, float]:
        """The least and largest value of `row` that agree with what is published, as far as `reach`."""
        at = self.rows.index(row)
        objective = np.zeros(len(self.rows))
        objective[at] = 1.0
        value = self.vector.values[row]
        low, high = self._solve(objective), self._solve(-objective)
        return (value if low is None else value + low[at], value if high is None else value + high[at])

    def hidden(self, row: int, low: float, high: float) -> bool:
        """Whether values from `low` to `high` hide the row's: two whole numbers, or the needed width."""
        if self.vector.whole:
            slack = _NEAR * self.scale
            return math.floor(high + slack) - math.ceil(low - slack) >= max(1.0, self.vector.need[row])
        return high - low >= self.vector.need[row]

    def exposed(self) -> tuple[int, ...]:
        """The suppressed rows whose value can be worked out."""
        open_rows = self._without_witness() if self.rows else []
        return tuple(row for row in open_rows if not self.hidden(row, *self.bounds(row)))

    def _without_witness(self) -> list[int]:
        count = len(self.rows)
        shifts: list[Numbers] = [np.zeros(count)]
        undecided = np.ones(count, dtype=bool)
        # Weights that differ from row to row, and are the same in every run.
        weights = 1.0 + np.arange(count) * 0.618033988749895 % 1.0
        for turn in range(6):
            if not undecided.any():
                break
            signs = np.where(np.arange(count) % (2 + turn // 2) == 0, 1.0, -1.0) * (1.0 if turn % 2 == 0 else -1.0)
            shift = self._solve(np.where(undecided, signs * weights, 0.0))
            if shift is None:
                break
            shifts.append(shift)
            together = np.array(shifts)
            values = np.array([self.vector.values[row] for row in self.rows])
            low, high = values + together.min(axis=0), values + together.max(axis=0)
            for at in np.flatnonzero(undecided):
                undecided[at] = not self.hidden(self.rows[at], float(low[at]), float(high[at]))
        return [row for row, still in zip(self.rows, undecided, strict=True) if still]
