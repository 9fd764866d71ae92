"""What an outsider works out from published tables alone: equations and bounds over the cells that are not shown.

He knows the rules and the algorithm: a cell hidden for its own sake lies in [1, t-1], any other hidden row has
somebody in it, cells that a table would list and does not are empty. A finer table that is filtered leaves the rest
of each coarser cell as a cell of its own, the difference, of which he knows that it is not negative.

Assumed: tables of one source were made from the same rows, up to the years that permits granted; one is taken to lie
inside another only where conditions and years prove it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from egress.checks.model import Protection
from egress.query.canonical_expressions import canonical_condition
from egress.query.model import Call, ColumnRef, Expression, Literal, Query
from egress.released.cells import PERSONS, ROWS, Number
from egress.released.fingerprint import Fingerprint
from egress.released.reason import UNKNOWN, value_of
from egress.released.relations import Nesting, nestings
from egress.released.universe import Held, Numbers, Places, Universe

Marks = NDArray[np.bool_]
Inside = tuple[int, tuple[int, ...], bool]


@dataclass(frozen=True)
class Line:
    """`parent` - sum of `children` = 0; with `rest`, what is left is the difference cell with that number."""

    parent: int
    children: tuple[int, ...]
    rest: int | None = None


@dataclass(frozen=True)
class Difference:
    """The rows of cell `parent` that are in none of the cells of layer `lower`."""

    parent: int
    lower: int


@dataclass(frozen=True, eq=False)
class Knowledge:
    """Of one number: bounds of every cell and difference, and the equations between them.

    Cells 0 … n-1 are the universe's, differences follow. `secret`: cells hidden for their own sake.
    """

    number: Number
    low: Numbers
    high: Numbers
    lines: tuple[Line, ...]
    differences: tuple[Difference, ...]
    secret: Marks
    size: int

    @cached_property
    def known(self) -> Marks:
        """Published exactly."""
        marks: Marks = self.low == self.high
        return marks

    @cached_property
    def matrix(self) -> csr_array:
        """One line per equation; lines @ values == 0."""
        data: list[float] = []
        columns: list[int] = []
        ends = [0]
        for line in self.lines:
            others = (*line.children, *(() if line.rest is None else (line.rest,)))
            columns += [line.parent, *others]
            data += [1.0, *([-1.0] * len(others))]
            ends.append(len(columns))
        shape = (len(self.lines), self.size)
        return csr_array((np.array(data), np.array(columns, dtype=np.intp), np.array(ends)), shape=shape)

    @cached_property
    def right(self) -> Numbers:
        """What is known of each line, on the other side of the equation."""
        return np.asarray(-(self.matrix @ np.where(self.known, self.low, 0.0)))

    @cached_property
    def line_of(self) -> Mapping[int, Line]:
        """The line of each difference."""
        return {line.rest: line for line in self.lines if line.rest is not None}

    def equations(self, lines: Places, cells: Places) -> tuple[csr_array, Numbers]:
        """The equations `lines` over the unknown `cells` (sorted), which are all unknowns that they have."""
        part = self.matrix[lines].tocoo()
        open_ones = ~self.known[part.col]
        columns = np.searchsorted(cells, part.col[open_ones])
        shape = (len(lines), len(cells))
        return csr_array((part.data[open_ones], (part.row[open_ones], columns)), shape=shape), self.right[lines]

    def blocks(self, touched: Marks) -> tuple[tuple[Places, Places], ...]:
        """(lines, unknown cells) that hang together through unknown cells, where a line has a `touched` cell."""
        unknown = np.flatnonzero(~self.known)
        if not len(unknown) or not self.lines:
            return ()
        part = self.matrix[:, unknown]
        inside = abs(self.matrix) @ touched.astype(float) > 0
        count = len(self.lines)
        pairs = part.tocoo()
        ends = (pairs.row, pairs.col + count)
        total = count + len(unknown)
        graph = csr_array((np.ones(len(pairs.row)), ends), shape=(total, total))
        _, label = connected_components(graph, directed=False)
        wanted = np.unique(label[:count][inside])
        by_line, by_cell = _grouped(label[:count]), _grouped(label[count:])
        return tuple((by_line[which], unknown[by_cell[which]]) for which in wanted.tolist() if which in by_cell)


def _grouped(labels: NDArray[np.signedinteger[Any]]) -> Mapping[int, Places]:
    order = np.argsort(labels, kind="stable")
    values, starts = np.unique(labels[order], return_index=True)
    return dict(zip(values.tolist(), np.split(order, starts[1:]), strict=True))


@dataclass(frozen=True, eq=False)
class Published:
    """Tables that an outsider holds, as cells. `single`: those in which rows are persons."""

    tables: tuple[Fingerprint, ...]
    universe: Universe
    nestings: tuple[Nesting, ...]
    single: tuple[bool, ...]

    @classmethod
    def of(cls, tables: Sequence[Fingerprint], one_row_each: frozenset[str] = frozenset()) -> Published:
        """`one_row_each`: tables of the source with one row per person. Raises: TooManyLayersError."""
        years = len({one.lineage.population for one in tables}) > 1
        single = [{table.table for table in one.query.tables} <= one_row_each for one in tables]
        held = [
            Held(_granted(one) if years else one.query, one.table, one.groupings, single=alone)
            for one, alone in zip(tables, single, strict=True)
        ]
        universe = Universe.of(held)
        return cls(tuple(tables), universe, nestings(universe), tuple(single))

    def knowledge(self, number: Number) -> Knowledge:
        """What is known of `number`."""
        universe = self.universe
        low, high, secret = self._bounds(number)
        lines: list[Line] = []
        differences: list[Difference] = []
        for nesting, inside in self._needed(number):
            for parent, children, complete in inside:
                if complete:
                    lines.append(Line(parent, children))
                else:
                    lines.append(Line(parent, children, universe.size + len(differences)))
                    differences.append(Difference(parent, nesting.lower))
        more = len(differences)
        return Knowledge(
            number,
            np.concatenate([low, np.zeros(more)]),
            np.concatenate([high, np.full(more, np.inf)]),
            tuple(lines),
            tuple(differences),
            np.concatenate([secret, np.zeros(more, dtype=bool)]),
            universe.size + more,
        )

    def _needed(self, number: Number) -> Iterable[tuple[Nesting, Sequence[Inside]]]:
        """The nestings with their parents, without those that follow from others by way of a layer in between."""
        found = [(one, tuple(self._inside(one, number))) for one in self.nestings]
        listed = self.universe.listed(number)
        size = {at: (int(listed[self.universe.cells_in(at)].sum()), at) for at in range(len(self.universe.layers))}
        below: defaultdict[int, set[int]] = defaultdict(set)
        whole: defaultdict[int, set[int]] = defaultdict(set)
        for one, inside in found:
            below[one.upper].add(one.lower)
            if len(inside) == size[one.upper][0] and all(complete for _, _, complete in inside):
                whole[one.upper].add(one.lower)
        for one, inside in found:
            if not any(
                one.lower in below[middle]
                and size[one.upper] < size[middle]
                and (one.lower not in whole[middle] or size[middle] < size[one.lower])
                for middle in whole[one.upper] - {one.lower}
            ):
                yield one, inside

    def _bounds(self, number: Number) -> tuple[Numbers, Numbers, Marks]:
        """What the rows say of each cell; where several do, all of it."""
        size = self.universe.size
        low, high = np.zeros(size), np.full(size, np.inf)
        if not number.whole and any(told is not None and told < 0 for told in self._told(number)):
            low[:] = -np.inf
        secret, shown = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
        values = self.universe.told
        for at, one in enumerate(self.universe.publications):
            if one.number != number:
                continue
            table, value = self.tables[one.table], values[at]
            if value is not None:
                near = _rounding(table, number)
                low[one.cell], high[one.cell] = max(low[one.cell], value - near), min(high[one.cell], value + near)
                shown[one.cell] = True
                continue
            own = self.universe.own[one.table, one.row] == one.cell
            if own and number.whole and number.kind != "values":
                low[one.cell] = max(low[one.cell], 1.0)
            if one.row in table.primary:
                secret[one.cell] = True
                counted = number == PERSONS or (number == ROWS and self.single[one.table])
                if own and counted and one.row not in table.large:  # hidden for another reason: nobody knows it small
                    high[one.cell] = min(high[one.cell], table.rules.min_persons - 1.0)
        return low, np.maximum(low, high), secret & ~shown

    def _inside(self, nesting: Nesting, number: Number) -> Iterable[Inside]:
        """(parent, its children, whether these are all) for the parents of one nesting."""
        universe = self.universe
        listed = universe.listed(number)
        below: defaultdict[int, list[int]] = defaultdict(list)
        for cell, parent in zip(nesting.children.tolist(), nesting.parent.tolist(), strict=True):
            if parent >= 0 and listed[cell] and listed[parent]:
                below[parent].append(cell)
        if number.kind == "persons" and not self._adds_up(below, number):
            return
        slices = [one for one in universe.slices if one.layer == nesting.lower and number in one.numbers]
        for parent, children in below.items():
            layer = universe.layers[nesting.upper]
            known = {**dict.fromkeys(layer.where, True), **dict(zip(layer.by, universe.at[parent], strict=True))}
            narrowed = any(value_of(part, known) is not True for part in nesting.narrowed)
            whole = any(all(_has(known, *pair) for pair in one.fixed) for one in slices)
            yield parent, tuple(children), whole and not narrowed

    def _told(self, number: Number) -> Iterable[float | None]:
        pairs = zip(self.universe.publications, self.universe.told, strict=True)
        return (value for one, value in pairs if one.number == number)

    def _adds_up(self, below: Mapping[int, Sequence[int]], number: Number) -> bool:
        """Whether persons add up wherever that can be seen: nobody stands in two of the finer cells."""
        values = self.universe.values(number)
        seen = [(values[parent], values[children].sum()) for parent, children in below.items()]
        told = [(one, other) for one, other in seen if not np.isnan(one) and not np.isnan(other)]
        return bool(told) and all(one == other for one, other in told)


def _has(known: Mapping[Expression, object], expression: Expression, value: object) -> bool:
    found = value_of(expression, known)  # type: ignore[arg-type]  # values of keys
    return found is not UNKNOWN and found == value


def _rounding(table: Fingerprint, number: Number) -> float:
    """How far a published value may be from the true one."""
    if table.protect is not Protection.ROUND:
        return 0.0
    return table.rules.rounding_base / 2 if number.whole else 0.0


def _granted(one: Fingerprint) -> Query:
    """The query with the years that its permit granted, which its author need not have written."""
    years = {part.table: part for part in one.lineage.population if part.column is not None}
    conditions: list[Expression] = []
    for table in one.query.tables:
        part = years.get(table.table)
        if part is not None and part.first is not None and part.last is not None:
            column = ColumnRef(table.alias, part.column or "")
            for function, value in (("ge", part.first), ("le", part.last)):
                conditions.append(canonical_condition(Call(function, (column, Literal(value, published=True)))))
    return replace(one.query, where=(*one.query.where, *conditions))
