"""A table of cells with all its sums: what a cell file says, the totals that it lacks, and what adds up to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from egress.protect.relations import Relation
from egress.protect.system import Marks, Numbers


@dataclass(frozen=True, eq=False)
class Cells:
    """One array position per cell. `lines` is where the file has it; None: a total that was computed from its parts.

    `top1`, `top2` and `units` are not-a-number where they are not known. `decimals`: digits of `value` in the file.
    """

    keys: tuple[str, ...]
    codes: tuple[tuple[str, ...], ...]
    lines: tuple[int | None, ...]
    count: Numbers
    value: Numbers | None
    top1: Numbers | None
    top2: Numbers | None
    units: Numbers | None
    relations: tuple[Relation, ...]
    decimals: int
    names: Mapping[str, str]

    @property
    def size(self) -> int:
        return len(self.codes)

    @property
    def added(self) -> int:
        """Totals that the file lacks."""
        return sum(line is None for line in self.lines)

    @property
    def finest(self) -> Marks:
        """Cells that are no total of others."""
        marks = np.ones(self.size, dtype=bool)
        marks[[relation.parent for relation in self.relations]] = False
        return marks
