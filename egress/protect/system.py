"""What is to be protected, as numbers: cells, the sums between them, and what an attacker knows beforehand.

Cells are positions 0 … size-1, over one table or several linked ones, earlier releases among them. The attacker knows
every cell that is not suppressed, all sums, the bounds of each suppressed cell, and the algorithm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from egress.protect.relations import Relation

Numbers: TypeAlias = NDArray[np.float64]
Marks: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class System:
    """`sums`: one line per sum, +1 at the parent, -1 at its children; `sums @ values == 0`."""

    size: int
    sums: csr_array

    @classmethod
    def of(cls, relations: Sequence[Relation], size: int) -> System:
        """The sums of `relations` over cells 0 … size-1; the same sum twice stands once."""
        lines = list(dict.fromkeys((one.parent, tuple(sorted(one.children))) for one in relations))
        count = [1 + len(children) for _, children in lines]
        column = np.fromiter((cell for parent, below in lines for cell in (parent, *below)), np.intp, sum(count))
        ends = np.concatenate([[0], np.cumsum(count)]).astype(np.intp)
        data = np.full(len(column), -1.0)
        data[ends[:-1]] = 1.0
        return cls(size, csr_array((data, column, ends), shape=(len(lines), size)))

    @cached_property
    def by_cell(self) -> csc_array:
        """The same sums, to be read by cell."""
        return csc_array(self.sums)


@dataclass(frozen=True, eq=False)
class Vector:
    """One additive number per cell.

    `need`: how wide the interval of a suppressed cell must stay; 0 asks for nothing. `sided`: that wide upwards and
    downwards each (sums: a share of the value), otherwise in all (counts: so many whole numbers beside the true one).
    What the bounds never allowed is not asked for. `low`, `high`: what the attacker knows of the cell if it is
    suppressed; the true value lies between. `whole`: whole numbers, and the attacker knows that they are.
    """

    name: str
    values: Numbers
    need: Numbers
    low: Numbers
    high: Numbers
    whole: bool
    sided: bool = False

    @classmethod
    def counts(  # noqa: PLR0913 -- what an attacker knows of counts
        cls, name: str, values: Numbers, primary: Marks, *, threshold: int | None, width: int = 1, zeros: bool = False
    ) -> Vector:
        """Counts of what the threshold is about: a primary one lies in [1, threshold-1], or from 0 where `zeros`.

        Of counts that the threshold is not about (`threshold=None`) the attacker knows that they are not negative.
        """
        values = np.asarray(values, dtype=float)
        low, high = np.zeros(len(values)), np.full(len(values), np.inf)
        if threshold is not None:
            few = primary & (values < threshold)
            low[few & (values > 0)] = 0.0 if zeros else 1.0
            high[few] = float(threshold - 1)
        return cls(name, values, np.full(len(values), float(width)), low, high, whole=True)

    @classmethod
    def totals(cls, name: str, values: Numbers, *, share: float, negatives: bool = False) -> Vector:
        """Sums of a magnitude: `share` of the value must stay possible upwards and downwards."""
        values = np.asarray(values, dtype=float)
        low = np.full(len(values), -np.inf if negatives else 0.0)
        need = np.maximum(share * np.abs(values), np.where(values == 0, 0.0, 1e-6 * np.abs(values)))
        return cls(name, values, need, np.minimum(low, values), np.full(len(values), np.inf), whole=False, sided=True)

    @cached_property
    def room_up(self) -> Numbers:
        """How far each cell may rise, as the attacker knows."""
        return np.maximum(self.high - self.values, 0.0)

    @cached_property
    def room_down(self) -> Numbers:
        """How far each cell may fall, as the attacker knows."""
        return np.maximum(self.values - self.low, 0.0)


@dataclass(frozen=True, eq=False)
class Problem:
    """One task for `secondary.suppress` and `audit.audit`.

    `primary`: must be suppressed. `hidden`: suppressed in an earlier release, must stay hidden. `published`: left in
    an earlier release, cannot be suppressed. `cost` of suppressing a cell besides; None: one each, the smaller the
    better (`by_value`, `by_number`). `singles`: cells with one contributor, who knows them.
    """

    system: System
    vectors: tuple[Vector, ...]
    primary: Marks
    published: Marks | None = None
    hidden: Marks | None = None
    cost: Numbers | None = None
    singles: Marks | None = None

    def marks(self, which: Marks | None) -> Marks:
        return np.zeros(self.system.size, dtype=bool) if which is None else np.asarray(which, dtype=bool)

    @cached_property
    def secret(self) -> Marks:
        """Cells whose values must be protected."""
        return self.marks(self.primary) | self.marks(self.hidden)

    @cached_property
    def free(self) -> Marks:
        """Cells that may be suppressed besides."""
        return ~self.secret & ~self.marks(self.published)

    @cached_property
    def price(self) -> Numbers:
        """Cost per cell, above 0."""
        return self.by_number() if self.cost is None else np.maximum(np.asarray(self.cost, dtype=float), 1e-9)

    def by_number(self) -> Numbers:
        """As few cells as can be; among as many, those of least value in the first vector."""
        values = np.abs(self.vectors[0].values) if self.vectors else np.zeros(self.system.size)
        largest = float(values.max(initial=0.0)) or 1.0
        return 1.0 + values / (largest * max(self.system.size, 1))

    def by_value(self) -> Numbers:
        """As little value of the first vector as can be."""
        values = np.abs(self.vectors[0].values)
        return (values + 1.0) / (float(values.max(initial=0.0)) + 1.0)


@dataclass(frozen=True)
class Loss:
    """What suppression takes: cells of all, and the share of the first vector's value that stood in the finest of them.

    `secondary`: cells suppressed beside the primary ones.
    """

    cells: int
    secondary: int
    of: int
    value_share: float


@dataclass(frozen=True, eq=False)
class Pattern:
    """Cells to suppress, primary ones among them; `method` names how they were found. The audit agreed to it."""

    suppressed: Marks
    method: str
    loss: Loss


@dataclass(frozen=True)
class Exposed:
    """No pattern protects: these cells stay recoverable whatever is suppressed (or within the limits of computing)."""

    cells: tuple[int, ...]
    why: str = field(default="published")
