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
from egress.query.numbered import range_sql
from egress.query.tally import Tally, Values

# Rows of one range: enough to make a statement worth its planning, few enough to lie in a processor's cache.
RANGE_ROWS = 1_000_000

# A join may give more rows than the tables have. A range with more than this is cut in two.
_MOST_ROWS = 4 * RANGE_ROWS

_BATCH_ROWS = 250_000

Range = tuple[int, int]


@dataclass(frozen=True)
class Margins:
    """`cells` of the table; per grouping, the cell of each combination of keys, or none where these are the cells."""

    cells: int
    places: tuple[NDArray[np.int32], ...] = ()


def sweep(
    connection: duckdb.DuckDBPyConnection, query: Query, ranges: Iterable[Range], margins: Margins, threads: int
) -> Tally:
    """The tally of a numbered query, whose cells stand in a table. Raises: duckdb.Error."""
    left: SimpleQueue[Range] = SimpleQueue()
    for each in ranges:
        left.put(each)

    def work() -> Tally:
        tally = Tally(margins.cells)
        with connection.cursor() as cursor:
            for each in _taken(left):
                _add(tally, cursor, query, each, margins)
        return tally

    with ThreadPoolExecutor(threads) as pool:
        first, *others = [future.result() for future in [pool.submit(work) for _ in range(threads)]]
    for other in others:
        first.merge(other)
    return first


def _taken(left: SimpleQueue[Range]) -> Iterator[Range]:
    while True:
        try:
            yield left.get_nowait()
        except Empty:
            return


def _add(tally: Tally, cursor: duckdb.DuckDBPyConnection, query: Query, each: Range, margins: Margins) -> None:
    first, last = each
    rows = _rows(cursor, range_sql(query, first, last), None if first == last else _MOST_ROWS)
    if rows is None:
        half = (first + last) // 2
        _add(tally, cursor, query, (first, half), margins)
        _add(tally, cursor, query, (half + 1, last), margins)
        return
    person = (rows.column("p").to_numpy().astype(np.int64) - first).astype(np.int32)
    place: NDArray[np.int32] = rows.column("place").to_numpy()
    order = None
    if np.any(person[1:] < person[:-1]):  # a join may change the order
        order = np.argsort(person, kind="stable")
        person, place = person[order], place[order]
    values = {fact: _values(rows, fact, order) for fact in facts(query).values()}
    for cell in [each[place] for each in margins.places] or [place]:
        tally.add(cell, person, values)


def _rows(cursor: duckdb.DuckDBPyConnection, sql: str, most: int | None) -> pa.Table | None:
    """The answer, or None when it has more than `most` rows."""
    reader = cursor.sql(sql).to_arrow_reader(_BATCH_ROWS)
    batches, count = [], 0
    for batch in reader:
        batches.append(batch)
        count += batch.num_rows
        if most is not None and count > most:
            return None
    return pa.Table.from_batches(batches, reader.schema)


def _values(rows: pa.Table, fact: Fact, order: NDArray[np.int64] | None) -> Values:
    column = rows.column(fact.name)
    value: NDArray[np.float64] | None = None
    known: NDArray[np.bool_] | None = None
    if not fact.numeric:
        known = column.to_numpy().astype(np.bool_)
    elif column.null_count:
        value, known = column.fill_null(0.0).to_numpy(), column.is_valid().to_numpy(zero_copy_only=False)
    else:
        value = column.to_numpy()
    failing = rows.column(f"{fact.name}_n").to_numpy().astype(np.bool_) if fact.conditional else None
    if order is not None:
        value = None if value is None else value[order]
        known = None if known is None else known[order]
        failing = None if failing is None else failing[order]
    return Values(value, known, failing)
