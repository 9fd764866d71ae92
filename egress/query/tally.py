"""What rows and persons say of cells, worked out from the rows of some persons. Arrays in, arrays out.

A person's total in a cell is the sum of a sparse matrix's duplicates, cells by persons, which SciPy takes a few
nanoseconds a row for where rows lie in the order of persons. All rows of a person come at once, so that counts and
totals add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from egress.query.facts import Fact

Ints = NDArray[np.int64]
Places = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Rows that are summed at once, so that their sparse matrix lies in a processor's cache; many cells need more rows each.
SLICE_ROWS, _ROWS_PER_CELL = 250_000, 10


@dataclass(frozen=True)
class Values:
    """One fact in every row: its value (0 where it has none), whether it has one (None: all have), and whether its
    conditions fail (None: it has none). `value` None: only whether there is one matters.
    """

    value: Floats | None
    known: Flags | None = None
    failing: Flags | None = None


@dataclass
class FactTally:
    """Per cell, as `MeasureEvidence` has it; `varied`, `seen` and `first` are for `constant`."""

    rows: Ints
    persons: Ints
    others: Ints
    nonzero: Ints
    zeros: Ints
    total: Floats
    largest: Floats
    second: Floats
    first: Floats
    negatives: Flags
    seen: Flags
    varied: Flags

    @classmethod
    def empty(cls, cells: int) -> FactTally:
        return cls(*np.zeros((5, cells), np.int64), *np.zeros((4, cells)), *np.zeros((3, cells), np.bool_))

    def taken(self, cells: Ints) -> FactTally:
        return FactTally(*(getattr(self, part.name)[cells] for part in fields(self)))

    def bounded(self) -> Floats:
        """`second` as evidence has it: the largest where that makes at most a quarter of the total."""
        return np.where(4 * self.largest > self.total, self.second, self.largest)

    @property
    def constant(self) -> Flags:
        return self.seen & ~self.varied

    def see(self, cell: NDArray[Any], value: Floats) -> None:
        """Values in cells, in any number, for `constant`."""
        new = np.flatnonzero(~self.seen[cell])
        self.first[cell[new]] = value[new]
        self.seen[cell[new]] = True
        self.varied[cell[value != self.first[cell]]] = True

    def top_two(self, at: Any, largest: Floats, second: Floats) -> None:
        """Others' two largest totals in the cells `at`."""
        mine = self.largest[at]
        self.second[at] = np.maximum(np.minimum(mine, largest), np.maximum(self.second[at], second))
        self.largest[at] = np.maximum(mine, largest)


@dataclass
class Tally:
    """Per cell, rows, persons and what each fact's tally says; filled by `add`."""

    cells: int
    rows: Ints = field(init=False)
    persons: Ints = field(init=False)
    facts: dict[str, FactTally] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows, self.persons = np.zeros((2, self.cells), np.int64)

    def taken(self, cells: Ints) -> Tally:
        """The same of some cells."""
        found = Tally(len(cells))
        found.rows, found.persons = self.rows[cells], self.persons[cells]
        found.facts = {name: tally.taken(cells) for name, tally in self.facts.items()}
        return found

    def of(self, fact: Fact) -> FactTally:
        return self.facts.setdefault(fact.name, FactTally.empty(self.cells))

    def slices(self, person: Places) -> Iterator[slice]:
        """Rows in the order of persons in slices of whole persons, to be added one after the other."""
        start, rows = 0, max(SLICE_ROWS, _ROWS_PER_CELL * self.cells)
        while start < len(person):
            end = start + rows
            if end < len(person):
                end = int(np.searchsorted(person, person[end - 1], side="right"))
            yield slice(start, end)
            start = end

    def add(self, cell: Places, person: Places, values: Mapping[Fact, Values]) -> None:
        """The rows of some persons in the order of persons: each row's cell and person, and its facts."""
        sums = _Sums(cell, person - person[0], self.cells)
        rows = np.bincount(cell, minlength=self.cells)
        self.rows += rows
        for fact, each in values.items():
            _add_rows(self.of(fact), cell, rows, each)
            _add_persons(self.of(fact), fact, each, sums)
        at, count = sums.places()
        self.persons[at] += count

    def merge(self, other: Tally) -> None:
        """Other persons' tally of the same cells."""
        self.rows += other.rows
        self.persons += other.persons
        for name, found in other.facts.items():
            mine = self.facts.setdefault(name, FactTally.empty(self.cells))
            for part in ("rows", "persons", "others", "nonzero", "zeros", "total"):
                getattr(mine, part)[:] += getattr(found, part)
            mine.negatives |= found.negatives
            mine.varied |= found.varied
            seen = np.flatnonzero(found.seen)
            mine.see(seen, found.first[seen])
            mine.top_two(slice(None), found.largest, found.second)


