"""Linear programs over a block of cells: shifts of values that keep every sum (HiGHS by SciPy)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import hstack

from egress.protect.subtrees import Block
from egress.protect.system import Numbers

# Below so many columns HiGHS is faster without its presolve.
_SMALL = 1500
# Whole numbers: any near solution will do; a limit by nodes, as one by the clock would not repeat.
_GAP, _NODES = 0.25, 200


def _options(presolve: bool, *, whole: bool) -> Any:  # noqa: FBT001 -- SciPy's own option
    return {"mip_rel_gap": _GAP, "node_limit": _NODES} if whole else {"presolve": presolve}


def least_cost(
    block: Block,
    room: tuple[Numbers, Numbers],
    costs: tuple[Numbers, Numbers],
    move: tuple[int, float],
    *,
    whole: bool = False,
) -> Numbers | None:
    """The shifts of least cost with `move`: the cell at which place moves by how much. `room`, `costs`: down, up.

    None: there is none.
    """
    (down, up), (at, by) = room, move
    count = len(block.cells)
    most = np.concatenate([up, down])
    least = np.zeros(2 * count)
    risen, fallen = (at, count + at) if by > 0 else (count + at, at)
    if most[risen] < abs(by):
        return None
    least[risen] = most[risen] = abs(by)
    most[fallen] = 0.0
    solved = milp(
        np.concatenate([costs[1], costs[0]]),
        bounds=Bounds(least, most),
        constraints=LinearConstraint(hstack([block.sums, -block.sums], format="csc"), 0, 0),
        integrality=np.ones(2 * count, dtype=np.int64) if whole else None,
        options=_options(2 * count > _SMALL, whole=whole),
    )
    return None if solved.x is None else np.asarray(solved.x[:count] - solved.x[count:])


def farthest(block: Block, room: tuple[Numbers, Numbers], gain: Numbers, *, whole: bool = False) -> Numbers | None:
    """The shifts within `room` (downwards, upwards) that make `gain @ shifts` largest. None: the solver gave up."""
    down, up = room
    if not len(block.cells):
        return np.empty(0)
    solved = milp(
        -gain,
        bounds=Bounds(-down, up),
        constraints=LinearConstraint(block.sums, 0, 0),
        integrality=np.ones(len(gain), dtype=np.int64) if whole else None,
        options=_options(len(gain) > _SMALL, whole=whole),
    )
    return None if solved.x is None else np.asarray(solved.x)
