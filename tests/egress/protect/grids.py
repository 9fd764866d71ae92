"""Two-way tables with margins, as cells and relations."""

from __future__ import annotations

import numpy as np

from egress.protect.relations import Relation
from egress.protect.system import Marks, Numbers, Problem, System, Vector

Grid = list[list[float]]


class TwoWay:
    """Cells first, then row totals, column totals, the total."""

    def __init__(self, grid: Grid) -> None:
        high, wide = len(grid), len(grid[0])
        self.wide = wide
        cells = [value for row in grid for value in row]
        lines = [sum(row) for row in grid]
        columns = [sum(row[j] for row in grid) for j in range(wide)]
        self.values: Numbers = np.array([*cells, *lines, *columns, sum(cells)], dtype=float)
        first_line, first_column, total = len(cells), len(cells) + high, len(cells) + high + wide
        self.relations = (
            *(Relation(first_line + i, tuple(i * wide + j for j in range(wide))) for i in range(high)),
            *(Relation(first_column + j, tuple(i * wide + j for i in range(high))) for j in range(wide)),
            Relation(total, tuple(range(first_line, first_column))),
            Relation(total, tuple(range(first_column, total))),
        )
        self.inner = first_line

    def at(self, i: int, j: int) -> int:
        return i * self.wide + j

    def marks(self, cells: set[int] | frozenset[int]) -> Marks:
        return marked(len(self.values), cells)

    def counts(self, primary: set[int], *, threshold: int | None = None, width: int = 1) -> Problem:
        marks = self.marks(primary)
        vector = Vector.counts("n", self.values, marks, threshold=threshold, width=width)
        return Problem(System.of(self.relations, len(self.values)), (vector,), marks)

    def totals(self, primary: set[int], share: float) -> Problem:
        vector = Vector.totals("x", self.values, share=share)
        return Problem(System.of(self.relations, len(self.values)), (vector,), self.marks(primary))


def marked(size: int, cells: set[int] | frozenset[int]) -> Marks:
    found = np.zeros(size, dtype=bool)
    found[sorted(cells)] = True
    return found
