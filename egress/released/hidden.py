"""Which rows of which tables are hidden so far, while linked tables are protected one task after the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from egress.released.cells import Number
from egress.released.universe import Held, Universe

Row = tuple[int, int]


@dataclass(frozen=True)
class Joined:
    """One table to be protected with others. `primary`: rows hidden for their own sake; `hidden`: all hidden rows.

    `settled`: its rows cannot be hidden (it was `released` before, or no protection was asked for).
    """

    held: Held
    primary: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()
    settled: bool = False
    released: bool = False


@dataclass
class Hidden:
    """The hidden rows while tasks are solved one after the other."""

    tables: Sequence[Joined]
    universe: Universe
    hidden: list[set[int]] = field(init=False)
    by_number: defaultdict[tuple[int, Number], list[Row]] = field(init=False)
    by_row: defaultdict[Row, list[tuple[int, Number]]] = field(init=False)

    def __post_init__(self) -> None:
        self.hidden = [set(table.hidden | table.primary) for table in self.tables]
        self.by_number, self.by_row = defaultdict(list), defaultdict(list)
        for one in self.universe.publications:
            self.by_number[one.cell, one.number].append((one.table, one.row))
            self.by_row[one.table, one.row].append((one.cell, one.number))
        self._spread([(at, row) for at, rows in enumerate(self.hidden) for row in rows])

    @property
    def rows(self) -> tuple[frozenset[int], ...]:
        """The hidden rows of each table."""
        return tuple(frozenset(rows) for rows in self.hidden)

    def visible(self, cell: int, number: Number, *, settled: bool = False) -> bool:
        """Whether some table shows the number; with `settled`, one that cannot be changed."""
        return any(
            row not in self.hidden[table] and (not settled or self.tables[table].settled)
            for table, row in self.by_number[cell, number]
        )

    def secret(self, cell: int, number: Number) -> bool:
        """Whether a row was hidden for its own sake that would show the number."""
        return any(row in self.tables[table].primary for table, row in self.by_number[cell, number])

    def worth(self, cell: int, numbers: Iterable[Number]) -> float:
        """What hiding a cell takes: each row that shows it, those of short tables more, as little is left of these."""
        rows = {row for number in numbers for row in self.by_number[cell, number]}
        return sum(1.0 + 10.0 / len(self.tables[table].held.table.rows) ** 2 for table, _ in rows)

    def without(self, cells: Iterable[int], numbers: Sequence[Number]) -> frozenset[int]:
        """The tables of which nothing would be left without `cells`."""
        lost = {row for cell in cells for number in numbers for row in self.by_number[cell, number]}
        count = Counter(table for table, row in lost if row not in self.hidden[table])
        return frozenset(
            table
            for table, rows in count.items()
            if rows + len(self.hidden[table]) == len(self.tables[table].held.table.rows)
        )

    def shown_by(self, cell: int, numbers: Sequence[Number], tables: frozenset[int]) -> bool:
        """Whether one of `tables` shows the cell."""
        return any(
            table in tables and row not in self.hidden[table]
            for number in numbers
            for table, row in self.by_number[cell, number]
        )

    def hide(self, cell: int, number: Number) -> bool:
        """Hide every row that shows the number and can be hidden; whether there was one."""
        rows = [
            (table, row)
            for table, row in self.by_number[cell, number]
            if row not in self.hidden[table] and not self.tables[table].settled
        ]
        for table, row in rows:
            self.hidden[table].add(row)
        self._spread(rows)
        return bool(rows)

    def _spread(self, rows: Sequence[Row]) -> None:
        """The same cell is hidden in every table that shows the same number of it."""
        waiting = list(rows)
        while waiting:
            for key in self.by_row[waiting.pop()]:
                for table, row in self.by_number[key]:
                    if row not in self.hidden[table] and not self.tables[table].settled:
                        self.hidden[table].add(row)
                        waiting.append((table, row))
