"""Which tables an outsider can subtract from one another over the same cells, and which cells that would show.

Two tables are comparable when their rows differ, they hold a number of the same kind, and cells of both can be brought
to common keys: by adding up finer cells, and by choosing those cells that a filter of the other table would choose
(a table by sex holds the table of the women). By whom rows differ is counted on the extract, by `Engine.difference`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from egress.query.canonical import canonical_form
from egress.query.difference_sql import Difference, Side, nested
from egress.query.model import Aggregate, Call, Case, ColumnRef, Expression, Literal, Measure, Query
from egress.query.table import Value, plain
from egress.released.fingerprint import Fingerprint

Label = tuple[object, ...]

# What adds up over cells, so that a coarser table can be had from a finer one; an average does beside a count.
_ADDITIVE = frozenset(
    {Aggregate.COUNT_ROWS, Aggregate.COUNT_PERSONS, Aggregate.COUNT_VALUES, Aggregate.SUM, Aggregate.AVG}
)
_COUNTS = frozenset({Aggregate.COUNT_ROWS, Aggregate.COUNT_PERSONS, Aggregate.COUNT_VALUES})


@dataclass(frozen=True)
class View:
    """A table as it is brought to common keys: the rows it is then of, its own cells there, and where the common keys
    stand among theirs.
    """

    side: Side
    cells: Side
    grouping: tuple[int, ...]
    places: tuple[int, ...]


@dataclass(frozen=True)
class Comparison:
    """Two tables over common keys. `measures` are positions of comparable measures in one and in the other."""

    one: View
    other: View
    measures: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Told:
    """A cell in which two tables together tell of few persons: the rows of each table that are subtracted.

    `keys` are its labels, `key_places` the positions of their keys in the first table's query.
    """

    keys: tuple[Value | None, ...]
    key_places: tuple[int, ...]
    persons: int
    one_rows: tuple[int, ...]
    other_rows: tuple[int, ...]
    one_measure: int
    other_measure: int


def comparisons(one: Query, other: Query) -> tuple[Comparison, ...]:
    """Every way to subtract one table from the other; none where their rows are the same, or nothing is in common."""
    here, there = spelled(one), spelled(other)
    if _rows(here) == _rows(there):
        return ()
    found: dict[tuple[object, ...], Comparison] = {}
    for mine in here.groupings:
        for theirs in there.groupings:
            made = _compared(here, mine, there, theirs)
            if made is not None:
                found.setdefault((made.one, made.other), made)
    return tuple(found.values())


def told(
    comparison: Comparison,
    differences: Sequence[Difference],
    one: tuple[Fingerprint, Iterable[Label]],
    other: tuple[Fingerprint, Iterable[Label]],
    threshold: int,
) -> tuple[Told, ...]:
    """The cells in which the two tables show a group of fewer than `threshold` persons.

    `one` and `other` each come with their cells (labels of `View.cells`). A group is shown by a count of persons where
    one table holds all rows of the other; by any number where fewer persons than that have other rows.
    """
    inside = nested(differences)
    places = tuple(comparison.one.grouping[place] for place in comparison.one.places)
    held = [_rows_by_label(view, *table) for view, table in ((comparison.one, one), (comparison.other, other))]
    found = []
    for difference in differences:
        label = tuple(plain(key) for key in difference.keys)
        for mine, theirs in comparison.measures:
            counted = [_counts_persons(fingerprint, at) for (fingerprint, _), at in ((one, mine), (other, theirs))]
            persons = _few(difference, threshold, by_person=any(counted), by_row=not all(counted), inside=inside)
            rows = [
                _shown(table[0], by.get(label), at)
                for table, by, at in ((one, held[0], mine), (other, held[1], theirs))
            ]
            if persons and rows[0] and rows[1]:
                found.append(Told(difference.keys, places, persons, rows[0], rows[1], mine, theirs))
                break
    return tuple(found)


def _few(difference: Difference, threshold: int, *, by_person: bool, by_row: bool, inside: bool) -> int:
    """By how few persons a cell is told apart, or 0."""
    if by_person and inside and 0 < difference.apart < threshold:
        return difference.apart
    if 0 < difference.changed < threshold and (by_row or difference.apart):
        return difference.changed if by_row else difference.apart
    return 0


def _counts_persons(fingerprint: Fingerprint, measure: int) -> bool:
    return fingerprint.query.measures[measure].aggregate is Aggregate.COUNT_PERSONS


def _rows_by_label(view: View, fingerprint: Fingerprint, cells: Iterable[Label]) -> Mapping[Label, tuple[int, ...]]:
    """Common label -> the rows of the table that make it up; left out where the table lacks one of them."""
    rows = _rows_of(fingerprint, view.grouping)
    found: dict[Label, list[int | None]] = {}
    for cell in cells:
        spelled_cell = tuple(plain(value) for value in cell)  # type: ignore[arg-type]  # values of keys
        found.setdefault(tuple(spelled_cell[place] for place in view.places), []).append(rows.get(spelled_cell))
    return {
        label: tuple(row for row in listed if row is not None) for label, listed in found.items() if None not in listed
    }


def _rows_of(fingerprint: Fingerprint, grouping: tuple[int, ...]) -> Mapping[Label, int]:
    columns = [fingerprint.query.columns.index(fingerprint.query.keys[at].name) for at in grouping]
    return {
        tuple(plain(fingerprint.table.rows[row][column]) for column in columns): row
        for row, own in enumerate(fingerprint.groupings)
        if own == grouping
    }


def _shown(fingerprint: Fingerprint, rows: tuple[int, ...] | None, measure: int) -> tuple[int, ...]:
    """`rows`, when every one of them shows the measure."""
    column = fingerprint.query.columns.index(fingerprint.query.measures[measure].name)
    if not rows or any(fingerprint.table.rows[row][column] is None for row in rows):
        return ()
    return rows


# -- common cells


def _compared(
    one: Query, one_grouping: tuple[int, ...], other: Query, other_grouping: tuple[int, ...]
) -> Comparison | None:
    mine = {one.keys[at].expression: at for at in one_grouping}
    theirs = {other.keys[at].expression: at for at in other_grouping}
    common = tuple(key for key in mine if key in theirs)
    whole = len(common) == len(mine) == len(theirs)
    here = _narrowed(one, other.where, frozenset(mine))
    there = _narrowed(other, one.where, frozenset(theirs))
    measures = tuple(_measures(one, other, whole=whole and (here, there) == (one, other)))
    if not measures or _rows(here) == _rows(there):
        return None
    return Comparison(_view(here, one_grouping, common), _view(there, other_grouping, common), measures)


def _view(query: Query, grouping: tuple[int, ...], common: tuple[Expression, ...]) -> View:
    keys = tuple(query.keys[at].expression for at in grouping)
    # What a side is called, what it counts and what else was asked of it do not matter: equal rows are equal sides.
    bare = replace(query, keys=(), measures=(), groupings=(), columns=(), notes=())
    return View(Side(bare, common), Side(bare, keys), grouping, tuple(keys.index(key) for key in common))


def _narrowed(query: Query, conditions: Iterable[Expression], keys: frozenset[Expression]) -> Query:
    """`query` with those of another's conditions that choose among its own cells."""
    chosen = tuple(part for part in conditions if part not in query.where and _stands_on(part, keys))
    return replace(query, where=(*query.where, *chosen)) if chosen else query


