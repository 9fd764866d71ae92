"""Groups that a linear model tells apart: those whose mean is the mean of its fitted values.

A group's mean is told where the group's indicator is a combination of the columns: then the residuals of the group add
up to 0, and whoever has the coefficients has the mean. That is so for every level of a factor, the one of reference
too, and for every cell of an interaction, whatever the contrasts are.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Whole: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Truths: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

_NEAR = 1e-8


def told(basis: Floats, groups: Whole) -> Truths:
    """Which of the groups 0, 1, … the columns of an orthonormal `basis` tell apart; `groups` has a number per row."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    sums = np.add.reduceat(basis[order], starts, axis=0)
    rows = np.diff(starts, append=len(groups))
    known: Truths = (sums**2).sum(axis=1) >= rows * (1 - _NEAR)
    return known


def fewest(basis: Floats, groups: Whole, codes: Whole) -> int | None:
    """Persons in the smallest group that is told apart, by the persons' `codes`; None where none is."""
    known = told(basis, groups)
    if not known.any():
        return None
    pairs = np.unique(np.column_stack((groups, codes)), axis=0)
    persons = np.bincount(pairs[:, 0], minlength=len(known))
    return int(persons[known].min())
