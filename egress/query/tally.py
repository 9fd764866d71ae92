"""What persons contribute to cells, worked out from the rows of a range of persons. Arrays in, arrays out.

Rows are put in the order of cell and person by counting (SciPy's conversion of coordinates to compressed rows), which
takes a few nanoseconds each where they already lie in the order of persons. A person's rows are all in one range, so
that the counts and totals of ranges add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from egress.query.facts import Fact

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Values:
    """One fact in every row: its value (0 where it has none), whether it has one (None: all have), and whether its
    conditions fail (None: it has none).
    """

    value: Floats | None
    known: NDArray[np.bool_] | None = None
    failing: NDArray[np.bool_] | None = None


@dataclass
class FactTally:
    """Per cell, as `MeasureEvidence` has it."""

    persons: Ints
    others: Ints
    nonzero: Ints
    zeros: Ints
    total: Floats
    largest: Floats
    second: Floats

    @classmethod
    def empty(cls, cells: int) -> FactTally:
        persons, others, nonzero, zeros = np.zeros((4, cells), np.int64)
        total, largest, second = np.zeros((3, cells))
        return cls(persons, others, nonzero, zeros, total, largest, second)


@dataclass
class Tally:
    """Per cell, persons and what each fact's tally says; filled by `add`."""

    cells: int
    persons: Ints = field(init=False)
    facts: dict[str, FactTally] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.persons = np.zeros(self.cells, np.int64)

    def add(self, cell: NDArray[np.int32], person: NDArray[np.int32], rows: Mapping[Fact, Values]) -> None:
        """The rows of some persons: each row's cell and person (from 0), and its facts. No person comes twice."""
        if len(cell) == 0:
            return
        if np.any(person[1:] < person[:-1]):
            raise ValueError("rows do not lie in the order of persons")
        pairs = _Pairs.of(cell, person, self.cells)
        self.persons[pairs.cells] += pairs.count
        for fact, values in rows.items():
            self._add(self.facts.setdefault(fact.name, FactTally.empty(self.cells)), fact, values, pairs)

    def of(self, fact: Fact) -> FactTally:
        return self.facts.get(fact.name) or FactTally.empty(self.cells)

    def merge(self, other: Tally) -> None:
        """Other persons' tally of the same cells."""
        self.persons += other.persons
        for name, found in other.facts.items():
            mine = self.facts.setdefault(name, FactTally.empty(self.cells))
            for part in ("persons", "others", "nonzero", "zeros", "total"):
                getattr(mine, part)[:] += getattr(found, part)
            _top_two(mine, slice(None), found.largest, found.second)

    def _add(self, tally: FactTally, fact: Fact, values: Values, pairs: _Pairs) -> None:
        at = pairs.cells
        known = None if values.known is None else values.known[pairs.order]
        with_value = pairs.sizes() if known is None else np.add.reduceat(known, pairs.starts, dtype=np.int64)
        tally.persons[at] += pairs.count if known is None else pairs.counted(with_value > 0)
        if values.failing is not None:
            tally.others[at] += pairs.counted(np.logical_or.reduceat(values.failing[pairs.order], pairs.starts))
        elif known is not None:
            tally.others[at] += pairs.counted(with_value < pairs.sizes())
        if values.value is None:
            return
        sums = np.add.reduceat(values.value[pairs.order], pairs.starts)
        tally.nonzero[at] += pairs.counted(sums != 0)
        if fact.binary:
            tally.zeros[at] += pairs.counted(with_value > sums)
        size = np.abs(sums, out=sums)
        tally.total[at] += np.add.reduceat(size, pairs.firsts)
        largest = np.maximum.reduceat(size, pairs.firsts)
        _top_two(tally, at, largest, _second(size, largest, pairs))


@dataclass(frozen=True)
class _Pairs:
    """Rows in the order of cell and person, and where each pair of them begins. Cells without rows are left out."""

    order: NDArray[np.int32]
    starts: NDArray[np.int64]
    firsts: NDArray[np.int64]
    cells: NDArray[np.int64]
    count: NDArray[np.int64]

    @classmethod
    def of(cls, cell: NDArray[np.int32], person: NDArray[np.int32], cells: int) -> _Pairs:
        rows = np.arange(len(cell), dtype=np.int32)
        coordinates = coo_array((rows, (cell, person)), shape=(cells, int(person[-1]) + 1))
        coordinates.has_canonical_format = True  # what is double is to stay
        ordered = coordinates.tocsr()
        begins = ordered.indptr.astype(np.int64)
        filled = np.flatnonzero(np.diff(begins))
        new = np.empty(len(cell), np.bool_)
        np.not_equal(ordered.indices[1:], ordered.indices[:-1], out=new[1:])
        new[begins[filled]] = True
        starts = np.flatnonzero(new)
        firsts = np.searchsorted(starts, begins[filled])
        return cls(ordered.data, starts, firsts, filled, np.diff(np.append(firsts, len(starts))))

    def sizes(self) -> NDArray[np.int64]:
        """Rows of each pair."""
        return np.diff(np.append(self.starts, len(self.order)))

    def counted(self, pairs: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many pairs of each cell are true."""
        return np.add.reduceat(pairs, self.firsts, dtype=np.int64)


def _second(size: Floats, largest: Floats, pairs: _Pairs) -> Floats:
    """The second largest of each cell, 0 where there is one pair only."""
    tops = np.flatnonzero(size == np.repeat(largest, pairs.count))
    cell = np.searchsorted(pairs.firsts, tops, side="right")
    first = np.ones(len(tops), np.bool_)
    np.not_equal(cell[1:], cell[:-1], out=first[1:])
    size[tops[first]] = 0
    return np.maximum.reduceat(size, pairs.firsts)


def _top_two(tally: FactTally, at: Ints | slice, largest: Floats, second: Floats) -> None:
    """Merges the two largest of others' totals into those of the cells `at`."""
    mine = tally.largest[at]
    tally.second[at] = np.maximum(np.minimum(mine, largest), np.maximum(tally.second[at], second))
    tally.largest[at] = np.maximum(mine, largest)