def _stands_on(expression: Expression, keys: frozenset[Expression]) -> bool:
    """Whether the value of `expression` follows from the values of `keys`."""
    if expression in keys or isinstance(expression, Literal):
        return True
    if isinstance(expression, ColumnRef):
        return False
    return all(_stands_on(part, keys) for part in _parts(expression))


def _parts(expression: Call | Case) -> Iterator[Expression]:
    if isinstance(expression, Call):
        yield from expression.arguments
        return
    for pair in expression.whens:
        yield from pair
    if expression.otherwise is not None:
        yield expression.otherwise


def _measures(one: Query, other: Query, *, whole: bool) -> Iterator[tuple[int, int]]:
    """Pairs of measures that tell of one another; `whole`: cells are compared as they are, not added up."""
    for mine, left in enumerate(one.measures):
        for theirs, right in enumerate(other.measures):
            both = {left.aggregate, right.aggregate}
            if both <= _COUNTS:
                # Any two counts: of rows, persons or values, they are often the same number.
                yield mine, theirs
            elif left.argument == right.argument and (both <= _ADDITIVE or (whole and _alike(left, right))):
                yield mine, theirs


def _alike(one: Measure, other: Measure) -> bool:
    return (one.aggregate, one.parameter, one.denominator) == (other.aggregate, other.parameter, other.denominator)


def _rows(query: Query) -> tuple[object, ...]:
    return query.tables, query.joins, frozenset(query.where)


# -- one spelling


def spelled(query: Query) -> Query:
    """`query` in one spelling, with keys, measures and groupings in their own places."""
    form = canonical_form(query)
    keys, measures = [*query.keys], [*query.measures]
    for at, place in enumerate(form.keys):
        keys[place] = form.query.keys[at]
    for at, place in enumerate(form.measures):
        measures[place] = form.query.measures[at]
    return replace(form.query, keys=tuple(keys), measures=tuple(measures), groupings=query.groupings)
