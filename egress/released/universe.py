"""All cells of several tables, each once, with what is known of them and in which rows of which tables they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from egress.query.evidence import CellEvidence, Evidence, MeasureEvidence
from egress.query.model import Aggregate, Expression, Measure, Query
from egress.query.table import Table, Value
from egress.released.cells import PERSONS, ROWS, At, Layer, Number, Published, Rows, Spread, chosen, reframed, spreads

Numbers: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True)
class Held:
    """One table to be linked. `groupings` are those of its rows; without `evidence` only `table` is known.

    `source` stands for the tables that its query reads, where others hold the same rows. `single`: rows are persons.
    """

    query: Query
    table: Table
    groupings: tuple[tuple[int, ...], ...]
    evidence: Evidence | None = None
    source: Rows | None = None
    single: bool = False

    def framed(self) -> tuple[Spread, ...]:
        """The groupings as layers of cells of `source`."""
        return tuple(_framed(spread, self.source) for spread in spreads(self.query))


@dataclass(frozen=True)
class Slice:
    """A part of a layer that one table lists in full: all cells with the values `fixed`."""

    layer: int
    fixed: tuple[tuple[Expression, Value | None], ...]
    numbers: frozenset[Number]


@dataclass(frozen=True)
class Publication:
    """A number of a cell, as row `row` of table `table` publishes it (or hides it)."""

    table: int
    row: int
    cell: int
    number: Number


@dataclass
class Universe:
    """Cells 0 … n-1: `layers[layer_of[cell]]` and `at[cell]` say which. Values that nobody told are NaN."""

    layers: list[Layer] = field(default_factory=list)
    layer_of: list[int] = field(default_factory=list)
    at: list[At] = field(default_factory=list)
    publications: list[Publication] = field(default_factory=list)
    told: list[float | None] = field(default_factory=list)  # per publication
    own: dict[tuple[int, int], int] = field(default_factory=dict)
    slices: dict[Slice, None] = field(default_factory=dict)
    partial: set[int] = field(default_factory=set)
    negative: set[Number] = field(default_factory=set)
    _layer_ids: dict[Layer, int] = field(default_factory=dict)
    _index: dict[tuple[int, At], int] = field(default_factory=dict)
    _values: dict[Number, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    _rows: dict[int, float] = field(default_factory=dict)
    _persons: dict[int, float] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Sequence[Held]) -> Universe:
        """The cells of `tables`, whose numbers are their positions."""
        made = cls()
        for number, table in enumerate(tables):
            made._add(number, table)
        return made

    @property
    def size(self) -> int:
        return len(self.at)

    def cells_in(self, layer: int) -> Places:
        """The cells of one layer."""
        return self._by_layer.get(layer, np.array([], dtype=np.intp))

    @cached_property
    def _by_layer(self) -> Mapping[int, Places]:
        found: defaultdict[int, list[int]] = defaultdict(list)
        for cell, layer in enumerate(self.layer_of):
            found[layer].append(cell)
        return {layer: np.array(cells, dtype=np.intp) for layer, cells in found.items()}

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Every number that some table publishes, in the order of the tables."""
        return tuple(dict.fromkeys(one.number for one in self.publications))

    def values(self, number: Number) -> Numbers:
        """The value of each cell; NaN where it is not told or nobody publishes it."""
        return self._array(self._values[number])

    @cached_property
    def rows(self) -> Numbers:
        """The rows of each cell, as far as evidence tells."""
        return self._array(self._rows)

    @cached_property
    def persons(self) -> Numbers:
        """The persons of each cell, as far as evidence tells."""
        return self._array(self._persons)

    def listed(self, number: Number) -> NDArray[np.bool_]:
        """The cells whose `number` some table publishes or hides."""
        return self._listed[number]

    @cached_property
    def _listed(self) -> Mapping[Number, NDArray[np.bool_]]:
        found = {number: np.zeros(self.size, dtype=bool) for number in self.numbers}
        for one in self.publications:
            found[one.number][one.cell] = True
        return found

    def shown_in(self, cell: int, number: Number | None = None) -> tuple[tuple[int, int], ...]:
        """(table, row) of the rows that publish or hide `number` of a cell, or any number of it."""
        return tuple(
            (one.table, one.row) for one in self._by_cell.get(cell, ()) if number is None or one.number == number
        )

    @cached_property
    def _by_cell(self) -> Mapping[int, Sequence[Publication]]:
        found: defaultdict[int, list[Publication]] = defaultdict(list)
        for one in self.publications:
            found[one.cell].append(one)
        return found

    def _array(self, known: Mapping[int, float]) -> Numbers:
        found = np.full(self.size, np.nan)
        if known:
            found[list(known)] = list(known.values())
        return found

    # -- filling

    def _add(self, number: int, table: Held) -> None:
        same = _same_as_rows(table)
        by_grouping = {spread.grouping: spread for spread in table.framed()}
        layers = {grouping: self._enter_slices(spread, same) for grouping, spread in by_grouping.items()}
        columns = {key.name: at for at, key in enumerate(table.query.keys)}
        places = [table.table.columns.index(name) for name in columns]
        for row, grouping in enumerate(table.groupings):
            spread, (layer, parts) = by_grouping[grouping], layers[grouping]
            known: dict[Expression, Value | None] = dict(spread.fixed)
            known.update((expression, table.table.rows[row][places[at]]) for expression, at in spread.keys)
            cell = self._cell(layer, tuple(known[expression] for expression in spread.layer.by))
            self.own[number, row] = cell
            evidence = table.evidence.cells[row] if table.evidence is not None else None
            if evidence is not None:
                self._rows[cell], self._persons[cell] = float(evidence.rows), float(evidence.persons)
            for published, part in zip(spread.published, parts, strict=True):
                what = ROWS if published.position in same else published.number
                more = {**known, **dict(published.fixed)}
                target = self._cell(part, tuple(more[expression] for expression in published.layer.by))
                value = _value(table, row, published, evidence)
                if _has_negatives(published, evidence):
                    self.negative.add(what)
                self.publications.append(Publication(number, row, target, what))
                self.told.append(value)
                if value is not None:
                    self._values[what][target] = value
                    if what == ROWS:
                        self._rows.setdefault(target, value)

    def _enter_slices(self, spread: Spread, same: frozenset[int]) -> tuple[int, tuple[int, ...]]:
        layer = self.layer(spread.layer)
        parts = tuple(self.layer(published.layer) for published in spread.published)
        for part, published in zip(parts, spread.published, strict=True):
            what = ROWS if published.position in same else published.number
            self.slices[Slice(part, (*spread.fixed, *published.fixed), frozenset({what}))] = None
        if spread.partial:
            self.partial.add(layer)
        return layer, parts

    def layer(self, layer: Layer) -> int:
        """The number of a layer, a new one where it is not known."""
        found = self._layer_ids.setdefault(layer, len(self.layers))
        if found == len(self.layers):
            self.layers.append(layer)
        return found

    def _cell(self, layer: int, at: At) -> int:
        found = self._index.setdefault((layer, at), len(self.at))
        if found == len(self.at):
            self.at.append(at)
            self.layer_of.append(layer)
        return found


