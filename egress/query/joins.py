"""FROM and JOIN: only on declared keys, and so that a row is about one person."""

from __future__ import annotations

from sqlglot import exp

from egress.query.model import Join
from egress.query.refused import RefusedSqlError, only
from egress.query.scope import Scope, Source, refer
from hub.words import say

MAX_TABLES = 8

Pair = tuple[tuple[Source, str], tuple[Source, str]]


def read_tables(select: exp.Select, scope: Scope) -> tuple[Join, ...]:
    """Fills `scope` with the tables of the query and answers its joins."""
    start = select.args.get("from_")
    if start is None:
        raise RefusedSqlError("table", select, say("The query names no table."))
    only(start, "this")
    nested = start.this.args.pop("joins", None) or []
    scope.sources.append(scope.source(start.this))
    joins = [*nested, *(select.args.get("joins") or [])]
    if len(joins) >= MAX_TABLES:
        raise RefusedSqlError("grammar", select, say("A query may join at most {most} tables.", most=MAX_TABLES))
    return tuple(_join(node, scope) for node in joins)


def _join(node: exp.Join, scope: Scope) -> Join:
    only(node, "this", "side", "kind", "on", "using")
    side, kind = str(node.args.get("side") or "").upper(), str(node.args.get("kind") or "").upper()
    if (side, kind) not in {("", ""), ("", "INNER"), ("LEFT", ""), ("LEFT", "OUTER")}:
        raise RefusedSqlError("join", node, say("Only inner and left joins are in the grammar."))
    new = scope.source(node.this, optional=side == "LEFT")
    using = node.args.get("using")
    pairs = _using(using, new, scope) if using else _on(node.args.get("on"), node, new, scope)
    for pair in pairs:
        _declared(pair, new, node)
    _one_person(pairs, new, scope, node)
    scope.sources.append(new)
    if using:
        scope.merged.update(right[1].lower() for _, right in pairs)
    on = tuple((refer(*left), refer(*right)) for left, right in pairs)
    return Join("left" if side == "LEFT" else "inner", new.ref, on)


def _using(names: list[exp.Expr], new: Source, scope: Scope) -> list[Pair]:
    pairs: list[Pair] = []
    for name in names:
        left = scope.find(exp.Column(this=name))
        right = new.names().get(name.name.lower())
        if right is None:
            why = say("{table} has no granted column {name}.", table=new.ref.table, name=name.name[:63])
            raise RefusedSqlError("column", name, why)
        pairs.append((left, (new, right)))
    return pairs


def _on(condition: exp.Expr | None, node: exp.Join, new: Source, scope: Scope) -> list[Pair]:
    if condition is None:
        raise RefusedSqlError("join", node, say("A join needs USING or ON with declared keys."))
    inner = Scope(scope.catalogue, scope.persons, [*scope.sources, new], set(scope.merged))
    parts = list(condition.flatten()) if isinstance(condition, exp.And) else [condition]
    pairs: list[Pair] = []
    for part in parts:
        equal = part.unnest()
        if not (
            isinstance(equal, exp.EQ)
            and isinstance(equal.this, exp.Column)
            and isinstance(equal.expression, exp.Column)
        ):
            raise RefusedSqlError("join", part, say("ON holds only equal columns, joined by AND."))
        left, right = inner.find(equal.this), inner.find(equal.expression)
        if left[0] is new:
            left, right = right, left
        if right[0] is not new or left[0] is new:
            raise RefusedSqlError("join", part, say("ON must join the new table to one that stands before it."))
        pairs.append((left, right))
    return pairs


def _declared(pair: Pair, new: Source, node: exp.Join) -> None:
    """A person key with a person key, or a table's row key with the equally named column of the other table."""
    (other, left), (_, right) = pair
    if other.person_key == left and new.person_key == right:
        return
    persons = left == other.person_key or right == new.person_key
    if not persons and left.lower() == right.lower() and (left == other.row_key or right == new.row_key):
        return
    raise RefusedSqlError(
        "join",
        node,
        say(
            "{left} and {right} are not a declared key: join on the person key, or on a table's row key.",
            left=f"{other.ref.alias}.{left}",
            right=f"{new.ref.alias}.{right}",
        ),
    )


def _one_person(pairs: list[Pair], new: Source, scope: Scope, node: exp.Join) -> None:
    """Two tables about persons, joined on anything else, would put two persons into one row."""
    if new.person_key is None or not any(source.person_key for source in scope.sources):
        return
    for (other, left), (_, right) in pairs:
        if other.person_key is not None and (left in {other.person_key, other.row_key} or right == new.row_key):
            return
    raise RefusedSqlError(
        "join",
        node,
        say(
            "{table} holds the person key, as a table before it does: join them on {key}.",
            table=new.ref.table,
            key=new.person_key,
        ),
    )
