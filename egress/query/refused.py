"""How the parser's parts say no: an exception that carries the place in the syntax tree."""

from __future__ import annotations

import re

from sqlglot import exp

from egress.query.model import QueryRefusal
from hub.words import Message, say

_CALL_BEFORE = re.compile(r"([A-Za-z_]\w*)\s*\(\s*(?:distinct\s+)?\(*\s*\Z", re.IGNORECASE)


# How far before its first argument a function's name is looked for; bounds the time that odd texts take.
_NEAR = 200


# Lists of units and scales fit; an author's text does not need more.
_SHOWN = 120


class RefusedSqlError(Exception):
    """SQL outside the grammar, by `rule`, at `node`, or at `place` (line, column) where there is no tree."""

    def __init__(self, rule: str, node: exp.Expr | None, why: Message, place: tuple[int, int] | None = None) -> None:
        super().__init__(str(why))
        self.place = place
        self.rule = rule
        self.node = node
        self.why = why


def offset(node: exp.Expr | None, sql: str) -> int | None:
    """Where `node` begins in `sql`: its own token, the first below it, its function's name, or else what holds it."""
    while node is not None:
        starts = [start for part in node.walk() if isinstance(start := part.meta.get("start"), int)]
        if starts:
            return _call_start(node, min(starts), sql)
        node = node.parent
    return None


def _call_start(node: exp.Expr, first: int, sql: str) -> int:
    if isinstance(node, exp.Func) and "start" not in node.meta:
        call = _CALL_BEFORE.search(sql, max(0, first - _NEAR), first)
        return call.start(1) if call else first
    return first


def line_and_column(position: int | None, sql: str) -> tuple[int | None, int | None]:
    """Line and column, both from 1."""
    if position is None or position > len(sql):
        return None, None
    return sql.count("\n", 0, position) + 1, position - sql.rfind("\n", 0, position)


def refusal(error: RefusedSqlError, sql: str) -> QueryRefusal:
    line, column = error.place or line_and_column(offset(error.node, sql), sql)
    if line is None:
        line, column = line_and_column(len(sql) - len(sql.lstrip()), sql)
    return QueryRefusal(error.rule, line, column, readable(error.why))


def readable(why: Message) -> Message:
    """`why` with nothing unseen in an author's names: no zero width, no change of direction, no half of a character."""
    shown = {
        name: "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in value[:_SHOWN])
        if isinstance(value, str)
        else value
        for name, value in why.values.items()
    }
    return say(why.text, **shown)


def only(node: exp.Expr, *allowed: str) -> None:
    """Refuses `node` when it carries any part that its reader does not look at: what is not read is not granted."""
    for part, value in node.args.items():
        if value not in (None, False, [], "") and part not in allowed:
            place = value if isinstance(value, exp.Expr) else node
            raise RefusedSqlError("grammar", place, _unread(node, part))


def _unread(node: exp.Expr, part: str) -> Message:
    return say(
        "{part} of {construct} is outside the grammar.", part=part.strip("_").upper(), construct=node.key.upper()
    )
