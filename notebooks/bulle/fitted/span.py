"""Groups that a linear model tells apart: those whose mean is the mean of its fitted values.

A group's mean is told where the group's indicator is a combination of the columns: then the residuals of the group add
up to 0, and whoever has the coefficients has the mean. That is so for every level of a factor, the one of reference
too, and for every cell of an interaction, whatever the contrasts are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Whole: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

_NEAR = 1e-8


@dataclass(frozen=True)
class Cells:
    """The rows of a design joined where all of its coded columns are the same.

    `coded` has a row per cell and a column per coded column; `sums` are those of an orthonormal basis over the `rows`
    of each cell. `pairs` are each person's cells: cell and person, each pair once.
    """

    coded: Whole
    sums: Floats
    rows: Whole
    pairs: Whole

    @classmethod
    def of(cls, basis: Floats, coded: Sequence[Whole], codes: Whole) -> Cells:
        """The cells of `coded` columns, each a number from 0 per row, with the persons of the rows in `codes`."""
        frame = pd.DataFrame(dict(enumerate(coded)), index=range(len(codes)))
        grouped = frame.groupby(list(frame.columns), sort=False).ngroup() if coded else frame.index.to_series() * 0
        cell = np.asarray(grouped, dtype=np.int64)
        order = np.argsort(cell, kind="stable")
        starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
        sums = np.add.reduceat(basis[order], starts, axis=0)
        rows = np.diff(starts, append=len(cell)).astype(np.int64)
        first = frame.to_numpy(dtype=np.int64)[order[starts]]
        return cls(first, sums, rows, pairs_of(cell, codes))

    def fewest(self, groups: Whole) -> int | None:
        """Persons in the smallest group of cells that is told apart, None where none is; a group's number per cell."""
        count = int(groups.max()) + 1
        sums, rows = np.zeros((count, self.sums.shape[1])), np.zeros(count)
        np.add.at(sums, groups, self.sums)
        np.add.at(rows, groups, self.rows)
        told = (sums**2).sum(axis=1) >= rows * (1 - _NEAR)
        if not told.any():
            return None
        kept = self.pairs[told[groups[self.pairs[:, 0]]]]
        pairs = pairs_of(groups[kept[:, 0]], kept[:, 1])
        return int(np.bincount(pairs[:, 0], minlength=count)[told].min())


def pairs_of(groups: Whole, codes: Whole) -> Whole:
    """Each pair of a group and a person once, as rows; both are numbers from 0."""
    most = int(codes.max(initial=0)) + 1
    both = pd.unique(groups.astype(np.int64) * most + codes)
    return np.column_stack(np.divmod(both, most)).astype(np.int64)
