"""The Query: a declared aggregate as a frozen value. What cannot be said here cannot be run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from hub.words import Message

LiteralValue: TypeAlias = bool | int | float | Decimal | date | str


@dataclass(frozen=True)
class ColumnRef:
    """A granted column of the table that stands in the query as `alias`."""

    alias: str
    column: str


@dataclass(frozen=True)
class Literal:
    """A constant. `published` says that it is a category, break or bound of the catalogue."""

    value: LiteralValue
    published: bool


@dataclass(frozen=True)
class Call:
    """A whitelisted operator or function by its name in `egress.query.functions`, with its arguments in order."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Case:
    """CASE WHEN condition THEN value … ELSE otherwise END; `otherwise` None is NULL."""

    whens: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression | None


Expression: TypeAlias = ColumnRef | Literal | Call | Case


def columns_in(expression: Expression) -> Iterator[ColumnRef]:
    """Every column that stands in `expression`, each as often as it stands there."""
    if isinstance(expression, ColumnRef):
        yield expression
    elif isinstance(expression, Call):
        for argument in expression.arguments:
            yield from columns_in(argument)
    elif isinstance(expression, Case):
        for pair in expression.whens:
            for part in pair:
                yield from columns_in(part)
        if expression.otherwise is not None:
            yield from columns_in(expression.otherwise)


def substituted(expression: Expression, put: Callable[[ColumnRef], Expression]) -> Expression:
    """`expression` with `put(column)` in the place of each column."""
    if isinstance(expression, ColumnRef):
        return put(expression)
    if isinstance(expression, Call):
        return Call(expression.function, tuple(substituted(argument, put) for argument in expression.arguments))
    if isinstance(expression, Case):
        whens = tuple((substituted(test, put), substituted(value, put)) for test, value in expression.whens)
        return Case(whens, None if expression.otherwise is None else substituted(expression.otherwise, put))
    return expression


@dataclass(frozen=True)
class TableRef:
    """A granted table and the name it goes by in the query."""

    table: str
    alias: str


@dataclass(frozen=True)
class Join:
    """`kind` is "inner" or "left"; `on` are equal columns, each pair a declared key."""

    kind: str
    table: TableRef
    on: tuple[tuple[ColumnRef, ColumnRef], ...]


class Aggregate(StrEnum):
    """The aggregates that a table may hold."""

    COUNT_ROWS = "count_rows"
    COUNT_PERSONS = "count_persons"
    COUNT_VALUES = "count_values"
    SUM = "sum"
    AVG = "avg"
    STDDEV = "stddev"
    QUANTILE = "quantile"
    SHARE = "share"
    SHARE_PERSONS = "share_persons"


@dataclass(frozen=True)
class Measure:
    """One aggregate column. `argument` is None for COUNT_ROWS; `parameter` is the quantile.

    COUNT_PERSONS counts the persons in the cell, with an `argument` those who have a row where it is not NULL.
    SHARE is sum(argument) / sum(denominator), SHARE_PERSONS the persons with an argument / those with a denominator;
    without one, both are per person of the cell. A denominator that is the constant 1 is the number of rows.
    What is shown is `scale` times that: 100 for per cent; an AVG may have a scale as well. `counted`: the author wrote
    a count, so that the sum of no rows is 0 and not NULL.

    Public facts the parser took from the catalogue: `binary`, the argument is never other than 0, 1 or NULL;
    `whole`, it is a whole number; `sensitive`, a sensitive column stands in it.
    """

    name: str
    aggregate: Aggregate
    argument: Expression | None = None
    parameter: float | None = None
    binary: bool = False
    whole: bool = False
    sensitive: bool = False
    denominator: Expression | None = None
    scale: int = 1
    counted: bool = False


@dataclass(frozen=True)
class Key:
    """One group key column. `sensitive`: a sensitive column stands in it; `boolean`: its values are true and false.

    `listed`: its values are published; otherwise they are those of a plain column that the catalogue does not list.
    """

    name: str
    expression: Expression
    sensitive: bool = False
    boolean: bool = False
    listed: bool = True


@dataclass(frozen=True)
class Note:
    """Something the parser accepted that people must look at (a free constant, a label in free words)."""

    rule: str
    where: str
    why: Message


@dataclass(frozen=True)
class Query:
    """One declared table.

    `groupings` are the grouping sets as positions in `keys`; a plain GROUP BY has one, with all of them.
    `columns` names keys and measures in the order the author wrote them.
    """

    tables: tuple[TableRef, ...]
    joins: tuple[Join, ...]
    where: tuple[Expression, ...]
    keys: tuple[Key, ...]
    measures: tuple[Measure, ...]
    groupings: tuple[tuple[int, ...], ...]
    columns: tuple[str, ...]
    person: ColumnRef
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class QueryRefusal:
    """SQL outside the grammar: the rule, the place (line and column from 1, or None) and the reason."""

    rule: str
    line: int | None
    column: int | None
    why: Message
