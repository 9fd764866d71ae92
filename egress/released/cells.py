"""What a cell of a table is, whatever table it stands in: rows of which tables, meeting which conditions.

A condition that fixes a value (`sex = 'F'`) and a key that has it are the same thing said in two places: so the table
of the women is a part of the table by sex. `count(*) FILTER (WHERE sex = 'F')` is the number of rows of that part too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from egress.query.canonical import canonical_form
from egress.query.canonical_expressions import canonical_condition, conjuncts, sort_key
from egress.query.model import Aggregate, Call, Case, ColumnRef, Expression, Join, Literal, Measure, Query
from egress.query.table import Value

Rows: TypeAlias = tuple[tuple[str, ...], tuple[Join, ...]]
At: TypeAlias = tuple[Value | None, ...]


@dataclass(frozen=True)
class Number:
    """What is counted or added up in a cell, so that it adds up over cells: rows, persons, values, sum, squares."""

    kind: str
    argument: Expression | None = None

    @property
    def whole(self) -> bool:
        return self.kind not in {"sum", "squares"}


ROWS = Number("rows")
PERSONS = Number("persons")


@dataclass(frozen=True)
class Layer:
    """Cells told apart by the same expressions, among the rows of `source` that meet `where`."""

    source: Rows
    where: frozenset[Expression]
    by: tuple[Expression, ...]


@dataclass(frozen=True)
class Published:
    """A measure as a number of cells: of those of the grouping itself, or of the part of each that `part` chooses.

    `position` is the measure's in the query.
    """

    position: int
    layer: Layer
    fixed: tuple[tuple[Expression, Value | None], ...]
    number: Number


@dataclass(frozen=True)
class Spread:
    """One grouping of a query: its layer, where the layer's values come from, and the numbers that it publishes.

    `fixed` are values that the conditions give; `keys` holds (expression, position of the key in the query).
    """

    grouping: tuple[int, ...]
    layer: Layer
    fixed: tuple[tuple[Expression, Value | None], ...]
    keys: tuple[tuple[Expression, int], ...]
    published: tuple[Published, ...]
    partial: bool

    def layers(self) -> tuple[Layer, ...]:
        """Its own layer, and those of the parts that its numbers are about."""
        return (self.layer, *(one.layer for one in self.published))


def spreads(query: Query) -> tuple[Spread, ...]:
    """The groupings of `query` as layers of cells."""
    form = canonical_form(query)
    one = form.query
    source: Rows = (tuple(table.alias for table in one.tables), one.joins)
    fixed, where = split(one.where)
    place = dict(enumerate(form.keys))
    found = []
    for grouping in one.groupings:
        keys = tuple((one.keys[at].expression, place[at]) for at in grouping)
        layer = _layer(source, where, (*fixed, *(expression for expression, _ in keys)))
        published, partial = _published(one, layer, fixed, form.measures)
        original = tuple(sorted(place[at] for at in grouping))
        found.append(Spread(original, layer, tuple(fixed.items()), keys, published, partial))
    return tuple(found)


def _layer(source: Rows, where: Iterable[Expression], by: Iterable[Expression]) -> Layer:
    return Layer(source, frozenset(where), tuple(sorted(dict.fromkeys(by), key=sort_key)))


def split(conditions: Iterable[Expression]) -> tuple[dict[Expression, Value | None], tuple[Expression, ...]]:
    """Canonical conditions as values that they fix, and the others."""
    fixed: dict[Expression, Value | None] = {}
    others: list[Expression] = []
    for condition in conditions:
        match condition:
            case Call("eq", (subject, Literal(value=value))) if subject not in fixed:
                fixed[subject] = value
            case Call("is_null", (subject,)) if subject not in fixed:
                fixed[subject] = None
            case ColumnRef() if condition not in fixed:
                fixed[condition] = True
            case Call("not", (ColumnRef() as subject,)) if subject not in fixed:
                fixed[subject] = False
            case _:
                others.append(condition)
    return fixed, tuple(others)


# -- measures as numbers of cells


def _published(
    query: Query, layer: Layer, fixed: Mapping[Expression, Value | None], places: Sequence[int]
) -> tuple[tuple[Published, ...], bool]:
    """What the measures publish, and whether some of them publish what does not add up."""
    found: list[Published] = []
    partial = False
    for at, measure in enumerate(query.measures):
        read = _number(measure)
        if read is None:
            partial = True
            continue
        conditions, number = read
        more, others = split(conditions)
        if any(subject in fixed or subject in layer.by for subject in more):
            more, others = {}, (*others, *conditions)
        part = _layer(layer.source, (*layer.where, *others), (*layer.by, *more)) if conditions else layer
        found.append(Published(places[at], part, tuple(more.items()), number))
    numbers = {one.number for one in found if one.layer == layer}
    if ROWS not in numbers and (PERSONS in numbers or not numbers):
        # Persons who stand in two cells do not add up, nor do quantiles: the rows behind them stand for them.
        found.append(Published(-1, layer, (), ROWS))
    return tuple(found), partial


def _number(measure: Measure) -> tuple[tuple[Expression, ...], Number] | None:
    """The conditions under which a measure counts or adds, and what; None for what does not add up.

    A mean or share counts as the sum, a standard deviation as the sum of squares that it gives beside a count.
    """
    argument = measure.argument
    match measure.aggregate:
        case Aggregate.COUNT_ROWS:
            return (), ROWS
        case Aggregate.COUNT_PERSONS if argument is None:
            return (), PERSONS
        case Aggregate.COUNT_PERSONS | Aggregate.SHARE_PERSONS if argument is not None:
            return (_present(argument), PERSONS) if chosen(argument) else ((), Number("persons", argument))
        case Aggregate.COUNT_VALUES if argument is not None:
            conditions, inner = _conditions(argument)
            return conditions, Number("values", inner) if inner is not None else ROWS
        case Aggregate.STDDEV if argument is not None:
            conditions, inner = _conditions(argument)
            return conditions, Number("squares", inner)
        case Aggregate.SUM | Aggregate.AVG | Aggregate.SHARE if argument is not None:
            return _sum(measure, argument)
    return None


def _sum(measure: Measure, argument: Expression) -> tuple[tuple[Expression, ...], Number]:
    match argument:
        case Call("flag", (test,)):
            return conjuncts(canonical_condition(test)), ROWS
        case Case(((test, Literal(value=value)),), Literal(value=other)) if value == 1 and other == 0:
            return conjuncts(canonical_condition(test)), ROWS
        case ColumnRef() if measure.binary:
            return (Call("eq", (argument, Literal(1, published=True))),), ROWS
        case _:
            conditions, inner = _conditions(argument)
            return (conditions, Number("sum", inner)) if inner is not None else (conditions, ROWS)


def _conditions(argument: Expression) -> tuple[tuple[Expression, ...], Expression | None]:
    """`CASE WHEN test THEN inner END` as its conditions and `inner`, None where that is the constant 1."""
    match argument:
        case Case(((test, inner),), None):
            kept = None if isinstance(inner, Literal) and inner.value == 1 else inner
            return conjuncts(canonical_condition(test)), kept
    return (), argument


def chosen(argument: Expression) -> bool:
    """Whether `argument` says only which rows are counted: count(DISTINCT person) FILTER (WHERE …)."""
    return isinstance(argument, Case) and _conditions(argument)[1] is None


def _present(argument: Expression) -> tuple[Expression, ...]:
    return _conditions(argument)[0]


def reframed(layer: Layer, source: Rows) -> Layer:
    """`layer` as one of other tables that hold the same rows."""
    return replace(layer, source=source)
