"""A table as a page shows it: each cell's text, and what there is to say about it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from egress.checks.model import Finding
from egress.checks.table import Table, Value
from egress.package.noise import Interval
from egress.package.spelling import number, visible
from egress.web.noise import margin

Spelling = Callable[[Value], str]


class Shown(NamedTuple):  # a page makes ten thousand: a frozen data class takes six times as long for each
    """One cell. `marks` number the findings that name it; `withheld`: a value stands behind it that does not leave.

    `margin`: how far the exact value may be away, when noise was added. `drives`: the disclosure price comes from it.
    """

    text: str
    numeric: bool = False
    missing: bool = False
    withheld: bool = False
    changed: bool = False
    marks: tuple[int, ...] = ()
    margin: str = ""
    drives: bool = False


@dataclass(frozen=True)
class ShownTable:
    """Columns, whether each holds numbers, rows of cells."""

    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[Shown, ...], ...]


@dataclass(frozen=True)
class ShownEvidence:
    """Who stands behind one row: persons and rows, and the largest share of one person in any of its values."""

    persons: str
    rows: str
    largest: str


def show_table(
    table: Table,
    language: str,
    exact: Table | None = None,
    intervals: Sequence[Sequence[Interval | None]] = (),
    *,
    noisy: bool = False,
) -> ShownTable:
    """What leaves. With `exact`, cells that protection changed are told apart; `intervals` are those of added noise.

    In a `noisy` table nothing is suppressed: what is empty there has no value.
    """
    numeric = _numeric(table, exact)
    spell = _spellings(table, exact, language)
    aligned = exact if exact is not None and _aligned(table, exact) else None
    rows = tuple(
        tuple(
            _leaving(value, spell[column], numeric[column], aligned.rows[row][column] if aligned else None, aligned)
            for column, value in enumerate(values)
        )
        for row, values in enumerate(table.rows)
    )
    if noisy:
        rows = tuple(
            tuple(cell._replace(missing=cell.missing or cell.withheld, withheld=False) for cell in row) for row in rows
        )
    if len(intervals) == len(rows):
        rows = tuple(
            _with_margins(row, table.rows[place], intervals[place], language) for place, row in enumerate(rows)
        )
    return ShownTable(tuple(visible(name) for name in table.columns), numeric, rows)


def _with_margins(
    row: tuple[Shown, ...], values: Sequence[Value | None], intervals: Sequence[Interval | None], language: str
) -> tuple[Shown, ...]:
    return tuple(
        shown._replace(margin=margin(value, interval, language))
        for shown, value, interval in zip(row, values, intervals, strict=True)
    )


def show_exact(
    table: Table, language: str, findings: Sequence[Finding], driving: Collection[tuple[int, int]] = ()
) -> ShownTable:
    """The exact table, for checkers: cells that a finding names carry its number, counted from 1."""
    numeric = _numeric(table, None)
    spell = _spellings(table, None, language)
    marks: dict[tuple[int, int], list[int]] = {}
    for place, finding in enumerate(findings, start=1):
        for cell in finding.cells if finding.notable else ():
            marks.setdefault(cell, []).append(place)
    rows = tuple(
        tuple(
            Shown(
                "" if value is None else spell[column](value),
                numeric=numeric[column],
                missing=value is None,
                marks=tuple(marks.get((row, column), ())),
                drives=(row, column) in driving,
            )
            for column, value in enumerate(values)
        )
        for row, values in enumerate(table.rows)
    )
    return ShownTable(tuple(visible(name) for name in table.columns), numeric, rows)


def show_evidence(evidence: Mapping[str, Any], exact: Table | None, language: str) -> tuple[ShownEvidence, ...]:
    """One entry for each row of the exact table, or none when the evidence does not fit it."""
    cells = evidence.get("cells")
    if exact is None or not isinstance(cells, Sequence) or len(cells) != len(exact.rows):
        return ()
    grouped = any(cell["rows"] >= 10_000 for cell in cells)
    return tuple(
        ShownEvidence(
            number(cell["persons"], language, grouped=grouped),
            number(cell["rows"], language, grouped=grouped),
            _largest(cell, language),
        )
        for cell in cells
    )


def _largest(cell: Mapping[str, Any], language: str) -> str:
    shares = [
        measure["largest"] / measure["total"]
        for measure in cell.get("measures", ())
        if measure and measure.get("total") and measure.get("largest") is not None
    ]
    return f"{number(round(100 * max(shares), 1), language)} %" if shares else ""


def _leaving(value: Value | None, spell: Spelling, numeric: bool, exact: Value | None, aligned: Table | None) -> Shown:  # noqa: FBT001 -- one cell's facts in order
    if value is None:
        # A missing category is a word that is not there; a missing number is one that was suppressed,
        # unless the exact table has none either.
        missing = not numeric or (aligned is not None and exact is None)
        return Shown("", numeric=numeric, missing=missing, withheld=not missing)
    changed = aligned is not None and value != exact
    return Shown(spell(value), numeric=numeric, changed=changed)


def _spellings(table: Table, exact: Table | None, language: str) -> tuple[Spelling, ...]:
    """How each column spells its values: one way for all of them, and the same in both tables."""

    def spelling(values: tuple[Value | None, ...]) -> Spelling:
        sizes = [abs(float(value)) for value in values if isinstance(value, (int, float, Decimal))]
        grouped = any(size >= 10_000 for size in sizes)
        return lambda value: visible(value) if isinstance(value, str) else number(value, language, grouped=grouped)

    return tuple(spelling(values) for values in _columns(table, exact))


def _columns(table: Table, exact: Table | None) -> list[tuple[Value | None, ...]]:
    rows = table.rows
    if exact is not None and exact.columns == table.columns:
        rows += exact.rows
    return [tuple(row[column] for row in rows) for column in range(len(table.columns))]


def _numeric(table: Table, exact: Table | None) -> tuple[bool, ...]:
    # A column suppressed as a whole holds nothing to go by; measures are numbers always.
    columns = _columns(table, exact)
    return tuple(not any(_is_word(value) for value in values if value is not None) for values in columns)


def _is_word(value: Value) -> bool:
    return isinstance(value, bool) or not isinstance(value, (int, float, Decimal))


def _aligned(table: Table, exact: Table) -> bool:
    return table.columns == exact.columns and len(table.rows) == len(exact.rows)
