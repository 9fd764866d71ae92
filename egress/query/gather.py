"""Evidence about one table: which statements are asked, and in which order. At the edge to DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
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
from egress.query.numbered import CELLS, PLACES, by_number, cells_table_sql, margin_sql, places_sql, ranges
from egress.query.sizes import limited
from egress.query.sweep import RANGE_ROWS, Margins, sweep
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
        rows = self._rows(numbered, in_table=numbered is not query)
        people = self._by_key(query, rows) if numbered is query else self._by_number(numbered, len(rows))
        unit = by_unit(numbered, self.manifest.catalogue)
        units = None if unit is None else self._by_key(unit, rows)
        cells = list(gathered(query, Known(rows, people, units, self._classes(numbered, rows))).cells)
        for position, measure in enumerate(query.measures):
            if measure.aggregate is Aggregate.QUANTILE:
                cells = self._with_support(numbered, position, cells)
        return Evidence(tuple(cells))

    def _run(self, sql: str) -> list[Row]:
        with sentences():
            return self.connection.execute(sql).fetchall()

    def _rows(self, query: Query, *, in_table: bool) -> list[Row]:
        """The rows of `rows_sql`; `in_table` leaves them in a table for the statements that come after."""
        if in_table:
            self._run(cells_table_sql(limited(rows_sql(query, ordered=False), self.most), query))
            rows = self._run(f"SELECT * EXCLUDE (place) FROM {CELLS} ORDER BY place")  # noqa: S608 -- generated
        else:
            rows = self._run(limited(rows_sql(query), self.most))
        if len(rows) > self.most:
            raise too_large(self.most)
        return rows

    def _answers(self, query: Query, sql: str, rows: Sequence[Row], width: int) -> list[Row]:
        """`width` columns beside the keys', as many rows as `rows`, in their order; 0 where nobody is in any cell."""
        found = [row[2 * len(query.keys) :] for row in self._run(sql)] or [(0,) * width] * len(rows)
        if len(found) != len(rows):
            raise EngineError(say("This query cannot be computed on the extract."))
        return found

    def _by_key(self, query: Query, rows: Sequence[Row]) -> Contributors:
        """What `persons_sql` says of persons by their keys, or of units."""
        known = facts(query).values()
        count, width = 2 * len(query.keys), len(ROW_COLUMNS)
        full = {
            fact.name for at, fact in enumerate(known) if all(row[count] == row[count + 1 + at * width] for row in rows)
        }
        columns = 1 + len(known) * len(PERSON_COLUMNS)
        return from_rows(query, self._answers(query, persons_sql(query, full), rows, columns))

    def _by_number(self, query: Query, cells: int) -> Contributors:
        """The same of numbered persons, one range after the other; the rows of `rows_sql` stand in a table."""
        self._run(places_sql(query))
        tables = {query.tables[0].table, *(join.table.table for join in query.joins)}
        rows = max(self.manifest.tables[name].rows for name in tables)
        listed = ranges(self.manifest.numbered or 0, rows, RANGE_ROWS)
        with sentences():
            return from_tally(query, sweep(self.connection, query, listed, self._margins(query, cells), self.threads))

    def _margins(self, query: Query, cells: int) -> Margins:
        """Per grouping, the cell of each combination of keys; none where the combinations are the cells."""
        if len(query.groupings) == 1:
            return Margins(cells)
        count = self._run(f"SELECT count(*) FROM {PLACES}")[0][0]  # noqa: S608 -- generated
        margins = []
        for grouping in query.groupings:
            margin = np.zeros(count, np.int32)
            pairs = np.array(self._run(margin_sql(query, grouping)), np.int64).reshape(-1, 2)
            margin[pairs[:, 0]] = pairs[:, 1]
            margins.append(margin)
        return Margins(cells, tuple(margins))

    def _classes(self, query: Query, rows: Sequence[Row]) -> dict[str, list[Row]]:
        """Per sensitive fact that is not 0/1, its classes in each cell."""
        return {
            fact.name: self._answers(query, classes_sql(query, fact), rows, 2)
            for fact in facts(query).values()
            if fact.sensitive and not fact.binary
        }

    def _with_support(self, query: Query, position: int, cells: list[CellEvidence]) -> list[CellEvidence]:
        support = {grouping: iter(self._run(quantile_sql(query, position, grouping))) for grouping in query.groupings}
        return [supported(cell, position, next(support[cell.grouping], (0, 0, 0))) for cell in cells]
