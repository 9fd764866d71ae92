"""Tables and joins in one spelling: which joins drop rows, which columns are equal, and in which order tables stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from egress.query.canonical_expressions import rejected_columns
from egress.query.model import ColumnRef, Expression, Join, Query, TableRef

Class = frozenset[ColumnRef]
Rename = Callable[[ColumnRef], ColumnRef]


@dataclass(frozen=True)
class Joined:
    """The joins of a query: `inner` tables in any order, `left` joins that stay, columns equal in every row."""

    inner: tuple[TableRef, ...]
    left: tuple[Join, ...]
    classes: tuple[Class, ...]


def joined_of(query: Query, where: Iterable[Expression]) -> Joined:
    """A left join is an inner one where a later join or a condition in canonical `where` drops its empty rows."""
    rejected = {ref.alias for condition in where for ref in rejected_columns(condition)}
    inner: set[str] = {query.tables[0].alias}
    while True:
        more = {join.table.alias for join in query.joins if join.kind == "inner" or join.table.alias in rejected}
        before = {ref.alias for join in query.joins if join.table.alias in inner | more for ref, _ in join.on}
        if inner | more | before == inner:
            break
        inner |= more | before
        rejected |= before
    pairs = [pair for join in query.joins if join.table.alias in inner for pair in join.on]
    return Joined(
        tuple(table for table in query.tables if table.alias in inner),
        tuple(join for join in query.joins if join.table.alias not in inner),
        _classes(pairs),
    )


def _classes(pairs: Iterable[tuple[ColumnRef, ColumnRef]]) -> tuple[Class, ...]:
    found: list[Class] = []
    for pair in pairs:
        touching = [one for one in found if one & set(pair)]
        found = [one for one in found if one not in touching] + [frozenset(pair).union(*touching)]
    return tuple(found)


def renaming(labels: Mapping[str, str], classes: Iterable[Class]) -> Rename:
    """Columns under their tables' `labels`; of equal columns the first stands for all."""
    first: dict[ColumnRef, ColumnRef] = {}
    for one in classes:
        least = min((labels[ref.alias], ref.column) for ref in one)
        first |= dict.fromkeys(one, ColumnRef(*least))
    return lambda ref: first.get(ref) or ColumnRef(labels[ref.alias], ref.column)


def ordered_joins(joined: Joined, labels: Mapping[str, str]) -> tuple[tuple[TableRef, ...], tuple[Join, ...]]:
    """Tables and joins in the order of their labels, as far as each can be joined to those before it."""
    tables = {labels[table.alias]: TableRef(table.table, labels[table.alias]) for table in joined.inner}
    classes = sorted(sorted((labels[ref.alias], ref.column) for ref in one) for one in joined.classes)
    placed = [min(tables)]
    joins: list[Join] = []
    while len(placed) < len(tables):
        choices = ((label, _pairs(label, placed, classes)) for label in sorted(set(tables) - set(placed)))
        label, on = next((label, on) for label, on in choices if on)
        joins.append(Join("inner", tables[label], on))
        placed.append(label)
    rename = renaming(labels, joined.classes)
    waiting = [
        Join("left", TableRef(join.table.table, labels[join.table.alias]), _renamed(join, rename, labels))
        for join in sorted(joined.left, key=lambda join: labels[join.table.alias])
    ]
    while waiting:
        join = next(each for each in waiting if all(left.alias in placed for left, _ in each.on))
        waiting.remove(join)
        joins.append(join)
        placed.append(join.table.alias)
    return (tables[placed[0]], *(join.table for join in joins)), tuple(joins)


def _pairs(
    label: str, placed: Sequence[str], classes: Iterable[Sequence[tuple[str, str]]]
) -> tuple[tuple[ColumnRef, ColumnRef], ...]:
    """Every equality between a column of `label` and one of the tables before it."""
    return tuple(
        (ColumnRef(*before), ColumnRef(*new))
        for one in classes
        for before in one
        if before[0] in placed
        for new in one
        if new[0] == label
    )


def _renamed(join: Join, rename: Rename, labels: Mapping[str, str]) -> tuple[tuple[ColumnRef, ColumnRef], ...]:
    pairs = ((rename(left), ColumnRef(labels[right.alias], right.column)) for left, right in join.on)
    return tuple(sorted(set(pairs), key=repr))