class _Sums:
    """Sums by cell and person of one array of values after the other, over the same rows."""

    def __init__(self, cell: Places, person: Places, cells: int) -> None:
        self._coordinates, self._shape = (cell, person), (cells, int(person[-1]) + 1)
        self._begins: NDArray[Any] = np.zeros(0, np.int64)

    def of(self, values: NDArray[Any]) -> NDArray[Any]:
        """One sum per cell and person, in their order."""
        found: csr_array = coo_array((values, self._coordinates), shape=self._shape).tocsr()
        self._begins = found.indptr
        return found.data

    def places(self) -> tuple[Ints, Ints]:
        """The cells that have a person, and how many each."""
        if not len(self._begins):
            self.of(np.ones(len(self._coordinates[0]), np.int8))
        counts = np.diff(self._begins)
        at = np.flatnonzero(counts)
        return at, counts[at]

    def firsts(self, at: Ints) -> NDArray[Any]:
        """Where the sums of the cells `at` begin."""
        return self._begins[at]


def _add_rows(tally: FactTally, cell: Places, rows: Ints, values: Values) -> None:
    tally.rows += rows if values.known is None else np.bincount(cell[values.known], minlength=len(rows))
    if values.value is None:
        return
    if not values.value.min() >= 0:
        tally.negatives |= np.bincount(cell[values.value < 0], minlength=len(rows)) > 0
    undecided = ~tally.varied[cell]
    left = np.flatnonzero(undecided if values.known is None else undecided & values.known)
    if len(left):
        tally.see(cell[left], values.value[left])


def _add_persons(tally: FactTally, fact: Fact, values: Values, sums: _Sums) -> None:
    known, value, failing = values.known, values.value, values.failing
    totals = None if value is None else sums.of(value)
    at, count = sums.places()
    firsts = sums.firsts(at)

    def persons(flags: Flags) -> Ints:
        """How many persons of each cell have a row with the flag."""
        found: Ints = np.add.reduceat(sums.of(flags.astype(np.int32)) > 0, firsts, dtype=np.int64)
        return found

    tally.persons[at] += count if known is None else persons(known)
    if failing is not None:
        tally.others[at] += persons(failing)
    elif known is not None:
        tally.others[at] += persons(~known)
    if totals is None or value is None:
        return
    tally.nonzero[at] += np.add.reduceat(totals != 0, firsts, dtype=np.int64)
    if fact.binary:
        tally.zeros[at] += persons((value == 0) if known is None else (value == 0) & known)
    size = np.abs(totals, out=totals)
    total, largest = np.add.reduceat(size, firsts), np.maximum.reduceat(size, firsts)
    tally.total[at] += total
    # A cell's second largest matters where its largest makes more than a quarter of it. There, the persons who have
    # the largest among them meet this test as well; from all others only their largest counts.
    matters = bool(np.any(4 * largest > total))
    tally.top_two(at, largest, _second(size, largest, firsts, count) if matters else np.zeros(len(at)))


def _second(size: Floats, largest: Floats, firsts: NDArray[Any], count: Ints) -> Floats:
    """The second largest of each cell, 0 where there is one person only. Overwrites `size`."""
    tops = np.flatnonzero(size == np.repeat(largest, count))
    cell = np.searchsorted(firsts, tops, side="right")
    first = np.ones(len(tops), np.bool_)
    np.not_equal(cell[1:], cell[:-1], out=first[1:])
    size[tops[first]] = 0
    return np.maximum.reduceat(size, firsts)
