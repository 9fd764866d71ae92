"""Differencing by recomputation: which cells of a table, beside another one, show a group of few persons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from egress.query.difference_sql import Difference, Side
from egress.query.engine import Engine
from egress.query.table import Value
from egress.released.differencing import Comparison, Told, View, comparisons, told
from egress.released.fingerprint import Fingerprint, Lineage
from egress.released.lineage import on_extract

# Passes over an extract that the comparisons of one request may take; bounds computing time.
MAX_PASSES = 2_000


class TooManyError(Exception):
    """The comparisons of one request would take more passes than it may have."""


class Differencing:
    """Compares tables on one extract. Equal selections are counted once, whichever tables ask for them.

    Raises, while it works: EngineError, TooManyError.
    """

    def __init__(self, engine: Engine, lineage: Lineage, threshold: int) -> None:
        self._engine = engine
        self._lineage = lineage
        self._threshold = threshold
        self._differences: dict[tuple[Side, Side], tuple[Difference, ...]] = {}
        self._cells: dict[Side, tuple[tuple[Value | None, ...], ...]] = {}

    def told(self, one: Fingerprint, other: Fingerprint) -> tuple[Told, ...] | None:
        """The cells of `one`, a table of this extract, that `other` tells apart; None when it cannot be run here."""
        query = on_extract(other, self._lineage, self._engine.manifest.catalogue, self._engine.persons)
        if query is None:
            return None
        threshold = max(self._threshold, other.rules.min_persons)
        found: dict[tuple[object, ...], Told] = {}
        for comparison in comparisons(one.query, query):
            for cell in self._told(comparison, one, other, threshold):
                found.setdefault((cell.one_rows, cell.other_rows), cell)
        return tuple(found.values())

    def _told(self, comparison: Comparison, one: Fingerprint, other: Fingerprint, threshold: int) -> Iterable[Told]:
        differences = self._difference(comparison.one.side, comparison.other.side)
        if not any(0 < found.apart < threshold or 0 < found.changed < threshold for found in differences):
            return ()
        here, there = self._cells_of(comparison.one), self._cells_of(comparison.other)
        return told(comparison, differences, (one, here), (other, there), threshold)

    def _difference(self, one: Side, other: Side) -> tuple[Difference, ...]:
        if (one, other) not in self._differences:
            self._count()
            self._differences[one, other] = self._engine.difference(one, other)
        return self._differences[one, other]

    def _cells_of(self, view: View) -> Sequence[tuple[Value | None, ...]]:
        if view.cells not in self._cells:
            self._count()
            self._cells[view.cells] = self._engine.cells(view.cells)
        return self._cells[view.cells]

    def _count(self) -> None:
        if len(self._differences) + len(self._cells) >= MAX_PASSES:
            raise TooManyError
