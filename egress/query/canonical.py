"""A Query in one spelling, so that two that ask for the same compare equal; and on which rows it stands.

Vanishing: table aliases, the order of tables, inner joins, conditions, keys and measures, names of columns, which of
two joined columns is written, left joins that a condition makes inner ones, and what `canonical_expressions` knows.
Two queries that are equal here compute the same table; two that differ may still do so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, permutations, product

from egress.query.canonical_expressions import (
    canonical_condition,
    canonical_value,
    conjuncts,
    joined,
    negated,
    rejected_columns,
    sort_key,
)
from egress.query.canonical_joins import Joined, Rename, joined_of, ordered_joins, renaming
from egress.query.model import Call, ColumnRef, Expression, Literal, LiteralValue, Measure, Query, substituted

# A table that stands several times in a query is labelled by what is said of it; where that does not tell its copies
# apart, this many ways to label them are tried. It bounds computing time.
MAX_LABELLINGS = 24

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Canonical:
    """`query` in one spelling; its key i is key `keys[i]` of the original, its measure i measure `measures[i]`."""

    query: Query
    keys: tuple[int, ...]
    measures: tuple[int, ...]


def canonical(query: Query) -> Query:
    """`query` in one spelling: it computes the same table, up to the order and names of columns. It has no notes."""
    return canonical_form(query).query


def canonical_form(query: Query) -> Canonical:
    """The canonical query, and where its keys and measures stand in `query`."""
    where = joined("and", (canonical_condition(part) for part in query.where)) if query.where else None
    parts = conjuncts(where) if where is not None else ()
    tables = joined_of(query, parts)
    forms = (_labelled(query, parts, tables, labels) for labels in _labellings(query, parts, tables))
    return min(forms, key=lambda form: repr(form.query))


def row_filter(query: Query) -> frozenset[Expression]:
    """The conditions that every row of the table meets, in one spelling; tables go by their own names."""
    return frozenset(canonical(query).where)


def fixed_values(query: Query) -> Mapping[Expression, frozenset[LiteralValue]]:
    """Expression, in one spelling -> the only values that the conditions leave it: a part of the table by that key."""
    found: dict[Expression, frozenset[LiteralValue]] = {}
    for condition in canonical(query).where:
        for subject, values in _fixed(condition):
            found[subject] = found[subject] & values if subject in found else values
    return found


def _fixed(condition: Expression) -> Iterator[tuple[Expression, frozenset[LiteralValue]]]:
    if not isinstance(condition, Call):
        yield condition, frozenset({True})
        return
    name, arguments = condition.function, condition.arguments
    if name in {"eq", "in"} and all(isinstance(value, Literal) for value in arguments[1:]):
        yield arguments[0], frozenset(value.value for value in arguments[1:] if isinstance(value, Literal))
        return
    # every condition is a key that may be grouped by, and is TRUE here; its opposite is FALSE
    yield condition, frozenset({True})
    yield negated(condition), frozenset({False})


# -- one way to label the tables


def _labelled(query: Query, where: Iterable[Expression], tables: Joined, labels: Labels) -> Canonical:
    rename = renaming(labels, tables.classes)

    def spelt(expression: Expression) -> Expression:
        return canonical_value(substituted(expression, rename))

    order, joins = ordered_joins(tables, labels)
    equal = {rename(ref) for one in tables.classes for ref in one}
    conditions = [part for each in where for part in conjuncts(canonical_condition(substituted(each, rename)))]
    keys = [replace(key, expression=spelt(key.expression)) for key in query.keys]
    measures = [_spelt(measure, rename) for measure in query.measures]
    key_order = sorted(range(len(keys)), key=lambda at: (sort_key(keys[at].expression), at))
    measure_order = sorted(range(len(measures)), key=lambda at: (_measure_key(measures[at]), at))
    place = {old: new for new, old in enumerate(key_order)}
    groupings = {tuple(sorted(place[key] for key in grouping)) for grouping in query.groupings}
    made = Query(
        tables=order,
        joins=joins,
        where=_needed(conditions, equal),
        keys=tuple(replace(keys[old], name=f"k{new}") for new, old in enumerate(key_order)),
        measures=tuple(replace(measures[old], name=f"m{new}") for new, old in enumerate(measure_order)),
        groupings=tuple(sorted(groupings, key=lambda grouping: (-len(grouping), grouping))),
        columns=(*(f"k{at}" for at in range(len(keys))), *(f"m{at}" for at in range(len(measures)))),
        person=rename(query.person),
    )
    return Canonical(made, tuple(key_order), tuple(measure_order))


def _needed(conditions: Iterable[Expression], equal: set[ColumnRef]) -> tuple[Expression, ...]:
    """Each condition once, without those that say IS NOT NULL of what cannot be."""
    distinct = {sort_key(condition): condition for condition in conditions}
    known: dict[ColumnRef, int] = defaultdict(int)
    for condition in distinct.values():
        for ref in rejected_columns(condition):
            known[ref] += 1
    kept = []
    for key in sorted(distinct):
        present = _present(distinct[key])
        if present is None or (present not in equal and known[present] < 2):
            kept.append(distinct[key])
    return tuple(kept)


def _present(condition: Expression) -> ColumnRef | None:
    """The column of which `condition` says IS NOT NULL."""
    inner = condition.arguments[0] if isinstance(condition, Call) and condition.function == "not" else None
    subject = inner.arguments[0] if isinstance(inner, Call) and inner.function == "is_null" else None
    return subject if isinstance(subject, ColumnRef) else None


def _spelt(measure: Measure, rename: Rename) -> Measure:
    def spelt(part: Expression | None) -> Expression | None:
        return None if part is None else canonical_value(substituted(part, rename))

    return replace(measure, argument=spelt(measure.argument), denominator=spelt(measure.denominator))


def _measure_key(measure: Measure) -> tuple[str, ...]:
    parts = (measure.argument, measure.denominator)
    texts = ("" if part is None else sort_key(part) for part in parts)
    return (measure.aggregate.value, *texts, repr((measure.parameter, measure.scale, measure.counted)))


# -- labels


def _labellings(query: Query, where: Iterable[Expression], tables: Joined) -> Iterator[Labels]:
    """Ways to call the tables: by their names, copies of one table numbered in the order of what is said of them."""
    copies: defaultdict[str, list[str]] = defaultdict(list)
    for ref in query.tables:
        copies[ref.table].append(ref.alias)
    choices = []
    for table, aliases in copies.items():
        names = [table, *(f"{table}#{number}" for number in range(2, len(aliases) + 1))]
        choices.append([dict(zip(order, names, strict=True)) for order in _orders(query, where, tables, aliases)])
    for choice in islice(product(*choices), MAX_LABELLINGS):
        yield {alias: name for part in choice for alias, name in part.items()}


def _orders(query: Query, where: Iterable[Expression], tables: Joined, aliases: list[str]) -> Iterable[tuple[str, ...]]:
    if len(aliases) == 1:
        return [tuple(aliases)]
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for alias in aliases:
        alike[_said_of(alias, query, where, tables)].append(alias)
    groups = [islice(permutations(sorted(alike[said])), MAX_LABELLINGS) for said in sorted(alike)]
    orders = islice(product(*groups), MAX_LABELLINGS)
    return [tuple(alias for group in order for alias in group) for order in orders]


def _said_of(alias: str, query: Query, where: Iterable[Expression], tables: Joined) -> str:
    """What the query says of one copy of a table, whatever the other copies are called."""
    names = {ref.alias: "*" if ref.alias == alias else ref.table for ref in query.tables}

    def rename(ref: ColumnRef) -> ColumnRef:
        return ColumnRef(names[ref.alias], ref.column)

    said = [sort_key(canonical_condition(substituted(part, rename))) for part in where]
    keys = sorted(sort_key(canonical_value(substituted(key.expression, rename))) for key in query.keys)
    measures = sorted(_measure_key(_spelt(measure, rename)) for measure in query.measures)
    classes = sorted(sorted(repr(rename(ref)) for ref in one) for one in tables.classes)
    left = sorted(repr((names[join.table.alias], [tuple(map(rename, on)) for on in join.on])) for join in tables.left)
    return repr((sorted(said), keys, measures, classes, left, rename(query.person)))