def _framed(spread: Spread, source: Rows | None) -> Spread:
    if source is None or source == spread.layer.source:
        return spread
    published = tuple(
        Published(one.position, reframed(one.layer, source), one.fixed, one.number) for one in spread.published
    )
    return Spread(spread.grouping, reframed(spread.layer, source), spread.fixed, spread.keys, published, spread.partial)


def _same_as_rows(table: Held) -> frozenset[int]:
    """Measures that count the rows, whatever they are called: one row per person, no value missing."""
    if table.evidence is None:
        measures = enumerate(table.query.measures if table.single else ())
        return frozenset(
            at
            for at, one in measures
            if one.aggregate is Aggregate.COUNT_PERSONS and (one.argument is None or chosen(one.argument))
        )
    cells = table.evidence.cells
    return frozenset(at for at, measure in enumerate(table.query.measures) if _counts_rows(measure, at, cells))


def _counts_rows(measure: Measure, at: int, cells: Iterable[CellEvidence]) -> bool:
    if measure.aggregate is Aggregate.COUNT_PERSONS and measure.argument is None:
        return all(cell.persons == cell.rows for cell in cells)
    if measure.aggregate is Aggregate.COUNT_VALUES:
        known = [(cell.rows, cell.measures[at]) for cell in cells]
        return all(one is not None and one.rows == rows for rows, one in known)
    return False


def _value(table: Held, row: int, published: Published, evidence: CellEvidence | None) -> float | None:
    """The number that a measure publishes: the measure itself, or the sum behind an average."""
    if published.position < 0:
        return None if evidence is None else float(evidence.rows)
    measure = table.query.measures[published.position]
    shown = table.table.rows[row][table.table.columns.index(measure.name)]
    known = None if evidence is None else evidence.measures[published.position]
    if measure.aggregate in _ADDED:
        # An empty sum is NULL; without evidence it may as well be hidden.
        return (None if evidence is None else 0.0) if shown is None else _number(shown)
    if evidence is None:
        return None
    if known is None or not known.rows:
        return 0.0
    return _behind(measure, None if shown is None else _number(shown), known)


_ADDED = frozenset({Aggregate.COUNT_ROWS, Aggregate.COUNT_PERSONS, Aggregate.COUNT_VALUES, Aggregate.SUM})


def _behind(measure: Measure, shown: float | None, known: MeasureEvidence) -> float | None:
    """The sum behind a mean, a share or a standard deviation, as far as evidence tells it."""
    if measure.aggregate is Aggregate.AVG and shown is not None:
        return shown * known.rows / measure.scale
    if measure.aggregate is Aggregate.SHARE_PERSONS:
        return float(known.persons)
    if known.negatives:
        return None
    if measure.aggregate is Aggregate.STDDEV:
        return (shown or 0.0) ** 2 * (known.rows - 1) + known.total**2 / known.rows
    return known.total


def _has_negatives(published: Published, evidence: CellEvidence | None) -> bool:
    known = None if evidence is None or published.position < 0 else evidence.measures[published.position]
    return known is not None and known.negatives


def _number(value: Value) -> float:
    return float(value)  # type: ignore[arg-type]  # a measure's number


__all__ = ["PERSONS", "ROWS", "Held", "Publication", "Slice", "Universe"]
