"""Evidence about one table: which statements are asked, and in which order. At the edge to DuckDB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np

from egress.query.evidence import CellEvidence, Evidence
from egress.query.evidence_sql import PERSON_COLUMNS, ROW_COLUMNS, classes_sql, persons_sql, quantile_sql, rows_sql
from egress.query.facts import by_unit, facts
from egress.query.failed import EngineError, sentences, too_large
from egress.query.gathered import Contributors, Known, from_rows, from_tally, gathered, supported
from egress.query.model import Aggregate, Query
from egress.query.numbered import CELLS, PLACES, Grid, by_number, cells_sql, margin_sql, places_sql, ranges
from egress.query.sizes import limited
from egress.query.sweep import RANGE_ROWS, Sweep, sweep
from egress.query.tally import Places, Tally
from hub.extracts.manifest import Manifest
from hub.words import say

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Gatherer:
    """Gathers evidence from one extract on one connection, at most `most` rows of it.

    Where persons have numbers, they are counted range by range; elsewhere by a hash of their keys. Raises: EngineError.
    """

    connection: duckdb.DuckDBPyConnection
    manifest: Manifest
    threads: int
    most: int

    def evidence(self, query: Query) -> Evidence:
        """In the order of the table's rows."""
        numbered = by_number(query, self.manifest)
        keys, rows, people = self._by_key(query) if numbered is query else self._by_number(numbered)
        unit = by_unit(numbered, self.manifest.catalogue)
        units = None if unit is None else self._contributors(unit, rows)
        known = Known(keys, rows, people, units, self._classes(numbered, len(keys)))
        cells = list(gathered(query, known).cells)
        for position, measure in enumerate(query.measures):
            if measure.aggregate is Aggregate.QUANTILE:
                cells = self._with_support(numbered, position, cells)
        return Evidence(tuple(cells))

    def _run(self, sql: str) -> list[Row]:
        with sentences():
            return self.connection.execute(sql).fetchall()

    def _limited(self, rows: list[Row]) -> list[Row]:
        if len(rows) > self.most:
            raise too_large(self.most)
        return rows

    def _answers(self, query: Query, sql: str, cells: int, width: int) -> list[Row]:
        """`width` columns beside the keys' of as many cells, in their order; 0 where nobody is in any cell."""
        found = [row[2 * len(query.keys) :] for row in self._run(sql)] or [(0,) * width] * cells
        if len(found) != cells:
            raise EngineError(say("This query cannot be computed on the extract."))
        return found

    def _by_key(self, query: Query) -> tuple[list[Row], Contributors, Contributors]:
        """Keys of the cells, what is known by row, and by person."""
        found = self._limited(self._run(limited(rows_sql(query), self.most)))
        count = 2 * len(query.keys)
        rows = from_rows(query, [row[count:] for row in found], ROW_COLUMNS)
        return [row[:count] for row in found], rows, self._contributors(query, rows)

    def _contributors(self, query: Query, rows: Contributors) -> Contributors:
        """What `persons_sql` says, of persons or units."""
        known = facts(query).values()
        full = {fact.name for fact in known if rows.facts[fact.name]["rows"] == rows.count}
        width = 1 + len(known) * len(PERSON_COLUMNS)
        found = self._answers(query, persons_sql(query, full), len(rows.count), width)
        return from_rows(query, found, PERSON_COLUMNS)

    def _by_number(self, query: Query) -> tuple[list[Row], Contributors, Contributors]:
        """The same of numbered persons, one range after the other."""
        grid = Grid.listed(query, self.manifest.catalogue)
        if grid.spans is not None and len(query.groupings) == 1:
            tally = self._swept(Sweep(query, grid, grid.places))
            used = np.flatnonzero(tally.rows) if query.keys else np.zeros(1, np.int64)
            zeros = (0,) * len(query.keys)
            keys = self._limited([(*zeros, *grid.keys(int(place))) for place in used])
            return keys, *from_tally(query, tally.taken(used))
        self._run(cells_sql(query, self.most))
        keys = self._limited(self._run(f"SELECT * EXCLUDE (place) FROM {CELLS} ORDER BY place"))  # noqa: S608 -- generated
        count = len(query.keys)
        grid = Grid.of([row[count : 2 * count] for row in keys])
        return keys, *from_tally(query, self._swept(Sweep(query, grid, len(keys), self._margins(query, grid))))

    def _swept(self, plan: Sweep) -> Tally:
        tables = {plan.query.tables[0].table, *(join.table.table for join in plan.query.joins)}
        rows = max(self.manifest.tables[name].rows for name in tables)
        with sentences():
            return sweep(self.connection, plan, ranges(self.manifest.numbered or 0, rows, RANGE_ROWS), self.threads)

    def _margins(self, query: Query, grid: Grid) -> tuple[Places, ...]:
        """Per grouping, the cell of each combination of keys; none where these are the cells."""
        self._run(places_sql(query))
        if grid.spans is None and len(query.groupings) == 1:
            return ()
        count = grid.places if grid.spans is not None else self._run(f"SELECT count(*) FROM {PLACES}")[0][0]  # noqa: S608 -- generated
        margins = []
        for grouping in query.groupings:
            margin = np.zeros(count, np.int32)
            pairs = np.array(self._run(margin_sql(query, grouping, grid)), np.int64).reshape(-1, 2)
            margin[pairs[:, 0]] = pairs[:, 1]
            margins.append(margin)
        return tuple(margins)

    def _classes(self, query: Query, cells: int) -> dict[str, list[Row]]:
        """Per sensitive fact that is not 0/1, its classes in each cell."""
        return {
            fact.name: self._answers(query, classes_sql(query, fact), cells, 2)
            for fact in facts(query).values()
            if fact.sensitive and not fact.binary
        }

    def _with_support(self, query: Query, position: int, cells: list[CellEvidence]) -> list[CellEvidence]:
        support = {grouping: iter(self._run(quantile_sql(query, position, grouping))) for grouping in query.groupings}
        return [supported(cell, position, next(support[cell.grouping], (0, 0, 0))) for cell in cells]
