"""Made tables of counts: three dimensions with margins and hierarchies, skewed like administrative counts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from egress.protect.relations import Relation


@dataclass(frozen=True)
class Axis:
    """Codes of one dimension: `parent[i]` is the code above code i; code 0 is the total."""

    parent: tuple[int, ...]

    @classmethod
    def of(cls, *levels: int) -> Axis:
        """`of(3, 12)`: a total, 3 codes below it, and 12 below those."""
        parent, above = [-1], [0]
        for count in levels:
            codes = list(range(len(parent), len(parent) + count))
            parent += [above[at * len(above) // count] for at in range(count)]
            above = codes
        return cls(tuple(parent))

    @property
    def size(self) -> int:
        return len(self.parent)

    def families(self) -> list[tuple[int, tuple[int, ...]]]:
        """Each code with codes below it, and these."""
        below: dict[int, list[int]] = {}
        for code, above in enumerate(self.parent):
            if above >= 0:
                below.setdefault(above, []).append(code)
        return [(above, tuple(codes)) for above, codes in below.items()]

    def leaves(self) -> list[int]:
        return sorted(set(range(self.size)) - set(self.parent))


@dataclass(frozen=True)
class Made:
    """Values in the order of `numpy.ndindex` over the axes."""

    axes: tuple[Axis, ...]
    values: NDArray[np.float64]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(axis.size for axis in self.axes)

    def relations(self) -> list[Relation]:
        place = np.arange(len(self.values)).reshape(self.shape)
        found = []
        for at, axis in enumerate(self.axes):
            others = [range(other.size) for number, other in enumerate(self.axes) if number != at]
            moved = np.moveaxis(place, at, -1)
            for rest in product(*others):
                line = moved[rest]
                found += [
                    Relation(int(line[above]), tuple(line[list(codes)].tolist())) for above, codes in axis.families()
                ]
        return found


SIZES: dict[int, tuple[tuple[int, ...], ...]] = {
    700: ((2, 4), (9,), (9,)),
    1_001: ((3, 9), (10,), (6,)),
    9_610: ((5, 25), (5, 25), (9,)),
    39_600: ((3, 36), (4, 28), (29,)),
    109_890: ((10, 100), (4, 28), (29,)),
}


def made(levels: tuple[tuple[int, ...], ...], *, share: float = 0.18, few: int = 2, seed: int = 1) -> Made:
    """A table of which about `share` of the cells are 1 … `few`."""
    axes = tuple(Axis.of(*one) for one in levels)
    source = np.random.default_rng(seed)
    weight = np.ones(1)
    for axis in axes:
        weight = np.multiply.outer(weight, source.lognormal(0.0, 0.9, len(axis.leaves())))
    weight = weight[0] * source.lognormal(0.0, 0.6, weight.shape[1:])
    best: NDArray[np.float64] | None = None
    gap = np.inf
    for mean in np.geomspace(0.3, 60, 30):
        inner = np.random.default_rng(seed + 1).poisson(weight / weight.mean() * mean)
        values = _summed(axes, inner.astype(float))
        missed = abs(float(((values > 0) & (values <= few)).mean()) - share)
        # The larger of two tables that come as near: administrative counts are not mostly zeros.
        if missed <= gap + 1e-3:
            best, gap = values, missed
    if best is None:
        raise ValueError("no table")
    return Made(axes, best.ravel())


def _summed(axes: tuple[Axis, ...], inner: NDArray[np.float64]) -> NDArray[np.float64]:
    full = inner
    for at, axis in enumerate(axes):
        moved = np.moveaxis(full, at, 0)
        grown = np.zeros((axis.size, *moved.shape[1:]))
        grown[axis.leaves()] = moved
        for code in range(axis.size - 1, 0, -1):
            grown[axis.parent[code]] += grown[code]
        full = np.moveaxis(grown, 0, at)
    return full
