"""What DuckDB answered, and what was tallied, becomes evidence."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from egress.query.evidence import CellEvidence, Evidence, MeasureEvidence
from egress.query.evidence_sql import PERSON_COLUMNS, ROW_COLUMNS
from egress.query.facts import Fact, facts
from egress.query.model import Expression, Measure, Query
from egress.query.table import Value
from egress.query.tally import Tally

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Contributors:
    """Per cell, how many contributors (or rows); per fact, columns by name."""

    count: Sequence[int]
    facts: Mapping[str, Mapping[str, Sequence[Any]]]


@dataclass(frozen=True)
class Known:
    """What is known of the cells, in the order of the table: g0 …, k0 … of each, and what rows, persons and units say.

    `units` None: not known. `classes` has (values, persons with the most frequent one) per sensitive fact that is not
    0/1.
    """

    keys: Sequence[Row]
    rows: Contributors
    people: Contributors
    units: Contributors | None = None
    classes: Mapping[str, Sequence[Row]] = field(default_factory=dict)


def value_of(value: Any) -> Value | None:
    """A value of DuckDB; NaN and infinity are no numbers to release."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def from_rows(query: Query, rows: Sequence[Row], names: Sequence[str]) -> Contributors:
    """From the rows of `rows_sql` or `persons_sql` without their keys; `names` are the columns of each fact."""
    known = facts(query).values()
    width = len(names)
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * (1 + len(known) * width)
    found = {fact.name: dict(zip(names, columns[1 + at * width :], strict=False)) for at, fact in enumerate(known)}
    return Contributors(columns[0], found)


def from_tally(query: Query, tally: Tally) -> tuple[Contributors, Contributors]:
    """Rows and persons."""
    rows, people = {}, {}
    for fact in facts(query).values():
        found = tally.of(fact)
        rows[fact.name] = {name: getattr(found, name).tolist() for name in ROW_COLUMNS}
        people[fact.name] = {name: getattr(found, name).tolist() for name in PERSON_COLUMNS}
        people[fact.name]["second"] = found.bounded().tolist()
    return Contributors(tally.rows.tolist(), rows), Contributors(tally.persons.tolist(), people)


def gathered(query: Query, known: Known) -> Evidence:
    """Evidence, in the order of `known`."""
    count, named = len(query.keys), facts(query)
    measured = {fact.name: list(_measures(fact, known)) for fact in named.values()}
    shown = [_shown(measure, named, measured) for measure in query.measures]
    cells = []
    for at, row in enumerate(known.keys):
        keys = tuple(map(value_of, row[count : 2 * count]))
        measures = tuple(None if about is None else about[at] for about in shown)
        units = None if known.units is None else known.units.count[at]
        rows, people = known.rows.count[at], known.people.count[at]
        cells.append(CellEvidence(keys, _grouping(query, row), rows, people, measures, units))
    return Evidence(_with_rest(query, cells))


def _shown(
    measure: Measure, known: Mapping[Expression, Fact], measured: Mapping[str, list[MeasureEvidence]]
) -> list[MeasureEvidence] | None:
    """The evidence about one measure in each cell; None where it has no argument."""
    if measure.argument is None:
        return None
    above = measured[known[measure.argument].name]
    if measure.denominator is None:
        return above
    below = measured[known[measure.denominator].name]
    return [replace(one, denominator=other) for one, other in zip(above, below, strict=True)]


def _grouping(query: Query, row: Row) -> tuple[int, ...]:
    if len(query.groupings) == 1:
        return query.groupings[0]
    return tuple(position for position in range(len(query.keys)) if not row[position])


def _measures(fact: Fact, known: Known) -> Iterator[MeasureEvidence]:
    """The evidence about one fact in each cell."""
    by_row, by_person = known.rows.facts[fact.name], known.people.facts[fact.name]
    columns = [*(by_row[name] for name in ROW_COLUMNS), *(by_person[name] for name in PERSON_COLUMNS)]
    for at, column in enumerate(zip(*columns, strict=True)):
        rows, negatives, constant, persons, others, nonzero, total, largest, second, zeros = column
        if not math.isfinite(total):  # NaN is on no side of any threshold, while infinity is 85 % of infinity
            total, largest, second = (math.nan,) * 3
        about = MeasureEvidence(
            rows=rows,
            persons=persons,
            nonzero=nonzero,
            missing=known.people.count[at] - persons,
            total=total,
            largest=largest,
            second=second,
            negatives=negatives,
            constant=constant,
            zeros=zeros if fact.binary and fact.numeric else None,
            others=others,
        )
        if fact.sensitive:
            distinct, top = _classes(fact, about, known, at)
            about = replace(about, distinct=distinct, top_class=top)
        yield about if known.units is None else replace(about, **_units(fact, known.units, at))


def _classes(fact: Fact, about: MeasureEvidence, known: Known, at: int) -> tuple[int, int]:
    if fact.binary:
        sides = (about.nonzero, about.zeros or 0)
        return sum(side > 0 for side in sides), max(sides)
    distinct, top = known.classes[fact.name][at]
    return distinct, top


def _units(fact: Fact, units: Contributors, at: int) -> dict[str, Any]:
    mine = units.facts[fact.name]
    if not fact.numeric:
        return {"units": mine["persons"][at]}
    names = {"units": "persons", "unit_nonzero": "nonzero"}
    names |= {f"unit_{name}": name for name in ("total", "largest", "second")}
    known = {name: mine[column][at] for name, column in names.items()}
    if not math.isfinite(known["unit_total"]):
        known |= dict.fromkeys(("unit_total", "unit_largest", "unit_second"), math.nan)
    return known


def _with_rest(query: Query, cells: Sequence[CellEvidence]) -> tuple[CellEvidence, ...]:
    """`rest` of every cell that a total of the table holds.

    Elsewhere in the total are at least all its persons less those of the cell, and at least those of any other cell
    of the same grouping in it.
    """
    least: dict[int, int] = {}
    for parent in query.groupings:
        for child in query.groupings:
            if not set(parent) < set(child):
                continue
            totals = {_within(cell, parent): cell for cell in cells if cell.grouping == parent}
            families = defaultdict(list)
            for at, cell in enumerate(cells):
                if cell.grouping == child:
                    families[_within(cell, parent)].append(at)
            for family, members in families.items():
                for at, rest in _rests(cells, members, totals[family].persons if family in totals else 0):
                    least[at] = min(rest, least.get(at, rest))
    return tuple(replace(cell, rest=least[at]) if at in least else cell for at, cell in enumerate(cells))


def _within(cell: CellEvidence, grouping: tuple[int, ...]) -> tuple[tuple[str, Value | None], ...]:
    # 1, 1.0 and True are equal in Python and different in a table
    return tuple((type(cell.keys[position]).__name__, cell.keys[position]) for position in grouping)


def _rests(cells: Sequence[CellEvidence], members: Sequence[int], total: int) -> list[tuple[int, int]]:
    ordered = sorted((cells[at].persons for at in members), reverse=True)
    largest, second = (*ordered, 0)[:2]
    found = []
    for at in members:
        persons = cells[at].persons
        sibling = second if persons == largest else largest
        found.append((at, max(total - persons, sibling)))
    return found


def supported(cell: CellEvidence, position: int, support: Row) -> CellEvidence:
    """`cell` with the persons beside the quantile at `position`."""
    measures = list(cell.measures)
    below, at, above = support
    measures[position] = replace(measures[position] or MeasureEvidence(), below=below, at=at, above=above)
    return replace(cell, measures=tuple(measures))
