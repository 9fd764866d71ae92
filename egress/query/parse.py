"""SQL as a researcher writes it -> Query, or a refusal with its place and reason. Pure; nothing is executed.

The grammar is that of the design, section 2: one SELECT of keys and aggregates over granted tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlglot import exp

from egress.query.aggregates import is_aggregate
from egress.query.expressions import Reader
from egress.query.functions import Kind
from egress.query.grouping import read_groupings
from egress.query.joins import read_tables
from egress.query.measures import MeasureReader
from egress.query.model import ColumnRef, Expression, Key, Measure, Note, Query, QueryRefusal
from egress.query.names import alias_of, default_name, distinct_name, is_plain
from egress.query.refused import RefusedSqlError, line_and_column, offset, readable, refusal
from egress.query.scope import SOURCE, Scope, tables_with_persons
from egress.query.syntax import SLIPS, one_select
from egress.query.typed import Place, Typed
from egress.query.views import all_used, read_views, resolved
from hub.catalogue.model import Catalogue
from hub.words import Message, say

MAX_COLUMNS = 40

_CLAUSES: dict[str, Message] = {
    "distinct": say("SELECT DISTINCT is outside the grammar: rows already are distinct by key."),
    "limit": say("LIMIT is outside the grammar: it would choose among rows."),
    "offset": say("OFFSET is outside the grammar: it would choose among rows."),
    "having": say("HAVING is outside the grammar: it would choose among results."),
    "qualify": say("Window functions are outside the grammar."),
    "windows": say("Window functions are outside the grammar."),
    "sample": say("Samples are outside the grammar: they are random."),
}
_READ = frozenset({"with_", "expressions", "from_", "joins", "where", "group", "order"})


def parse(sql: str, catalogue: Catalogue, persons: frozenset[str] | None = None) -> Query | QueryRefusal:
    """The frozen Query that `sql` says over the granted tables of `catalogue`, or the refusal.

    `persons` names the tables that hold the person key, when a manifest knows; else `tables_with_persons`.
    Any text is answered; none raises.
    """
    try:
        select = one_select(sql)
        scope = Scope(catalogue, tables_with_persons(catalogue) if persons is None else persons)
        return _Parser(sql, select, scope).query()
    except RefusedSqlError as error:
        return refusal(error, sql)
    except SLIPS:
        return refusal(RefusedSqlError("syntax", None, say("This is not SQL that can be read.")), sql)
    except RecursionError:
        return refusal(RefusedSqlError("size", None, say("Expressions are nested too deeply.")), sql)


@dataclass
class _Parser:
    """Reads one SELECT, clause by clause."""

    sql: str
    select: exp.Select
    scope: Scope
    notes: list[tuple[str, exp.Expr, Message]] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    written: list[Expression | None] = field(default_factory=list)  # per select item: the key's expression

    def query(self) -> Query:
        self._clauses()
        self.scope.views = read_views(self.select, self.scope)
        joins = read_tables(self.select, self.scope)
        all_used(self.select, self.scope)
        if self.scope.shared.inner:
            self._write_out()
        person = self.scope.person(self.select)
        if len(self.select.expressions) > MAX_COLUMNS:
            raise RefusedSqlError("size", self.select, say("A table has at most {most} columns.", most=MAX_COLUMNS))
        where = self._where()
        for item in self.select.expressions:
            self._column(item)
        if not self.measures:
            raise RefusedSqlError("rows", self.select, say("The query has no aggregate: single rows never leave."))
        groupings = read_groupings(self.select.args.get("group"), len(self.keys), self.select, self._locate)
        self._order()
        return Query(
            tables=tuple(source.ref for source in self.scope.sources),
            joins=joins,
            where=where,
            keys=tuple(self.keys),
            measures=tuple(self.measures),
            groupings=groupings,
            columns=tuple(self.columns),
            person=person,
            notes=tuple(self._placed(*note) for note in self.notes),
        )

    def _clauses(self) -> None:
        for part, value in self.select.args.items():
            if value in (None, False, []) or part in _READ:
                continue
            node = value if isinstance(value, exp.Expr) else self.select
            why = _CLAUSES.get(part) or say("{clause} is outside the grammar.", clause=part.strip("_").upper())
            raise RefusedSqlError("grammar", node, why)

    def _write_out(self) -> None:
        """Puts what is meant in the place of columns of a WITH, in every clause."""
        items = [resolved(item.copy(), self.scope) for item in self.select.expressions]
        for before, (at, item) in zip(self.select.expressions, enumerate(items), strict=True):
            if isinstance(before, exp.Column):
                items[at] = exp.alias_(item, before.name, quoted=True)
        self.select.set("expressions", items)
        for part in ("where", "group", "order"):
            node = self.select.args.get(part)
            if node is not None:
                resolved(node, self.scope, results=part != "where")

    def _placed(self, rule: str, node: exp.Expr, why: Message) -> Note:
        line, column = line_and_column(offset(node, self.sql), self.sql)
        return Note(rule, "SQL" if line is None else f"SQL {line}:{column}", readable(why))

    def _reader(self, place: Place) -> Reader:
        return Reader(self.scope, place, self.notes)

    def _where(self) -> tuple[Expression, ...]:
        where = self.select.args.get("where")
        condition = where.this.unnest() if where is not None else None
        own = list(condition.flatten()) if isinstance(condition, exp.And) else [condition] if condition else []
        parts = [*self.scope.where, *own]
        return tuple(self._reader(Place.FILTER).condition(part).expression for part in parts)

    # -- columns of results

    def _column(self, item: exp.Expr) -> None:
        name = alias_of(item)
        node = item.unalias().unnest()
        if name is not None and not is_plain(name):
            self.notes.append(("name", item, say("This column name is not a plain word.")))
        measure = MeasureReader(self._reader(Place.NUMBERS)).read(node) if is_aggregate(node) else None
        if name is None:
            name = distinct_name(default_name(node, measure), self.columns)
        if name.lower() in {column.lower() for column in self.columns}:
            raise RefusedSqlError("name", item, say("Two columns are called {name}.", name=name))
        self.columns.append(name)
        if measure is not None:
            self.measures.append(replace(measure, name=name))
            self.written.append(None)
        else:
            self._key(name, node)

    def _key(self, name: str, node: exp.Expr) -> None:
        typed = self._reader(Place.KEY).read(node)
        if typed.steady or typed.kind is Kind.NULL:
            raise RefusedSqlError("constant", node, say("A key depends on a column; a constant column does not leave."))
        if any(key.expression == typed.expression for key in self.keys):
            raise RefusedSqlError("grouping", node, say("The same key stands twice."))
        plain = isinstance(typed.expression, ColumnRef) and (typed.discrete or typed.kind is Kind.STRING)
        if not typed.labelled and not plain:
            self.notes.append(
                ("label", node, say("The values of {name} are no published categories or classes.", name=name))
            )
        self.keys.append(_key(name, typed))
        self.written.append(typed.expression)

    def _locate(self, node: exp.Expr) -> int:
        """Which key an item of GROUP BY or ORDER BY is: by ordinal, by column, by its name, by expression."""
        expression = self._meant(node)
        for position, key in enumerate(self.keys):
            if key.expression == expression:
                return position
        raise RefusedSqlError("grouping", node, say("Each key of GROUP BY must be a column of the result."))

    def _meant(self, node: exp.Expr) -> Expression | None:
        if isinstance(node, exp.Literal) and not node.is_string:
            ordinal = int(node.name) if node.name.isdecimal() and len(node.name) < 4 else 0
            return self.written[ordinal - 1] if 0 < ordinal <= len(self.written) else None
        reader = Reader(self.scope, Place.KEY)
        written = isinstance(node, exp.Column) and not node.table and SOURCE not in node.meta
        if written and not self.scope.knows(node.name):
            return self._named(node.name)
        return reader.read(node).expression

    def _named(self, name: str) -> Expression | None:
        folded = [column.lower() for column in self.columns]
        return self.written[folded.index(name.lower())] if name.lower() in folded else None

    def _order(self) -> None:
        """Rows leave sorted by key whatever stands here; an order that is not the sorted one is noted."""
        order = self.select.args.get("order")
        for item in order.expressions if order is not None else ():
            if isinstance(item.this, exp.Var) and not item.args.get("desc"):
                continue
            try:
                self._locate(item.this)
                sorted_one = not item.args.get("desc")
            except RefusedSqlError:
                sorted_one = False
            if not sorted_one:
                self.notes.append(("order", item, say("Rows leave sorted by key; this order is not kept.")))


def _key(name: str, typed: Typed) -> Key:
    return Key(name, typed.expression, typed.sensitive, typed.kind is Kind.BOOLEAN, typed.labelled)
