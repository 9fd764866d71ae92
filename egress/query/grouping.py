"""GROUP BY in all its spellings becomes grouping sets: positions of keys."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product

from sqlglot import exp

from egress.query.refused import RefusedSqlError, only
from hub.words import say

MAX_KEYS = 8
MAX_GROUPINGS = 64

Grouping = tuple[int, ...]
Locate = Callable[[exp.Expr], int]


def read_groupings(group: exp.Group | None, keys: int, select: exp.Select, locate: Locate) -> tuple[Grouping, ...]:
    """The grouping sets over `keys` keys; `locate` answers the key of an expression, name or ordinal."""
    if keys > MAX_KEYS:
        raise RefusedSqlError("size", group or select, say("A table has at most {most} keys.", most=MAX_KEYS))
    if group is None:
        if keys:
            raise RefusedSqlError("rows", select, say("Each column that is not an aggregate must stand in GROUP BY."))
        return ((),)
    only(group, "expressions", "all")
    if group.args.get("all") and not group.expressions:
        return (tuple(range(keys)),)
    sets: list[frozenset[int]] = [frozenset()]
    for item in group.expressions:
        parts = _item(item, locate)
        if len(sets) * len(parts) > MAX_GROUPINGS:
            raise RefusedSqlError("size", item, say("A table has at most {most} grouping sets.", most=MAX_GROUPINGS))
        sets = [one | other for one, other in product(sets, parts)]
    if len(set(sets)) != len(sets):
        raise RefusedSqlError("grouping", group, say("A grouping set stands twice."))
    if frozenset().union(*sets) != frozenset(range(keys)):
        raise RefusedSqlError("rows", group, say("Each column that is not an aggregate must stand in GROUP BY."))
    return tuple(sorted((tuple(sorted(item)) for item in sets), key=lambda item: (-len(item), item)))


def _item(node: exp.Expr, locate: Locate) -> list[frozenset[int]]:
    if isinstance(node, exp.Rollup):
        parts = [_together(part, locate) for part in node.expressions]
        return [frozenset().union(*parts[:length]) for length in range(len(parts), -1, -1)]
    if isinstance(node, exp.Cube):
        parts = [_together(part, locate) for part in node.expressions]
        if len(parts) > MAX_KEYS:
            raise RefusedSqlError("size", node, say("A table has at most {most} keys.", most=MAX_KEYS))
        chosen = (pick for length in range(len(parts), -1, -1) for pick in combinations(parts, length))
        return [frozenset().union(*pick) for pick in chosen]
    if isinstance(node, exp.GroupingSets):
        return [choice for part in node.expressions for choice in _item(part, locate)]
    return [_together(node, locate)]


def _together(node: exp.Expr, locate: Locate) -> frozenset[int]:
    if isinstance(node, exp.Tuple):
        return frozenset(locate(part) for part in node.expressions)
    return frozenset({locate(node.unnest())})
