"""Coarser tables than the one asked for: one change each, the smallest first. Pure; text in, texts out.

The author's statement is changed as a syntax tree and written anew, so that everything else in it stays as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain, pairwise
from typing import Any

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
_UNIT_NAMES = {*_UNITS, "year"}
_PARTS: dict[type[exp.Expr], str] = {exp.Month: "quarter", exp.Week: "month"}
_NUMBERS = {ColumnType.INTEGER, ColumnType.NUMBER}
_CLAUSES = {"kind", "expressions", "from_", "joins", "where", "group"}

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
    """The statement, a line per clause."""
    select.set("order", None)  # rows leave sorted by key
    if {part for part, value in select.args.items() if value} - _CLAUSES:
        return select.sql(dialect="duckdb", pretty=True, comments=False)
    columns = ", ".join(item.sql(dialect="duckdb", comments=False) for item in select.expressions)
    clauses = [select.args.get("from_"), *(select.args.get("joins") or []), select.args.get("where")]
    clauses.append(select.args.get("group"))
    texts = (clause.sql(dialect="duckdb", comments=False).strip() for clause in clauses if clause is not None)
    return "\n".join((f"SELECT {columns}", *texts))


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
        for step in _steps(item.unalias().unnest(), columns):
            alias = item.alias if item.alias and item.alias not in _UNIT_NAMES else step.name
            changed = select.copy()
            key = exp.alias_(sqlglot.parse_one(step.text, dialect="duckdb"), alias)
            others = changed.expressions
            changed.set("expressions", [key if place == at else other for place, other in enumerate(others)])
            _group_by(changed, _totals(changed))
            yield Candidate(_written(changed), (step.change,))


@dataclass(frozen=True)
class _Step:
    """SQL of a coarser key, a name for it, and what changed."""

    text: str
    name: str
    change: Message


def _steps(node: exp.Expr, columns: dict[str, Column]) -> Iterator[_Step]:
    """The coarser steps of one key, the finest first; keys over several columns have none."""
    found = {(column.table, column.name): column for column in node.find_all(exp.Column)}
    if len(found) != 1:
        return
    (column,) = found.values()
    known = columns.get(column.name.lower())
    if known is None:
        return
    yield from _dates(node, column, known)
    yield from _classes(node, column, known)
    yield from _tens(node, column, known)


def _dates(node: exp.Expr, column: exp.Column, known: Column) -> Iterator[_Step]:
    """A date by month, quarter, year; the quarter instead of the month, the month instead of the week."""
    if known.type is not ColumnType.DATE:
        return
    text = column.sql(dialect="duckdb")
    if part := _PARTS.get(type(node)):
        yield _Step(f"{part}({text})", part, say("Group {column} by {unit}.", column=column.name, unit=part))
        return
    truncated = isinstance(node, exp.DateTrunc | exp.TimestampTrunc)
    unit = str(node.args.get("unit")).strip("'\"").lower() if truncated else "day" if node is column else ""
    while (unit := _UNITS.get(unit, "")) != "":
        change = say("Group {column} by {unit}.", column=column.name, unit=unit)
        yield _Step(f"date_trunc('{unit}', {text})", unit, change)


def _classes(node: exp.Expr, column: exp.Column, known: Column) -> Iterator[_Step]:
    """Classes by published breaks, then by ever fewer of them; a CASE has classes already and gets fewer."""
    cases = isinstance(node, exp.Case)
    if known.categories or known.type not in _NUMBERS or isinstance(node, exp.Predicate | exp.Connector | exp.Not):
        return
    breaks = list(known.breaks or ())
    if cases:
        breaks = breaks[1::2]
    while breaks:
        spelled = ", ".join(str(value) for value in breaks)
        why = say("Group {column} by its published breaks: {breaks}.", column=column.name, breaks=spelled)
        text = _case(column.sql(dialect="duckdb"), breaks, whole=known.type is ColumnType.INTEGER)
        yield _Step(text, column.name, why)
        breaks = breaks[1::2]


def _case(column: str, breaks: list[Any], *, whole: bool) -> str:
    """A CASE whose labels name the classes: '<18', '18-64', '65+'."""
    less = 1 if whole else 0
    labels = [f"<{breaks[0]}", *(f"{low}-{high - less}" for low, high in pairwise(breaks)), f"{breaks[-1]}+"]
    whens = [f"WHEN {column} < {_constant(value)} THEN '{label}'" for value, label in zip(breaks, labels, strict=False)]
    return f"CASE {' '.join(whens)} WHEN {column} >= {_constant(breaks[-1])} THEN '{labels[-1]}' END"


def _tens(node: exp.Expr, column: exp.Column, known: Column) -> Iterator[_Step]:
    """Whole numbers without published breaks by steps of ten and more."""
    if (
        known.type is not ColumnType.INTEGER
        or not known.bounds
        or known.breaks
        or known.categories
        or known.identifying
    ):
        return
    width = _width(node, column)
    text = column.sql(dialect="duckdb")
    span = int(known.bounds[1]) - int(known.bounds[0])  # type: ignore[arg-type]  # of a column of whole numbers
    for step in (10, 100, 1000):
        if width is not None and width < step < span:
            why = say("Group {column} in steps of {step}.", column=column.name, step=step)
            yield _Step(f"{text} // {step} * {step}", column.name, why)


def _width(node: exp.Expr, column: exp.Column) -> int | None:
    """Of x itself 1, of x // s * s that s; None for anything else."""
    if node is column:
        return 1
    parted = node.this.unnest() if isinstance(node, exp.Mul) else None
    if not isinstance(parted, exp.IntDiv) or parted.this.unnest() is not column:
        return None
    step, again = parted.expression.unnest(), node.expression.unnest()
    known = isinstance(step, exp.Literal) and step == again and step.name.isdecimal() and len(step.name) < 6
    return int(step.name) if known else None


def _constant(value: float | date) -> str:
    return f"DATE '{value.isoformat()}'" if isinstance(value, date) else str(value)
