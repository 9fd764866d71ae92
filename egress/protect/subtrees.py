"""Pieces of a system small enough for one program: cells around a cell, and the sums among them.

A shift of some cells that keeps every sum is a witness for the whole system too: all sums that touch a piece are kept,
so what is outside simply does not move. Searching a piece can miss a witness, never invent one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from egress.protect.system import Marks, Numbers, Places, System

# Three dimensions are closed by three rings.
_RINGS = 3

# SciPy numbers lines in 32 bits as long as these suffice.
Index: TypeAlias = Places | NDArray[np.int32]


@dataclass(frozen=True)
class Widths:
    """How many cells a search looks at: `each` of a sum, at most `near` around these, then all within `block` cells.

    `inside`: cells of a search among suppressed ones only.
    """

    each: int = 5
    near: int = 2500
    block: int = 2500
    inside: int = 400


def gathered(starts: Index, indices: Index, of: Places) -> Places:
    """The entries of `indices` that belong to the lines `of`, one after another."""
    first = starts[of]
    count = starts[of + 1] - first
    total = int(count.sum())
    if not total:
        return np.empty(0, dtype=np.intp)
    shift = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count)
    return np.asarray(indices[shift + np.arange(total)], dtype=np.intp)


def sums_of(system: System, cells: Places) -> Places:
    """The sums of `cells`, repeated for each cell that stands in them."""
    matrix = system.by_cell
    return gathered(matrix.indptr, matrix.indices, cells)


def cells_of(system: System, sums: Places) -> Places:
    """The cells of `sums`, repeated."""
    return gathered(system.sums.indptr, system.sums.indices, sums)


@dataclass(frozen=True, eq=False)
class Block:
    """`sums`: all sums that touch `cells` (numbered anew) x the cells. A cell alone in a sum cannot move: left out."""

    cells: Places
    sums: csc_array

    @classmethod
    def of(cls, system: System, cells: Places) -> Block:
        cells = np.unique(cells)
        matrix = system.by_cell
        while True:
            lines = gathered(matrix.indptr, matrix.indices, cells)
            count = matrix.indptr[cells + 1] - matrix.indptr[cells]
            used, numbered, times = np.unique(lines, return_inverse=True, return_counts=True)
            alone = times[numbered] == 1
            if not alone.any():
                break
            stuck = np.zeros(len(cells), dtype=bool)
            stuck[np.repeat(np.arange(len(cells)), count)[alone]] = True
            cells = cells[~stuck]
        data = gathered(matrix.indptr, matrix.data, cells).astype(float) if len(cells) else np.empty(0)
        starts = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
        return cls(cells, csc_array((data, numbered.astype(np.int32), starts), shape=(len(used), len(cells))))

    def place(self, cell: int) -> int | None:
        at = int(np.searchsorted(self.cells, cell))
        return at if at < len(self.cells) and self.cells[at] == cell else None


def within(system: System, start: Places, allowed: Marks, most: int, rings: int = 64) -> Places:
    """`start` and the `allowed` cells that share sums with it, ring by ring, until about `most` are found."""
    seen = np.zeros(system.size, dtype=bool)
    seen[start] = True
    reached = np.zeros(system.sums.shape[0], dtype=bool)
    edge, found = start, [start]
    count = len(start)
    for _ in range(rings):
        lines = np.unique(sums_of(system, edge))
        lines = lines[~reached[lines]]
        reached[lines] = True
        cells = np.unique(cells_of(system, lines))
        edge = cells[allowed[cells] & ~seen[cells]]
        if not len(edge) or count >= most:
            break
        seen[edge] = True
        found.append(edge)
        count += len(edge)
    return np.concatenate(found)


def candidates(system: System, cell: int, suppressed: Marks, price: Numbers, widths: Widths) -> Places:
    """Cells by which `cell` may be hidden cheaply: of each of its sums some, suppressed ones first, then the cheapest.

    Then, ring by ring, what closes what is open: cells that stand in two sums or more that were reached, suppressed
    ones, and fewer of the cheapest. `price` is infinite where a cell cannot be suppressed.
    """
    price = np.where(suppressed, 1e-3, 1.0) * price
    seen = np.zeros(system.size, dtype=bool)
    seen[cell] = True
    found = np.array([cell], dtype=np.intp)
    for ring in range(_RINGS):
        if len(found) >= widths.near:
            break
        lines = np.unique(sums_of(system, found))
        members = cells_of(system, lines)
        usable = np.isfinite(price[members])
        line = np.repeat(np.arange(len(lines)), system.sums.indptr[lines + 1] - system.sums.indptr[lines])
        near = _cheapest(members[usable], line[usable], price, widths.each + 1 if ring == 0 else widths.each // 2)
        if ring:
            cells, times = np.unique(members[usable], return_counts=True)
            near = np.union1d(near, cells[(times >= 2) | suppressed[cells]])
        near = near[~seen[near]]
        seen[near] = True
        found = np.concatenate([found, near])
    return found


def _cheapest(cells: Places, lines: Places, price: Numbers, each: int) -> Places:
    """Of each line the `each` cheapest cells; a cell of several lines stands once."""
    order = np.lexsort((price[cells], lines))
    first = np.searchsorted(lines[order], lines[order])
    return np.unique(cells[order][np.arange(len(order)) - first < each])


def components(system: System, cells: Places) -> Iterator[Places]:
    """Parts of `cells` that share no sum with one another."""
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 -- costs start-up time, rarely needed

    block = Block.of(system, cells)
    touching = abs(block.sums)
    count, label = connected_components(touching.T @ touching, directed=False)
    order = np.argsort(label, kind="stable")
    ends = np.searchsorted(label[order], np.arange(count + 1))
    for at in range(count):
        yield block.cells[order[ends[at] : ends[at + 1]]]
