"""Witnesses: tables that agree with everything published. Each is checked by arithmetic, whoever found it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

from egress.protect.subtrees import Block
from egress.protect.system import Numbers, Places, Vector

# How much of a needed width rounding errors of sums may eat.
_LOST = 1e-4
_WHOLE = 1e-5


@dataclass(frozen=True, eq=False)
class Witness:
    """Shifts `moves` of the `cells` of one vector: all sums stay, all values stay within what the attacker knows."""

    vector: int
    cells: Places
    moves: Numbers


def checked(block: Block, vector: Vector, moves: Numbers, finest: float) -> tuple[Places, Numbers]:
    """The part of `moves` that really keeps all sums and bounds: cells and shifts.

    Whole numbers are rounded and must then keep each sum exactly; a connected part that does not is left out. Other
    numbers may miss a sum by a small share of `finest`, the least width that is looked for.
    """
    cells = block.cells
    if vector.whole:
        moves = np.rint(moves)
    else:
        moves = np.where(np.abs(moves) < finest * _LOST, 0.0, moves)
        moves = np.clip(moves, -vector.room_down[cells], vector.room_up[cells])
    within = (moves <= vector.room_up[cells]) & (-moves <= vector.room_down[cells])
    gap = np.abs(block.sums @ moves)
    broken = gap > (0.0 if vector.whole else finest * _LOST)
    moving = moves != 0
    if broken.any() or not within.all():
        moving &= _sound(block, moving, broken, ~within)
    return cells[moving], moves[moving]


def _sound(block: Block, moving: np.ndarray, broken: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Cells in connected parts of the moving ones without a broken sum or a value out of its bounds."""
    places = np.flatnonzero(moving)
    sums = abs(block.sums[:, places])
    _, part = connected_components(sums.T @ sums, directed=False)
    bad = (broken.astype(float) @ sums) > 0
    bad |= outside[places]
    spoiled = np.unique(part[bad])
    kept = np.zeros(len(moving), dtype=bool)
    kept[places] = ~np.isin(part, spoiled)
    return kept
