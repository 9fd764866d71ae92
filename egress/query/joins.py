"""FROM and JOIN: only on declared keys, and so that a row is about one person."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from egress.query.model import Join
from egress.query.refused import RefusedSqlError, only
from egress.query.scope import MAX_TABLES, Scope, Source, refer
from egress.query.views import Entered, entered
from hub.words import say

Column = tuple[Source, str]
Pair = tuple[Column, Column]


def read_tables(select: exp.Select, scope: Scope) -> tuple[Join, ...]:
    """Fills `scope` with the tables of the query and answers its joins."""
    start = select.args.get("from_")
    if start is None:
        raise RefusedSqlError("table", select, say("The query names no table."))
    only(start, "this")
    nested = start.this.args.pop("joins", None) or []
    joins = [*nested, *(select.args.get("joins") or [])]
    if len(joins) >= MAX_TABLES:
        raise RefusedSqlError("size", joins[-1], say("A query may join at most {most} tables.", most=MAX_TABLES))
    first = entered(start.this, scope, read_tables)
    first.join_into(scope)
    return (*first.joins, *(join for node in joins for join in _join(node, scope)))


def _join(node: exp.Join, scope: Scope) -> tuple[Join, ...]:
    only(node, "this", "side", "kind", "on", "using")
    side, kind = str(node.args.get("side") or "").upper(), str(node.args.get("kind") or "").upper()
    if (side, kind) not in {("", ""), ("", "INNER"), ("LEFT", ""), ("LEFT", "OUTER")}:
        raise RefusedSqlError("join", node, say("Only inner and left joins are in the grammar."))
    new = entered(node.this, scope, read_tables, optional=side == "LEFT")
    using = node.args.get("using")
    pairs = _using(using, new, scope) if using else _on(node.args.get("on"), node, new, scope)
    for pair in pairs:
        _declared(pair, node)
    _one_person(pairs, new, scope, node)
    if using:
        scope.merged.update(name.name.lower() for name in using)
    on = tuple((refer(*left), refer(*_at_first(right, new, node))) for left, right in pairs)
    new.join_into(scope)
    return (Join("left" if side == "LEFT" else "inner", new.sources[0].ref, on), *new.joins)


def _at_first(column: Column, new: Entered, node: exp.Join) -> Column:
    """The column of the first table of a WITH that equals `column`, so that its tables can be joined in their order."""
    first = new.sources[0]
    same = {refer(*column)}
    for _ in new.joins:
        inner = (pair for join in new.joins if join.kind == "inner" for pair in join.on)
        same |= {ref for pair in inner if same & set(pair) for ref in pair}
    found = next((ref for ref in sorted(same, key=repr) if ref.alias == first.ref.alias), None)
    if found is None:
        why = say(
            "{name} is joined by a column of its first table: begin its FROM with that table.", name=new.named.name
        )
        raise RefusedSqlError("join", node, why)
    return first, found.column


def _using(names: list[exp.Expr], new: Entered, scope: Scope) -> list[Pair]:
    pairs: list[Pair] = []
    right = Scope(scope.catalogue, scope.persons, list(new.sources), [new.named])
    for name in names:
        if name.name.lower() not in new.named.columns:
            why = say("{table} has no granted column {name}.", table=new.named.name, name=name.name[:63])
            raise RefusedSqlError("column", name, why)
        # the same name as the author wrote it, at its place
        column = exp.Column(this=name)
        pairs.append((scope.find(column), right.find(column)))
    return pairs


def _on(condition: exp.Expr | None, node: exp.Join, new: Entered, scope: Scope) -> list[Pair]:
    if condition is None:
        raise RefusedSqlError("join", node, say("A join needs USING or ON with declared keys."))
    sources, named = [*scope.sources, *new.sources], [*scope.named, new.named]
    inner = Scope(scope.catalogue, scope.persons, sources, named, set(scope.merged))
    condition = condition.unnest()
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
        if left[0] in new.sources:
            left, right = right, left
        if right[0] not in new.sources or left[0] in new.sources:
            raise RefusedSqlError("join", part, say("ON must join the new table to one that stands before it."))
        pairs.append((left, right))
    return pairs


def _declared(pair: Pair, node: exp.Join) -> None:
    """A person key with a person key, or a table's row key with the equally named column of the other table."""
    (other, left), (new, right) = pair
    if other.person_key == left and new.person_key == right:
        return
    persons = left == other.person_key or right == new.person_key
    types = {column.type for column in (other.table.columns.get(left), new.table.columns.get(right)) if column}
    same = left.lower() == right.lower() and len(types) < 2
    if not persons and same and (left == other.row_key or right == new.row_key):
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


def _one_person(pairs: Sequence[Pair], new: Entered, scope: Scope, node: exp.Join) -> None:
    """Two tables about persons, joined on anything else, would put two persons into one row."""
    persons = any(source.person_key for source in new.sources)
    if not persons or not any(source.person_key for source in scope.sources):
        return
    for (other, left), (there, right) in pairs:
        linked = left in {other.person_key, other.row_key} or right == there.row_key
        if other.person_key is not None and there.person_key is not None and linked:
            return
    raise RefusedSqlError(
        "join",
        node,
        say(
            "{table} holds the person key, as a table before it does: join them on {key}.",
            table=new.named.name,
            key=scope.catalogue.source.person_key,
        ),
    )
