"""The totals of a cell file: found, held against their parts, and computed where the file lacks them.

An attacker knows totals that nobody printed (from a yearbook, or by adding up what is left), so that a table is
protected as if they stood in it, unless its owner says that no total of a column is published anywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from egress.protect.cellfile import COUNT, TOP1, TOP2, UNITS, VALUE, CellFile
from egress.protect.cells import Cells
from egress.protect.hierarchy import Hierarchy, assigned
from egress.protect.relations import Relation
from egress.protect.system import Numbers
from egress.protect.unusable import UnusableError
from hub.words import Message, say

MAX_CELLS = 500_000

Codes = tuple[str, ...]


def with_margins(file: CellFile, hierarchies: Iterable[Hierarchy] = (), *, computed: bool = True) -> Cells:
    """The cells of `file` with every total. `computed` False: a column without totals gets none.

    Raises: UnusableError when totals contradict their parts, or hierarchies the file.
    """
    first_lines = [_first_lines(file, at) for at in range(len(file.keys))]
    known = assigned(hierarchies, file.keys, first_lines, file.total)
    columns = [
        _Column.of(set(first_lines[at]), known.get(key), file.total, computed=computed)
        for at, key in enumerate(file.keys)
    ]
    codes = _all_codes(file, columns)
    children = _children(codes, columns)
    numbers = _Filling(file, codes, children).filled()
    relations = tuple(Relation(parent, tuple(below)) for (_, parent), below in sorted(children.items()))
    _consistent(file, codes, children, numbers)
    return Cells(
        file.keys,
        codes,
        (*file.lines, *(None for _ in range(len(codes) - len(file.codes)))),
        numbers[COUNT],
        numbers.get(VALUE),
        numbers.get(TOP1),
        numbers.get(TOP2),
        numbers.get(UNITS),
        relations,
        file.decimals.get(VALUE, 0),
        file.names,
    )


def _first_lines(file: CellFile, at: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for line, codes in zip(file.lines, file.codes, strict=True):
        found.setdefault(codes[at], line)
    return found


@dataclass(frozen=True)
class _Column:
    """One key: the next wider category of each, of those that the table shows; None at the top."""

    above: Mapping[str, str | None]

    @classmethod
    def of(cls, present: set[str], hierarchy: Hierarchy | None, total: str, *, computed: bool) -> _Column:
        top = total if computed or total in present else None
        above: dict[str, str | None] = {} if top is None else {top: None}
        for code in present - {total}:
            wider = hierarchy.above(code) if hierarchy is not None else iter(())
            above[code] = next((one for one in wider if one in present), top)
        return cls(above)

    def chain(self, code: str) -> list[str]:
        """`code` and the categories that it is part of."""
        found, at = [], code
        while True:
            found.append(at)
            wider = self.above[at]
            if wider is None:
                return found
            at = wider


def _all_codes(file: CellFile, columns: Sequence[_Column]) -> tuple[Codes, ...]:
    """The cells of the file, and every total of them, those with the finest codes first."""
    chains = [{code: column.chain(code) for code in column.above} for column in columns]
    seen = set(file.codes)
    more: dict[Codes, int] = {}
    for codes in file.codes:
        for wider in product(*(chain[code] for chain, code in zip(chains, codes, strict=True))):
            if wider not in seen:
                seen.add(wider)
                more[wider] = sum(len(chain[code]) for chain, code in zip(chains, wider, strict=True))
                if len(seen) > MAX_CELLS:  # within the line too: deep hierarchies multiply
                    raise UnusableError(
                        say("{file} has more than {limit} cells, with its totals.", file=file.name, limit=MAX_CELLS)
                    )
    return (*file.codes, *sorted(more, key=lambda codes: (-more[codes], codes)))


def _children(codes: Sequence[Codes], columns: Sequence[_Column]) -> dict[tuple[int, int], list[int]]:
    """(column, cell) to the cells that it is the sum of in that column."""
    at = {one: place for place, one in enumerate(codes)}
    found: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for place, one in enumerate(codes):
        for number, column in enumerate(columns):
            wider = column.above[one[number]]
            if wider is not None:
                found[number, at[(*one[:number], wider, *one[number + 1 :])]].append(place)
    return dict(found)


class _Filling:
    """Computes what the file lacks, each total from cells that are finer in one column."""

    def __init__(
        self, file: CellFile, codes: Sequence[Codes], children: Mapping[tuple[int, int], Sequence[int]]
    ) -> None:
        self.given = len(file.codes)
        self.parts: dict[int, Sequence[int]] = {}
        for (_, parent), below in children.items():
            if parent >= self.given:
                self.parts.setdefault(parent, below)
        self.numbers: dict[str, Numbers] = {}
        for column, values in file.numbers.items():
            self.numbers[column] = np.full(len(codes), np.nan)
            self.numbers[column][: self.given] = [np.nan if value is None else value for value in values]

    def filled(self) -> dict[str, Numbers]:
        """The numbers of all cells, those of computed totals among them."""
        for parent in sorted(self.parts):  # finer ones come first
            below = list(self.parts[parent])
            for column in (COUNT, VALUE):
                if column in self.numbers:
                    self.numbers[column][parent] = self.numbers[column][below].sum()
            self._largest(parent, below)
            if UNITS in self.numbers:  # one unit may stand in several cells: at least as many as in the largest
                self.numbers[UNITS][parent] = self.numbers[UNITS][below].max()
        return self.numbers

    def _largest(self, parent: int, below: list[int]) -> None:
        if TOP1 not in self.numbers:
            return
        first = np.sort(self.numbers[TOP1][below])  # not-a-number last: what is not known of a part is not known
        self.numbers[TOP1][parent] = first[-1]
        if TOP2 in self.numbers:
            both = np.sort(np.concatenate([self.numbers[TOP1][below], self.numbers[TOP2][below]]))
            self.numbers[TOP2][parent] = np.nan if np.isnan(both).any() else both[-2]


def _consistent(
    file: CellFile,
    codes: Sequence[Codes],
    children: Mapping[tuple[int, int], Sequence[int]],
    numbers: Mapping[str, Numbers],
) -> None:
    """Raises: UnusableError, naming the first total that is not the sum of its parts."""
    for column in (COUNT, VALUE):
        if column not in numbers:
            continue
        values, wrong = numbers[column], []
        unit = 10.0 ** -file.decimals.get(column, 0)
        for (key, parent), below in children.items():
            off = abs(values[parent] - values[below].sum())
            # Each number was rounded to the file's digits; counts are exact.
            slack = 0.5 * unit * (len(below) + 1) + 1e-9 * abs(values[parent]) if column == VALUE else 0.0
            if off > slack:
                wrong.append((parent, key, below))
        if wrong:
            raise UnusableError(_contradiction(file, codes, min(wrong, key=lambda one: one[0]), len(wrong), column))


def _contradiction(
    file: CellFile, codes: Sequence[Codes], wrong: tuple[int, int, Sequence[int]], sums: int, column: str
) -> Message:
    parent, key, below = wrong
    line = file.lines[parent] if parent < len(file.lines) else None
    where = ", ".join(codes[parent])
    values: dict[str, str | int] = {
        "file": file.name,
        "column": file.names[column],
        "key": file.keys[key],
        "parts": len(below),
        "sums": sums,
    }
    if line is None:
        return say(
            "{file}: {column} of {where} comes out differently when it is added up by {key} and by another column; "
            "sums that contradict each other: {sums}.",
            where=where,
            **values,
        )
    return say(
        "{file}, line {line}: {column} is not the sum of its {parts} parts by {key}; sums that contradict each other: "
        "{sums}. Correct them, add the missing lines, or leave the totals out.",
        line=line,
        **values,
    )
