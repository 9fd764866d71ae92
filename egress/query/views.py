"""WITH, and SELECT in FROM: rows that are named and used like a table. They are read into the query that uses them.

Its tables and joins come before those that follow, its conditions join those of the whole, and its columns are put in
the place of their names, so that every rule is applied to what is meant and not to what it is called. That is exact
for inner joins, and on the left of left joins; what is not exact is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from egress.query.aggregates import is_aggregate
from egress.query.expressions import Reader
from egress.query.model import Join
from egress.query.refused import RefusedSqlError, only
from egress.query.scope import Named, Scope, Source, table_named
from egress.query.typed import Place
from hub.words import say

# Limits of size, so that names for names for names cannot grow a short text into a large query.
MAX_VIEWS = 16
MAX_NODES = 4_000

_READ = frozenset({"expressions", "from_", "joins", "where"})

ReadTables = Callable[[exp.Select, Scope], tuple[Join, ...]]


@dataclass(frozen=True)
class Entered:
    """What stands after FROM or JOIN: a name, its tables in order with the joins between them, its conditions."""

    named: Named
    sources: tuple[Source, ...]
    joins: tuple[Join, ...] = ()
    where: tuple[exp.Expr, ...] = ()

    def join_into(self, scope: Scope) -> None:
        scope.named.append(self.named)
        scope.sources.extend(self.sources)
        scope.where.extend(self.where)


def read_views(select: exp.Select, scope: Scope) -> Mapping[str, exp.Select]:
    """The SELECTs of WITH by folded name. Raises: RefusedSqlError."""
    clause = select.args.get("with_")
    if clause is None:
        return {}
    if clause.args.get("recursive"):
        raise RefusedSqlError("with", clause, say("WITH RECURSIVE is outside the grammar."))
    only(clause, "expressions")
    if len(clause.expressions) > MAX_VIEWS:
        raise RefusedSqlError("size", clause, say("WITH names at most {most} SELECTs.", most=MAX_VIEWS))
    tables = {name.lower() for name in scope.catalogue.tables}
    found: dict[str, exp.Select] = {}
    for part in clause.expressions:
        only(part, "this", "alias", "materialized")
        only(part.args["alias"], "this")
        name = part.alias.lower()
        if name in tables or name in found:
            raise RefusedSqlError("with", part.args["alias"], say("{name} is a table already.", name=part.alias[:63]))
        if not isinstance(part.this, exp.Select):
            raise RefusedSqlError("with", part.args["alias"], say("WITH holds one plain SELECT per name."))
        found[name] = part.this
    return found


def all_used(select: exp.Select, scope: Scope) -> None:
    """Refuses a WITH that nothing uses: what is not read is not accepted."""
    clause = select.args.get("with_")
    for part in clause.expressions if clause is not None else ():
        if part.alias.lower() not in scope.shared.used:
            raise RefusedSqlError("with", part.args["alias"], say("{name} is not used.", name=part.alias[:63]))


def entered(node: exp.Expr, scope: Scope, read_tables: ReadTables, *, optional: bool = False) -> Entered:
    """The table, WITH or inner SELECT at `node`; `optional` right of a left join. Raises: RefusedSqlError."""
    if isinstance(node, exp.Subquery):
        return _inner(node, scope, read_tables, optional=optional)
    folded = node.name.lower() if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier) else ""
    if folded not in scope.views:
        source = scope.source(node, optional=optional)
        name = scope.alias_of(node) if isinstance(node, exp.Table) else source.ref.alias
        return Entered(table_named(name, source), (source,))
    only(node, "this", "alias")
    name = scope.alias_of(node)  # type: ignore[arg-type]  # a table, as its name is known
    scope.shared.used.add(folded)
    names = list(scope.views)
    earlier = {each: scope.views[each] for each in names[: names.index(folded)]}
    made = _View(scope.views[folded].copy(), scope.inside(name, earlier)).entered(name, read_tables)
    return _optional(made, node) if optional else made


def _inner(node: exp.Subquery, scope: Scope, read_tables: ReadTables, *, optional: bool) -> Entered:
    """A SELECT that stands in FROM itself."""
    only(node, "this", "alias")
    if not isinstance(node.this, exp.Select):
        raise RefusedSqlError("table", node, say("Only granted tables stand in FROM: no file, function or subquery."))
    if not node.alias:
        raise RefusedSqlError("table", node, say("A SELECT in FROM needs a name: (…) AS name."))
    name = scope.alias_of(node)
    made = _View(node.this, scope.inside(name, scope.views)).entered(name, read_tables)
    return _optional(made, node) if optional else made


def _optional(made: Entered, node: exp.Expr) -> Entered:
    """Right of a left join stands what can be left out as a whole: one table, its own columns, no condition."""
    plain = all(isinstance(meant, exp.Column) for meant in made.named.columns.values())
    if made.where or made.joins or not plain:
        why = say(
            "Right of a LEFT JOIN an inner SELECT has one table, its own columns and no WHERE: otherwise its missing "
            "rows could not be told from those that it drops."
        )
        raise RefusedSqlError("join", node, why)
    return replace(made, sources=tuple(replace(source, optional=True) for source in made.sources))


def resolved(node: exp.Expr, scope: Scope, *, results: bool = False) -> exp.Expr:
    """`node` with what is meant in the place of each column; with `results`, names of result columns stay."""
    for column in [node] if isinstance(node, exp.Column) else list(node.find_all(exp.Column)):
        if results and not column.table and not scope.knows(column.name):
            continue
        meant = _placed(scope.meant(column), column, scope)
        if column is node:
            node = meant
        else:
            column.replace(meant)
    return node


def _placed(meant: exp.Expr, use: exp.Column, scope: Scope) -> exp.Expr:
    """A copy of `meant` at the place of `use`."""
    copy = meant.copy()
    starts = [start for part in use.walk() if isinstance(start := part.meta.get("start"), int)]
    for part in copy.walk():
        part.meta.pop("start", None)
        scope.shared.nodes += 1
    if scope.shared.nodes > MAX_NODES:
        raise RefusedSqlError("size", use, say("Written out in full, this query is too long."))
    if not isinstance(copy, exp.Column):
        copy = exp.Paren(this=copy)
    if starts:
        copy.meta["start"] = min(starts)
    return copy


@dataclass(frozen=True)
class _View:
    """One use of a WITH: its own copy of the SELECT, and its own scope."""

    select: exp.Select
    scope: Scope

    def entered(self, name: str, read_tables: ReadTables) -> Entered:
        self._clauses()
        self.scope.shared.inner += 1
        joins = read_tables(self.select, self.scope)
        columns: dict[str, exp.Expr] = {}
        if self._all_of_one_table():
            return Entered(Named(name, self.scope.named[0].columns), tuple(self.scope.sources), joins, self._where())
        for node, column, meant in self._columns():
            if column.lower() in columns:
                raise RefusedSqlError("name", node, say("Two columns are called {name}.", name=column[:63]))
            columns[column.lower()] = meant
        return Entered(Named(name, columns), tuple(self.scope.sources), joins, self._where())

    def _all_of_one_table(self) -> bool:
        only_star = len(self.select.expressions) == 1 and isinstance(self.select.expressions[0], exp.Star)
        if only_star:
            only(self.select.expressions[0])
        return only_star and len(self.scope.named) == 1

    def _where(self) -> tuple[exp.Expr, ...]:
        where = self.select.args.get("where")
        condition = where.this.unnest() if where is not None else None
        parts = list(condition.flatten()) if isinstance(condition, exp.And) else [condition] if condition else []
        return (*self.scope.where, *(resolved(part, self.scope) for part in parts))

    def _clauses(self) -> None:
        for part, value in self.select.args.items():
            if value in (None, False, []) or part in _READ:
                continue
            node = value if isinstance(value, exp.Expr) else self.select
            if part == "group":
                why = say("An inner SELECT chooses rows; groups and aggregates stand in the outermost one.")
                raise RefusedSqlError("with", node, why)
            raise RefusedSqlError(
                "with", node, say("{clause} has no place in an inner SELECT.", clause=part.strip("_").upper())
            )

    def _columns(self) -> Iterator[tuple[exp.Expr, str, exp.Expr]]:
        for item in self.select.expressions:
            node = item.unalias().unnest()
            if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
                yield from self._star(item)
                continue
            if is_aggregate(node):
                why = say("An inner SELECT chooses rows; groups and aggregates stand in the outermost one.")
                raise RefusedSqlError("with", node, why)
            if not isinstance(item, exp.Alias) and not isinstance(node, exp.Column):
                raise RefusedSqlError(
                    "name", item, say("A computed column of an inner SELECT needs a name: … AS name.")
                )
            name = item.alias if isinstance(item, exp.Alias) else node.name
            meant = resolved(node, self.scope)
            if not isinstance(meant, exp.Column):
                typed = Reader(self.scope, Place.NUMBERS).read(meant)
                if typed.steady:
                    raise RefusedSqlError("constant", item, say("A constant column of an inner SELECT says nothing."))
            yield item, name, meant

    def _star(self, item: exp.Expr) -> Iterator[tuple[exp.Expr, str, exp.Expr]]:
        """Every column of every table, or of one; those that USING made one stand once."""
        only(item if isinstance(item, exp.Star) else item.this)
        wanted = item.text("table").lower() if isinstance(item, exp.Column) else ""
        found = [named for named in self.scope.named if not wanted or named.name.lower() == wanted]
        if not found:
            raise RefusedSqlError("table", item, say("There is no granted table {name}.", name=wanted[:63]))
        seen: set[str] = set()
        for named in found:
            for name, meant in named.columns.items():
                if name not in seen or name not in self.scope.merged:
                    yield item, name, meant
                seen.add(name)
