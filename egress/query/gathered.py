"""Rows of DuckDB's answers become evidence."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from egress.query.evidence import CellEvidence, MeasureEvidence
from egress.query.evidence_sql import PERSON_COLUMNS, ROW_COLUMNS
from egress.query.model import Query
from egress.query.sql import argument_of, distinct_arguments
from egress.query.table import Value

Row = tuple[Any, ...]


def value_of(value: Any) -> Value | None:
    """A value of DuckDB; NaN and infinity are no numbers to release."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def cell_of(query: Query, by_row: Row, by_person: Row | None) -> CellEvidence:
    """One cell from a row of `rows_sql` and one of `persons_sql`; None: no person is in the selection."""
    count = len(query.keys)
    one = query.groupings[0] if len(query.groupings) == 1 else None
    grouping = one if one is not None else tuple(position for position in range(count) if not by_row[position])
    keys = tuple(value_of(key) for key in by_row[count : 2 * count])
    persons = int(by_person[2 * count]) if by_person else 0
    names = list(distinct_arguments(query))
    rows = _parts(by_row, 2 * count + 1, ROW_COLUMNS, names)
    people = _parts(by_person, 2 * count + 1, PERSON_COLUMNS, names) if by_person else {name: {} for name in names}
    known = {name: _measure(rows[name] | people[name], persons) for name in names}
    measures = tuple(
        known[name] if (name := argument_of(query, position)) is not None else None
        for position in range(len(query.measures))
    )
    return CellEvidence(keys, grouping, int(by_row[2 * count]), persons, measures)


def _parts(row: Row, start: int, columns: tuple[str, ...], names: list[str]) -> dict[str, dict[str, Any]]:
    """The columns of each argument, from `start` on."""
    width = len(columns)
    return {
        name: dict(zip(columns, row[start + at * width : start + (at + 1) * width], strict=True))
        for at, name in enumerate(names)
    }


def _measure(known: dict[str, Any], persons: int) -> MeasureEvidence:
    return MeasureEvidence(**known, missing=persons - known.get("persons", 0))


def supported(cell: CellEvidence, position: int, support: Row) -> CellEvidence:
    """`cell` with the persons beside the quantile at `position`."""
    measures = list(cell.measures)
    below, at, above = support
    measures[position] = replace(measures[position] or MeasureEvidence(), below=below, at=at, above=above)
    return replace(cell, measures=tuple(measures))
