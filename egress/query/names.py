"""Names of result columns: identifiers, because a free name is a channel."""

from __future__ import annotations

import re

from sqlglot import exp

from egress.query.model import Aggregate, Measure
from egress.query.refused import RefusedSqlError
from hub.words import say

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_DEFAULTS = {Aggregate.COUNT_ROWS: "count", Aggregate.COUNT_PERSONS: "persons"}

MAX_NAME = 63


def is_plain(name: str) -> bool:
    """Letters and underscores, at most 4 digits, at most 40 characters: little room for a message."""
    return bool(_PLAIN.match(name)) and len(name) <= 40 and sum(letter.isdigit() for letter in name) <= 4


def alias_of(node: exp.Expr) -> str | None:
    """The name the author gave, if any. Raises: RefusedSqlError when no file could carry it."""
    if not isinstance(node, exp.Alias):
        return None
    name = node.alias
    if not name.isprintable() or not 0 < len(name) <= MAX_NAME:
        raise RefusedSqlError(
            "name", node, say("A column's name has at most {most} printable characters.", most=MAX_NAME)
        )
    return name


def default_name(node: exp.Expr, measure: Measure | None) -> str:
    """A name for a column that the author left without one."""
    if measure is not None and measure.aggregate in _DEFAULTS:
        return _DEFAULTS[measure.aggregate]
    column = node.find(exp.Column)
    stem = column.name if column is not None else "value"
    if isinstance(node, exp.Column):
        return stem
    word = measure.aggregate.value.removesuffix("_values") if measure is not None else node.key
    return f"{word}_{stem}"[:40]


def distinct_name(name: str, taken: list[str]) -> str:
    """`name`, or `name_2` … when a column is called so already."""
    used = {item.lower() for item in taken}
    candidate, number = name, 2
    while candidate.lower() in used:
        candidate, number = f"{name}_{number}", number + 1
    return candidate
