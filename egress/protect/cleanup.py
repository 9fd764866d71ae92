"""Fewer suppressed cells: what can be published again, and what can be hidden at less cost."""

from __future__ import annotations

import numpy as np

from egress.protect.cover import Cover, Secret
from egress.protect.routes import hide
from egress.protect.subtrees import Widths, cells_of, sums_of
from egress.protect.system import Numbers, Places

# An attempt that costs so many cells more is not worth thinning.
_HOPELESS = 3.0
_WORSE = 1.5


def secondary(cover: Cover) -> Places:
    """Cells suppressed that need not be for their own sake."""
    return np.flatnonzero(cover.suppressed & cover.problem.free)


def hide_all(cover: Cover, secrets: list[Secret], price: Numbers, widths: Widths) -> list[Secret]:
    """Hide each; those for which nothing was found."""
    return [secret for secret in secrets if not cover.met(secret) and not hide(cover, secret, price, widths)]


def drop(cover: Cover, cell: int, price: Numbers, widths: Widths) -> bool:
    """Publish `cell` if all secrets can be hidden by cells of finite `price`; otherwise leave all as it is."""
    numbers = set(cover.using.get(cell, ()))
    stake = cover.at_stake(numbers)
    moment = len(cover.journal)
    cover.withdraw(numbers)
    cover.publish(np.array([cell], dtype=np.intp))
    before = price[cell]
    price[cell] = np.inf
    done = all(cover.met(secret) or hide(cover, secret, price, widths) for secret in stake)
    price[cell] = before
    if not done:
        cover.undo(moment)
    return done


def thin(cover: Cover, cells: Places, widths: Widths) -> int:
    """Publish again what is not needed, the least used first. How many could be.

    What cannot be published now cannot be later either: the fewer cells are suppressed, the less hides.
    """
    price = np.where(cover.suppressed, cover.problem.price, np.inf)
    using = cover.using
    order = sorted(cells.tolist(), key=lambda cell: (len(using.get(cell, ())), -cover.problem.price[cell], cell))
    count = 0
    for cell in order:
        if cover.suppressed[cell] and drop(cover, cell, price, widths):
            price[cell] = np.inf
            count += 1
    return count


def anew(cover: Cover, price: Numbers, widths: Widths, turns: int, seed: int) -> None:
    """Free a few neighbouring cells and hide what they hid in another order, `turns` times; keep the cheapest.

    Ruin and recreate (Schrimpf and others 2000): at first a little more cost is allowed, to leave a dead end.
    """
    source = np.random.default_rng(seed)
    cover.journal.clear()
    best, moment = cover.cost(), 0
    for turn in range(turns):
        cells = secondary(cover)
        if not len(cells):
            break
        allowed = _WORSE * (1.0 - turn / turns) * source.random() ** 3
        _once(cover, int(source.choice(cells)), price, widths, (source, allowed))
        if cover.cost() < best - 1e-9:
            best, moment = cover.cost(), len(cover.journal)
    cover.undo(moment)
    cover.journal.clear()


def _once(cover: Cover, cell: int, price: Numbers, widths: Widths, chance: tuple[np.random.Generator, float]) -> None:
    source, allowed = chance
    before, moment = cover.cost(), len(cover.journal)
    near = _neighbours(cover, cell, source)
    numbers = set().union(*(cover.using.get(one, set()) for one in near.tolist()))
    stake = cover.at_stake(numbers)
    cover.withdraw(numbers)
    cover.publish(near)
    was = cover.suppressed.copy()
    stake = [stake[at] for at in source.permutation(len(stake))]
    changed = price * source.uniform(0.6, 1.4, len(price))
    changed[cell] *= 3.0
    if hide_all(cover, stake, changed, widths) or cover.cost() > before + _HOPELESS:
        cover.undo(moment)
        return
    fresh = np.flatnonzero(cover.suppressed & ~was & cover.problem.free)
    thin(cover, np.union1d(_around(cover, near), fresh), widths)
    if cover.cost() > before + allowed + 1e-12:
        cover.undo(moment)


def _neighbours(cover: Cover, cell: int, source: np.random.Generator) -> Places:
    """`cell` and some suppressed cells of its sums."""
    around = _around(cover, np.array([cell], dtype=np.intp))
    count = min(len(around), int(source.integers(1, 7)))
    return np.unique(np.append(source.choice(around, count, replace=False) if count else [], cell)).astype(np.intp)


def _around(cover: Cover, cells: Places) -> Places:
    system = cover.problem.system
    near = np.unique(cells_of(system, np.unique(sums_of(system, cells))))
    return near[cover.suppressed[near] & cover.problem.free[near]]
