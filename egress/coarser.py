"""Coarser tables than the one asked for: one change each, the smallest first. Pure; text in, texts out.

The author's statement is changed as a syntax tree and written anew, so that everything else in it stays as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from egress.query.aggregates import is_aggregate
from hub.catalogue.model import Catalogue, Column, ColumnType
from hub.words import Message, say

logging.getLogger("sqlglot").setLevel(logging.ERROR)

MAX_SQL = 20_000
MAX_KEYS = 6
_UNITS = {"day": "month", "week": "month", "month": "quarter", "quarter": "year"}
_PARTS: dict[type[exp.Expr], tuple[str, str]] = {exp.Month: ("quarter", "month"), exp.Week: ("month", "week")}
_STEPS = {1: 10, 2: 10, 5: 10, 10: 100, 100: 1000}
_CLASS_OF = 10  # whole numbers without published breaks are grouped in tens

Select = exp.Select


@dataclass(frozen=True)
class Candidate:
    """A statement, and what was changed to get it."""

    sql: str
    changes: tuple[Message, ...]


def candidates(sql: str, catalogue: Catalogue) -> tuple[Candidate, ...]:
    """Every statement that is one change coarser than `sql`. What cannot be read has none."""
    select = _read(sql)
    if select is None:
        return ()
    columns = _columns(catalogue)
    keys = [at for at, item in enumerate(select.expressions) if not is_aggregate(item)]
    if len(keys) > MAX_KEYS:
        return ()
    made = chain(_without_totals(select), _coarser_keys(sql, keys, columns), _without(sql, keys))
    return tuple(made)


def _read(sql: str) -> Select | None:
    """The one SELECT of `sql`; a tree of its own for each change."""
    if len(sql) > MAX_SQL:
        return None
    try:
        parsed = sqlglot.parse_one(sql, dialect="duckdb")
    except (SqlglotError, ValueError, TypeError, AttributeError, IndexError, KeyError, RecursionError, AssertionError):
        return None  # the parser of declarations says why
    return parsed if isinstance(parsed, Select) else None


def _columns(catalogue: Catalogue) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for table in catalogue.tables.values():
        for name, column in table.columns.items():
            found.setdefault(name.lower(), column)
    return found


def _written(select: Select) -> str:
    select.set("order", None)  # rows leave sorted by key
    return select.sql(dialect="duckdb", pretty=True, comments=False)


# -- totals


def _totals(select: Select) -> str | None:
    """The word for its totals, or None."""
    group = select.args.get("group")
    if group is None:
        return None
    if group.find(exp.Rollup):
        return "ROLLUP"
    return "CUBE" if group.find(exp.Cube) or group.find(exp.GroupingSets) else None


def _group_by(select: Select, totals: str | None) -> None:
    """GROUP BY over all keys, wherever they stand."""
    places = [str(at + 1) for at, item in enumerate(select.expressions) if not is_aggregate(item)]
    if not places:
        select.set("group", None)
    elif totals is None:
        select.set("group", exp.Group(all=True))
    else:
        example = sqlglot.parse_one(f"SELECT 1 GROUP BY {totals} ({', '.join(places)})", dialect="duckdb")
        select.set("group", example.args["group"])


def _without_totals(select: Select) -> Iterator[Candidate]:
    if _totals(select):
        changed = select.copy()
        _group_by(changed, None)
        yield Candidate(_written(changed), (say("Ask for it without totals."),))


# -- keys


def _without(sql: str, keys: list[int]) -> Iterator[Candidate]:
    """One key less; or one column of numbers less, when there are others."""
    select = _read(sql)
    if select is None:
        return
    count = len(select.expressions)
    measures = [at for at in range(count) if at not in keys]
    for at in (*(measures if len(measures) > 1 else ()), *keys):
        changed = select.copy()
        name = _name(changed.expressions[at])
        totals = _totals(changed)
        changed.set("expressions", [item for place, item in enumerate(changed.expressions) if place != at])
        _group_by(changed, totals)
        if at in keys:
            yield Candidate(_written(changed), (say("Leave out the key {column}.", column=name),))
        else:
            yield Candidate(_written(changed), (say("Leave out the column {column}.", column=name),))


def _name(item: exp.Expr) -> str:
    column = item.find(exp.Column)
    return item.alias or (column.name if column is not None else item.key)


def _coarser_keys(sql: str, keys: list[int], columns: dict[str, Column]) -> Iterator[Candidate]:
    """Each key at each coarser step that there is: a date by month, by quarter, by year."""
    for at in keys:
        select = _read(sql)
        if select is None:
            return
        item = select.expressions[at]
        node = item.unalias().unnest()
        while (found := _coarser(node, columns)) is not None:
            text, name, change = found
            node = sqlglot.parse_one(text, dialect="duckdb")
            alias = item.alias if item.alias and item.alias not in {*_UNITS, "year"} else name
            changed = select.copy()
            key = exp.alias_(node.copy(), alias)
            others = changed.expressions
            changed.set("expressions", [key if place == at else other for place, other in enumerate(others)])
            _group_by(changed, _totals(changed))
            yield Candidate(_written(changed), (change,))


def _coarser(node: exp.Expr, columns: dict[str, Column]) -> tuple[str, str, Message] | None:
    """SQL of a coarser key, a name for it, and what changed."""
    for read in _READERS:
        found = read(node, columns)
        if found is not None:
            return found
    return None


def _date_unit(node: exp.Expr, columns: dict[str, Column]) -> tuple[str, str, Message] | None:
    """A date by month instead of week, by quarter instead of month, by year instead of quarter."""
    column = node.find(exp.Column)
    if column is None:
        return None
    known = columns.get(column.name.lower())
    dated = known is not None and known.type is ColumnType.DATE
    if node is column or isinstance(node, exp.Column):
        unit = "month" if dated else None
    elif isinstance(node, exp.DateTrunc | exp.TimestampTrunc) and node.this is column:
        unit = _UNITS.get(str(node.args.get("unit")).strip("'\"").lower())
    else:
        unit = None
    if unit is None:
        return None
    change = say("Group {column} by {unit}.", column=column.name, unit=unit)
    return f"date_trunc('{unit}', {column.sql(dialect='duckdb')})", unit, change


def _date_part(node: exp.Expr, _columns: dict[str, Column]) -> tuple[str, str, Message] | None:
    """The quarter instead of the month, the month instead of the week."""
    column = node.find(exp.Column)
    part = _PARTS.get(type(node))
    if column is None or part is None or node.this is not column:
        return None
    change = say("Group {column} by {unit}.", column=column.name, unit=part[0])
    return f"{part[0]}({column.sql(dialect='duckdb')})", part[0], change


def _classes(node: exp.Expr, columns: dict[str, Column]) -> tuple[str, str, Message] | None:
    """A column by its published breaks, numbered from 0 (below the first); or whole numbers in tens."""
    column = columns.get(node.name.lower()) if isinstance(node, exp.Column) else None
    if column is None or column.categories or column.type not in {ColumnType.INTEGER, ColumnType.NUMBER}:
        return None
    text = node.sql(dialect="duckdb")
    if column.breaks:
        steps = [f"CAST({text} >= {_constant(value)} AS INTEGER)" for value in column.breaks]
        spelled = ", ".join(str(value) for value in column.breaks)
        why = say(
            "Group {column} by its published breaks {breaks}: class 0 lies below the first.",
            column=node.name,
            breaks=spelled,
        )
        return " + ".join(steps), f"{node.name}_class", why
    if column.type is ColumnType.INTEGER and column.bounds and not column.identifying:
        why = say("Group {column} in steps of {step}.", column=node.name, step=_CLASS_OF)
        return f"{text} // {_CLASS_OF} * {_CLASS_OF}", f"{node.name}_from", why
    return None


def _wider(node: exp.Expr, _columns: dict[str, Column]) -> tuple[str, str, Message] | None:
    """x // s * s with a wider step."""
    if not (isinstance(node, exp.Mul) and isinstance(node.this.unnest(), exp.IntDiv)):
        return None
    column, by = node.this.unnest().this.unnest(), node.expression.unnest()
    if not (
        isinstance(column, exp.Column) and isinstance(by, exp.Literal) and by.name.isdecimal() and len(by.name) < 6
    ):
        return None
    step = _STEPS.get(int(by.name))
    if step is None or node.this.unnest().expression.unnest() != by:
        return None
    why = say("Group {column} in steps of {step}.", column=column.name, step=step)
    return f"{column.sql(dialect='duckdb')} // {step} * {step}", f"{column.name}_from", why


def _constant(value: float | date) -> str:
    return f"DATE '{value.isoformat()}'" if isinstance(value, date) else str(value)


_Reader = Callable[[exp.Expr, dict[str, Column]], tuple[str, str, Message] | None]
_READERS: tuple[_Reader, ...] = (_date_unit, _date_part, _classes, _wider)
