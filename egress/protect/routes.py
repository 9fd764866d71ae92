"""One witness for one secret: the cheapest shift of cells by which its value may rise or fall."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from egress.protect.cover import OUTSIDER, Cover, Secret
from egress.protect.lp import least_cost
from egress.protect.subtrees import Block, Widths, candidates, within
from egress.protect.system import Numbers, Places
from egress.protect.witness import Witness, checked

# A suppressed cell costs next to nothing more, but not nothing: short witnesses are easier to replace.
_AGAIN = 1e-3
# Shifts beyond so many times what is looked for are not needed.
_REACH = 50.0


def hide(cover: Cover, secret: Secret, price: Numbers, widths: Widths) -> bool:
    """Suppress what hides `secret` at least price (infinite: not to be suppressed). False: nothing was found."""
    for _ in range(3):
        rise, fall = cover.missing(secret)
        if not rise and not fall:
            return True
        found = _either(cover, secret, price, widths, (rise, fall))
        if found is None:
            return False
        for witness in found:
            cover.add(witness)
    return cover.met(secret)


def _either(
    cover: Cover, secret: Secret, price: Numbers, widths: Widths, missing: tuple[float, float]
) -> list[Witness] | None:
    """Witnesses of one rise or fall; where only the width counts either may do."""
    rise, fall = missing
    vector = cover.problem.vectors[secret.vector]
    up, down, both = cover.widths(secret)
    moves = [rise] if rise else [-fall]
    if not up and not down and rise and both <= vector.room_down[secret.cell]:
        moves.append(-both)
    for places in _searches(cover, secret, price, widths):
        block = Block.of(cover.problem.system, places)
        for by in moves:
            found = route(cover, secret, block, price, by)
            if found is not None:
                return with_reverse(cover, found)
    return None


def _searches(cover: Cover, secret: Secret, price: Numbers, widths: Widths) -> Iterator[Places]:
    """Where to look, smallest first. What the attacker knows does not move."""
    system = cover.problem.system
    start = np.array([secret.cell], dtype=np.intp)
    usable = np.isfinite(price)
    wider = (usable & ~cover.suppressed).any()
    if wider:
        near = candidates(system, secret.cell, cover.suppressed, price, widths)
        yield near[near != secret.knower] if secret.knower != OUTSIDER else near
    usable |= cover.suppressed
    if secret.knower != OUTSIDER:
        usable[secret.knower] = False
    yield within(
        system, start, usable if wider else cover.suppressed & usable, widths.block if wider else widths.inside
    )


def route(cover: Cover, secret: Secret, block: Block, price: Numbers, by: float) -> Witness | None:
    """The cheapest witness inside `block` that moves `secret` by `by`, checked by arithmetic."""
    place = block.place(secret.cell)
    if place is None:
        return None
    vector, cells = cover.problem.vectors[secret.vector], block.cells
    unit = 1.0 if vector.whole else abs(by)
    up, down = (np.minimum(room[cells], _REACH * abs(by)) for room in (vector.room_up, vector.room_down))
    share = np.where(cover.suppressed[cells], _AGAIN * cover.problem.price[cells], price[cells])
    # A cell that can move only a little costs as much for that little.
    costs = tuple(share / np.clip(room, 1e-2 * abs(by), abs(by)) * unit for room in (down, up))
    # A best solution may move by halves, which no count can: then whole numbers are asked for.
    for whole in (False, True) if vector.whole else (False,):
        moves = least_cost(block, (down / unit, up / unit), (costs[0], costs[1]), (place, by / unit), whole=whole)
        if moves is None:
            return None
        moving, kept = checked(block, vector, moves * unit, abs(by))
        found = np.flatnonzero(moving == secret.cell)
        if len(found) and abs(kept[found[0]]) >= abs(by) * (1 - 1e-3):
            return Witness(secret.vector, moving, kept)
    return None


def with_reverse(cover: Cover, witness: Witness) -> list[Witness]:
    """`witness`, and the opposite shift where bounds allow it."""
    vector = cover.problem.vectors[witness.vector]
    back = -witness.moves
    if (back <= vector.room_up[witness.cells]).all() and (-back <= vector.room_down[witness.cells]).all():
        return [witness, Witness(witness.vector, witness.cells, back)]
    return [witness]
