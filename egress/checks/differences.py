"""Columns of one table that give a further one by subtraction: cumulative counts, sums with and without a condition.

`count(*) FILTER (WHERE age >= 60)` beside `>= 65` is a count of those from 60 to 64, whom nobody looked at. What
evidence bounds is judged; what it does not is for people, with the advice to make the condition a key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from egress.checks.conditions import ONE, Part, Relation, part_of, relation
from egress.checks.examined import MAGNITUDES, TABLE, Examined, Rule
from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import CellEvidence, MeasureEvidence
from egress.query.model import Aggregate, Expression, Measure, columns_in
from hub.policy.model import DisclosureRules
from hub.words import Message, say

RULE = Rule("differences", Risk.IMPLICIT_TABLES)

_COUNTS = frozenset({Aggregate.COUNT_VALUES, Aggregate.COUNT_PERSONS, Aggregate.SHARE_PERSONS})


@dataclass(frozen=True)
class _Column:
    """One measure, or what a share is a share of, read: what is counted or summed, under which condition."""

    position: int
    measure: Measure
    part: Part
    counts: bool
    binary: bool
    whole: bool = False  # the denominator

    @property
    def persons(self) -> bool:
        """Whether it counts persons, and not rows."""
        return self.measure.aggregate in {Aggregate.COUNT_PERSONS, Aggregate.SHARE_PERSONS}

    def known(self, cell: CellEvidence) -> MeasureEvidence | None:
        known = cell.measures[self.position]
        return known.denominator if known is not None and self.whole else known


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    least = rules.min_persons.value
    columns = list(_columns(examined))
    findings = [
        *_pairs(examined, columns, least),
        *_remainder(examined, columns, least),
        *_keys(examined),
    ]
    return tuple(findings) or (RULE.passed(TABLE, say("No column is the difference of two others by a condition.")),)


def _columns(examined: Examined) -> Iterator[_Column]:
    seen: set[Expression] = set()
    for position, measure in enumerate(examined.query.measures):
        if measure.aggregate not in MAGNITUDES and measure.aggregate not in _COUNTS:
            continue
        for argument, whole in ((measure.argument, False), (measure.denominator, True)):
            if argument is None or argument in seen or argument == ONE:
                continue
            seen.add(argument)
            part, counts = part_of(argument), measure.aggregate in _COUNTS
            binary = not counts and (bool(part.conditions and part.value == ONE) if whole else measure.binary)
            if binary:
                part = Part(ONE, part.conditions or (argument,), zero=True)  # 0/1 is its own condition
            yield _Column(position, measure, part, counts or binary, binary, whole)


def _pairs(examined: Examined, columns: list[_Column], least: int) -> Iterator[Finding]:
    """Nested pairs are judged by evidence, next neighbours only: what lies between others is no smaller."""
    nested: list[tuple[_Column, _Column]] = []
    doubtful: dict[str, list[str]] = {}
    for one, other in combinations(columns, 2):
        how = _related(one, other)
        if how is None or (how is Relation.EQUAL and one.part.value == other.part.value):
            continue
        inner, outer = (other, one) if how is Relation.AROUND else (one, other)
        if how is not Relation.UNKNOWN and inner.part.value == outer.part.value:
            nested.append((inner, outer))
        else:
            doubtful.setdefault(inner.measure.name, []).append(outer.measure.name)
    for inner, outer in _neighbours(nested):
        rows: dict[Outcome, list[int]] = {outcome: [] for outcome in Outcome}
        for row, cell in enumerate(examined.evidence.cells):
            rows[_difference(cell, inner, outer, least)].append(row)
        yield from _told(examined, (inner, outer), rows, least)
    for name, others in doubtful.items():
        yield RULE.found(Outcome.REVIEW, name, _not_looked_at(name, others))


def _related(one: _Column, other: _Column) -> Relation | None:
    """How two columns that may be subtracted lie to each other; None when nothing comes of it."""
    if one.counts != other.counts or not _shares(one.part.value, other.part.value):
        return None
    how = relation(one.part.conditions, other.part.conditions)
    if how is Relation.DISJOINT or (how is Relation.UNKNOWN and not _same_columns(one, other)):
        return None
    return how


def _neighbours(nested: list[tuple[_Column, _Column]]) -> list[tuple[_Column, _Column]]:
    """The pairs with no third column between."""
    around: dict[_Column, set[_Column]] = {}
    for inner, outer in nested:
        around.setdefault(inner, set()).add(outer)
    return [
        (inner, outer)
        for inner, outer in nested
        if not any(outer in around.get(between, ()) for between in around[inner] - {outer})
    ]


def _difference(cell: CellEvidence, inner: _Column, outer: _Column, least: int) -> Outcome:
    """What evidence says of the rows in `outer` and not in `inner`: no more persons than rows, no fewer than the
    difference of persons."""
    left, right = inner.known(cell), outer.known(cell)
    if left is None or right is None:
        return Outcome.REVIEW
    rows = _rows(right, outer) - _rows(left, inner)
    persons = _persons(right, outer) - _persons(left, inner)
    if inner.persons and outer.persons:
        return Outcome.FAIL if 0 < persons < least else Outcome.PASS  # just those are told
    if not inner.counts and (inner.part.zero or outer.part.zero):
        return Outcome.REVIEW  # rows that count as 0 are not told from those that do not
    if rows == 0:
        return Outcome.PASS
    if not rows >= least:
        return Outcome.FAIL
    if not inner.counts:
        return Outcome.REVIEW  # who dominates the difference is not known
    return Outcome.PASS if persons >= least else Outcome.REVIEW


def _rows(known: MeasureEvidence, column: _Column) -> float:
    return known.total if column.binary else float(known.rows)


def _persons(known: MeasureEvidence, column: _Column) -> int:
    return known.nonzero if column.binary else known.persons


def _told(
    examined: Examined, pair: tuple[_Column, _Column], rows: Mapping[Outcome, list[int]], least: int
) -> Iterator[Finding]:
    where, other = (column.measure.name for column in pair)
    places = [examined.column(column.measure) for column in pair]
    if rows[Outcome.FAIL]:
        why = say(
            "In {rows} cells this column and {other} differ by fewer than {least} persons.",
            rows=len(rows[Outcome.FAIL]),
            other=other,
            least=least,
        )
        yield RULE.found(Outcome.FAIL, where, why, tuple((row, at) for row in rows[Outcome.FAIL] for at in places))
    if rows[Outcome.REVIEW]:
        why = _not_looked_at(where, [other])
        yield RULE.found(Outcome.REVIEW, where, why, tuple((row, at) for row in rows[Outcome.REVIEW] for at in places))


def _not_looked_at(name: str, others: list[str]) -> Message:
    told = [other for other in others if other != name]
    if not told:  # a share and what it is a share of
        return say(
            "What this share leaves of its whole was not looked at. Make its condition a key, so that each part is."
        )
    return say(
        "This column and {other} differ by a condition or an expression, and their difference is a column "
        "that was not looked at. Make the condition a key, so that each part is.",
        other=", ".join(told),
    )


def _shares(one: Expression, other: Expression) -> bool:
    """Whether two values are the same, or have a column in common that is aggregated."""
    return one == other or not {*columns_in(one)}.isdisjoint(columns_in(other))


def _same_columns(one: _Column, other: _Column) -> bool:
    """Conditions over different columns are not known to lie in each other; sums of one column always may."""
    if not one.counts:
        return True
    left = {column for condition in one.part.conditions for column in columns_in(condition)}
    right = {column for condition in other.part.conditions for column in columns_in(condition)}
    return not left.isdisjoint(right)


def _remainder(examined: Examined, columns: list[_Column], least: int) -> Iterator[Finding]:
    """Counts that exclude each other leave a rest of the cell."""
    family: list[_Column] = []
    for column in columns:
        if not (column.binary and column.part.conditions):
            continue
        if all(relation(column.part.conditions, one.part.conditions) is Relation.DISJOINT for one in family):
            family.append(column)
    if len(family) < 2:
        return
    small: list[int] = []
    unsure: list[int] = []
    for row, cell in enumerate(examined.evidence.cells):
        known = [column.known(cell) for column in family]
        rows = cell.rows - sum(one.total for one in known if one is not None)
        persons = cell.persons - sum(one.nonzero for one in known if one is not None)
        if rows != 0 and not rows >= least:
            small.append(row)
        elif rows != 0 and persons < least:
            unsure.append(row)
    names = ", ".join(column.measure.name for column in family)
    places = [examined.column(column.measure) for column in family]
    if small:
        why = say("In {rows} cells these columns leave fewer than {least} persons.", rows=len(small), least=least)
        yield RULE.found(Outcome.FAIL, names, why, tuple((row, at) for row in small for at in places))
    if unsure:
        why = say("How many persons these columns leave is not known. Make their conditions a key.")
        yield RULE.found(Outcome.REVIEW, names, why, tuple((row, at) for row in unsure for at in places))


def _keys(examined: Examined) -> Iterator[Finding]:
    """Keys of one column that no grouping crosses: the difference of two of their classes is in no cell."""
    query = examined.query
    for one, other in combinations(range(len(query.keys)), 2):
        if any(one in grouping and other in grouping for grouping in query.groupings):
            continue
        left, right = (set(columns_in(query.keys[at].expression)) for at in (one, other))
        if not left.isdisjoint(right):
            why = say(
                "This key and {other} are classes of one column, and no part of the table crosses them: "
                "their difference is in no cell.",
                other=query.keys[other].name,
            )
            yield RULE.found(Outcome.REVIEW, query.keys[one].name, why)
