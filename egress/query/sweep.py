"""The edge between DuckDB and the tally: ranges of persons, one after the other, on as many threads as it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from egress.query.facts import Fact, facts
from egress.query.model import Query
from egress.query.numbered import Grid, range_sql
from egress.query.tally import Places, Tally, Values

# Rows of one range: enough to make a statement worth its planning, few enough to be nothing in memory.
RANGE_ROWS = 2_000_000

# A join may give more rows than the tables have. A range with more than this is cut in two.
_MOST_ROWS = 4 * RANGE_ROWS

Range = tuple[int, int]


@dataclass(frozen=True)
class Sweep:
    """A numbered query, how its keys become places, and how many cells it has.

    `margins` give, per grouping, the cell of each place; without any, places are cells.
    """

    query: Query
    grid: Grid
    cells: int
    margins: tuple[Places, ...] = ()


def sweep(connection: duckdb.DuckDBPyConnection, plan: Sweep, ranges: Iterable[Range], threads: int) -> Tally:
    """The tally of all persons in `ranges`. Raises: duckdb.Error."""
    left: SimpleQueue[Range] = SimpleQueue()
    for each in ranges:
        left.put(each)

    def work() -> Tally:
        tally = Tally(plan.cells)
        with connection.cursor() as cursor:
            for each in _taken(left):
                _add(tally, cursor, plan, each)
        return tally

    if not plan.cells:
        return Tally(0)
    workers = min(threads, left.qsize())
    if workers < 2:
        return work()
    with ThreadPoolExecutor(workers) as pool:
        first, *others = [future.result() for future in [pool.submit(work) for _ in range(workers)]]
    for other in others:
        first.merge(other)
    return first


def _taken(left: SimpleQueue[Range]) -> Iterator[Range]:
    while True:
        try:
            yield left.get_nowait()
        except Empty:
            return


def _add(tally: Tally, cursor: duckdb.DuckDBPyConnection, plan: Sweep, each: Range) -> None:
    first, last = each
    rows = _rows(cursor, range_sql(plan.query, first, last, plan.grid), None if first == last else _MOST_ROWS)
    if rows is None:
        half = (first + last) // 2
        _add(tally, cursor, plan, (first, half))
        _add(tally, cursor, plan, (half + 1, last))
        return
    person: Places = rows.column("p").to_numpy().view(np.int32)
    if np.any(person[1:] < person[:-1]):  # threads and joins may change the order
        order = np.argsort(person, kind="stable")
        rows, person = rows.take(order), person[order]
    for part in tally.slices(person):
        piece = rows.slice(part.start, part.stop - part.start)  # a view: what is copied from it lies in the cache
        place: Places = piece.column("place").to_numpy()
        values = {fact: _values(piece, fact) for fact in facts(plan.query).values()}
        for cell in [margin[place] for margin in plan.margins] or [place]:
            tally.add(cell, person[part], values)


def _rows(cursor: duckdb.DuckDBPyConnection, sql: str, most: int | None) -> pa.Table | None:
    """The answer, or None when it has more than `most` rows."""
    reader = cursor.sql(sql).to_arrow_reader(_MOST_ROWS)
    batches, count = [], 0
    for batch in reader:
        batches.append(batch)
        count += batch.num_rows
        if most is not None and count > most:
            return None
    return pa.Table.from_batches(batches, reader.schema)


def _values(rows: pa.Table, fact: Fact) -> Values:
    column = rows.column(fact.name)
    value: NDArray[np.float64] | None = None
    known: NDArray[np.bool_] | None = None
    if not fact.numeric:
        known = column.to_numpy().astype(np.bool_)
    elif column.null_count:
        value, known = column.fill_null(0.0).to_numpy(), column.is_valid().to_numpy()
    else:
        value = column.to_numpy()
    failing = rows.column(f"{fact.name}_n").to_numpy().astype(np.bool_) if fact.conditional else None
    return Values(value, known, failing)
