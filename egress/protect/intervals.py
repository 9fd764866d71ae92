"""How far one value can move while everything published stays: linear programs, for what people read.

The audit's verdict rests on witnesses; these bounds are what its programs proposed and what the tables of the
audit show.
"""

from __future__ import annotations

import numpy as np

from egress.protect.lp import farthest
from egress.protect.subtrees import Block, within
from egress.protect.system import Marks, Numbers, Problem, Vector


def interval(problem: Problem, suppressed: Marks, cell: int, vector: int = 0) -> tuple[float, float]:
    """Bounds of one suppressed value, over all cells that sums connect with it."""
    numbers = problem.vectors[vector]
    value = float(numbers.values[cell])
    if not suppressed[cell]:
        return value, value
    places = within(problem.system, np.array([cell], dtype=np.intp), suppressed, problem.system.size)
    block = Block.of(problem.system, places)
    at = block.place(cell)
    if at is None:
        return value, value
    most = 10.0 * (float(np.abs(numbers.values[places]).max()) + float(numbers.need[cell]) + 1.0)
    ends = []
    for sign, room in ((-1.0, numbers.room_down), (1.0, numbers.room_up)):
        moves = pushed(block, numbers, (at, sign), most)
        moved = 0.0 if moves is None else float(moves[at])
        endless = abs(moved) >= most * (1 - 1e-6) and not np.isfinite(room[cell])
        ends.append(sign * np.inf if endless else value + moved)
    if numbers.whole:
        slack = 1e-6 * max(1.0, abs(value))
        return float(np.ceil(ends[0] - slack)), float(np.floor(ends[1] + slack))
    return float(ends[0]), float(ends[1])


def pushed(block: Block, vector: Vector, way: tuple[int, float], most: float, *, whole: bool = False) -> Numbers | None:
    """A cell (its place, and +1 or -1) moved as far as can be, no cell further than `most`; in the vector's numbers."""
    at, sign = way
    unit = 1.0 if vector.whole else most
    down, up = (np.minimum(room[block.cells], most) / unit for room in (vector.room_down, vector.room_up))
    gain = np.zeros(len(block.cells))
    gain[at] = sign
    moves = farthest(block, (down, up), gain, whole=whole)
    return None if moves is None else moves * unit
