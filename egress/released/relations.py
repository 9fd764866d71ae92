"""Which cells are sums of which others, across tables: a coarser cell of the finer ones that lie in it.

Where a finer table lists only some of them (it is filtered), the rest is no cell of any table, and no sum holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from egress.query.model import Expression, columns_in
from egress.query.table import Value
from egress.released.cells import At, Layer, Number
from egress.released.reason import UNKNOWN, Unknown, implies, value_of
from egress.released.universe import Held, Numbers, Places, Universe

# Limits of computing time: kinds of cells that are compared with one another.
MAX_LAYERS = 1_200

_NEAR = 1e-7


@dataclass(frozen=True, eq=False)
class Nesting:
    """Cells of layer `lower` inside cells of layer `upper`: `parent[i]` is that of cell `children[i]`, -1 for none.

    `narrowed`: conditions of the lower layer that the upper one does not have: it may hold other rows too.
    """

    upper: int
    lower: int
    children: Places
    parent: Places
    narrowed: tuple[Expression, ...]


class TooManyLayersError(Exception):
    """More kinds of cells than are compared."""


def nestings(universe: Universe) -> tuple[Nesting, ...]:
    """Every pair of layers of which one breaks the other down. Raises: TooManyLayersError."""
    if len(universe.layers) > MAX_LAYERS:
        raise TooManyLayersError
    return tuple(
        nesting for upper, lower in _candidates(universe.layers) if (nesting := _nesting(universe, upper, lower))
    )


def reachable(tables: Sequence[Held], first: int) -> frozenset[int]:
    """The tables that may hang together by sums with one of the `first` ones, as far as their columns tell."""
    universe = Universe()
    layers = [{universe.layer(layer) for spread in one.framed() for layer in spread.layers()} for one in tables]
    near: defaultdict[int, set[int]] = defaultdict(set)
    if len(universe.layers) > MAX_LAYERS:
        return frozenset(range(len(tables)))
    for upper, lower in _candidates(universe.layers):
        near[upper].add(lower)
        near[lower].add(upper)
    seen: set[int] = set()
    waiting = [layer for one in layers[:first] for layer in one]
    while waiting:
        layer = waiting.pop()
        if layer not in seen:
            seen.add(layer)
            waiting += near[layer]
    return frozenset(at for at, one in enumerate(layers) if one & seen)


def _candidates(layers: list[Layer]) -> Iterator[tuple[int, int]]:
    """Pairs whose columns and tables allow that the second breaks the first down."""
    by = [frozenset(layer.by) for layer in layers]
    columns = [
        frozenset(column for each in (*layer.by, *layer.where) for column in columns_in(each)) for layer in layers
    ]
    for upper, one in enumerate(layers):
        for lower, other in enumerate(layers):
            if upper == lower or one.source != other.source:
                continue
            if by[upper] <= by[lower] or columns[upper] <= columns[lower]:
                yield upper, lower


def _nesting(universe: Universe, upper: int, lower: int) -> Nesting | None:
    above, below = universe.layers[upper], universe.layers[lower]
    asked = [part for part in above.where if part not in below.where and not implies(below.where, part)]
    index = {universe.at[cell]: int(cell) for cell in universe.cells_in(upper)}
    children = universe.cells_in(lower)
    found = _places(above, below, asked, [universe.at[cell] for cell in children])
    if found is None:
        return None
    parent = np.array([-1 if at is None else index.get(at, -1) for at in found], dtype=np.intp)
    if not (parent >= 0).any():
        return None
    narrowed = tuple(part for part in below.where if part not in above.where and not implies(above.where, part))
    return Nesting(upper, lower, children, parent, narrowed)


def _places(above: Layer, below: Layer, asked: Sequence[Expression], cells: Sequence[At]) -> list[At | None] | None:
    """The coarser cell of each finer one; None where it cannot be told."""
    place = {expression: at for at, expression in enumerate(below.by)}
    if not asked and all(expression in place for expression in above.by):
        chosen = [place[expression] for expression in above.by]
        return [tuple(cell[at] for at in chosen) for cell in cells]
    met = dict.fromkeys(below.where, True)
    # Only what the answer depends on, so that equal cells are worked out once.
    columns = {column for part in (*asked, *above.by) for column in columns_in(part)}
    needed = [at for at, part in enumerate(below.by) if part in above.by or columns & set(columns_in(part))]
    answers: dict[At, At | Unknown | None] = {}
    found: list[At | None] = []
    for cell in cells:
        short = tuple(cell[at] for at in needed)
        if short not in answers:
            known: dict[Expression, Value | None] = {**met, **{below.by[at]: cell[at] for at in needed}}
            answers[short] = _place(above.by, asked, known)
        answer = answers[short]
        if answer is UNKNOWN:
            return None
        found.append(answer)
    return found


def _place(
    by: tuple[Expression, ...], asked: Iterable[Expression], known: Mapping[Expression, Value | None]
) -> At | Unknown | None:
    """The coarser cell in which rows with the values `known` lie; None where they lie in none."""
    for part in asked:
        held = value_of(part, known)
        if held is not True:
            return UNKNOWN if held is UNKNOWN else None
    found: list[Value | None] = []
    for expression in by:
        value = value_of(expression, known)
        if value is UNKNOWN:
            return UNKNOWN
        found.append(value)
    return tuple(found)


# -- sums that hold


@dataclass(frozen=True, eq=False)
class Sum:
    """Cell `parent` is the sum of cells `children`."""

    parent: int
    children: tuple[int, ...]


def exact_sums(universe: Universe, found: Iterable[Nesting], number: Number) -> tuple[Sum, ...]:
    """The sums between cells that publish `number`, where every value is known: those that the values agree to.

    A sum of coarse cells from the finest ones says nothing where one in between gives both, and is left out.
    """
    values, listed = universe.values(number), universe.listed(number)
    held = [(nesting, _complete(universe.rows, values, listed, nesting)) for nesting in found]
    sizes = {layer: int(listed[universe.cells_in(layer)].sum()) for layer in range(len(universe.layers))}
    whole = {(one.upper, one.lower) for one, complete in held if len(complete) == sizes[one.upper]}
    between = _between(whole, sizes)
    sums = []
    for one, complete in held:
        if (one.upper, one.lower) not in between:
            below = _children(one, listed)
            sums += [Sum(int(cell), below[int(cell)]) for cell in complete]
    return tuple(sums)


def _complete(rows: Numbers, values: Numbers, listed: NDArray[np.bool_], nesting: Nesting) -> Places:
    """The parents whose children are all there."""
    inside = (nesting.parent >= 0) & listed[nesting.children]
    children, parent = nesting.children[inside], nesting.parent[inside]
    parents = np.unique(parent)
    parents = parents[listed[parents] & ~np.isnan(values[parents])]
    good = _agree(values, children, parent, parents)
    counted = ~np.isnan(rows[parents]) & ~np.isnan(_added(rows, children, parent, parents))
    good &= ~counted | _agree(rows, children, parent, parents)
    return parents[good]


def _agree(values: Numbers, children: Places, parent: Places, parents: Places) -> NDArray[np.bool_]:
    added = _added(values, children, parent, parents)
    scale = np.maximum(_added(np.abs(values), children, parent, parents), 1.0)
    agree: NDArray[np.bool_] = np.abs(added - values[parents]) <= _NEAR * scale
    return agree


def _added(values: Numbers, children: Places, parent: Places, parents: Places) -> Numbers:
    """Per parent, the sum over its children; NaN where one is not known."""
    found = np.bincount(parent, weights=values[children], minlength=len(values))[parents]
    return np.asarray(found, dtype=np.float64)


def _children(nesting: Nesting, listed: NDArray[np.bool_]) -> Mapping[int, tuple[int, ...]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for cell, parent in zip(nesting.children.tolist(), nesting.parent.tolist(), strict=True):
        if parent >= 0 and listed[cell]:
            found[parent].append(cell)
    return {parent: tuple(cells) for parent, cells in found.items()}


def _between(whole: set[tuple[int, int]], sizes: Mapping[int, int]) -> set[tuple[int, int]]:
    """Pairs of layers that a third one between them makes superfluous."""
    below: defaultdict[int, set[int]] = defaultdict(set)
    for upper, lower in whole:
        below[upper].add(lower)
    return {
        (upper, lower)
        for upper, lower in whole
        if any(
            sizes[upper] < sizes[middle] < sizes[lower] and lower in below[middle] for middle in below[upper] - {lower}
        )
    }
