"""Controlled rounding: every count becomes one of the two multiples of the base around it, and totals stay sums.

Counts that are multiples of the base stay (so zeros do). The nearest such table, by a mixed-integer program (HiGHS;
Handbook on SDC, 2nd ed., ch. 5). What comes out is held against that definition before anybody sees it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array, hstack

from egress.protect.system import Numbers, System

# Limits of computing time: nodes, so that every machine ends at the same place; seconds only as the last resort.
_NODES = 200
_SECONDS = 120
MAX_CELLS = 12_000
_FEW = 2_000
_GAP_OF_FEW, _GAP = 0.02, 0.2  # how far from the nearest table, as a share of all changes


@dataclass(frozen=True)
class Validity:
    """What makes a table a zero-restricted controlled rounding of another."""

    additive: bool
    multiples: bool
    zero_restricted: bool
    within_base: bool

    def __bool__(self) -> bool:
        return self.additive and self.multiples and self.zero_restricted and self.within_base


def validity(exact: Numbers, rounded: Numbers, base: int, system: System) -> Validity:
    """Holds `rounded` against the definition; all numbers are whole."""
    return Validity(
        additive=not (system.sums @ rounded).any(),
        multiples=not (rounded % base).any(),
        zero_restricted=bool((rounded[exact % base == 0] == exact[exact % base == 0]).all()),
        within_base=bool((np.abs(rounded - exact) < base).all()),
    )


def controlled(exact: Numbers, system: System, base: int) -> Numbers | None:
    """The rounded counts. None: there is no such table, or none was found within the limits."""
    below = np.floor(exact / base) * base
    open_cells = np.flatnonzero(below != exact)
    if not len(open_cells):
        return below
    if len(open_cells) > MAX_CELLS:
        return None
    owed = -(system.sums @ below) / base
    rest = (exact - below)[open_cells]
    count = len(open_cells)
    # One column more, always 1: it makes the objective the sum of all changes, of which the gap is a share.
    sums = hstack([system.by_cell[:, open_cells], csc_array((system.sums.shape[0], 1))], format="csc")
    solved = milp(
        np.append(base - 2.0 * rest, rest.sum()),  # what rounding up moves a count more than rounding down
        integrality=np.append(np.ones(count, dtype=int), 0),
        bounds=Bounds(np.append(np.zeros(count), 1), 1),
        constraints=LinearConstraint(sums, owed, owed) if sums.shape[0] else (),
        options={"node_limit": _NODES, "time_limit": _SECONDS, "mip_rel_gap": _GAP_OF_FEW if count <= _FEW else _GAP},
    )
    if solved.x is None:
        return None
    rounded = below.copy()
    rounded[open_cells] += base * np.rint(solved.x[:count])
    return rounded if validity(exact, rounded, base, system) else None
