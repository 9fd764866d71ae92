"""The granted tables of one query: names to columns, without regard to case, as DuckDB reads them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from sqlglot import exp

from egress.query.constants import published
from egress.query.model import ColumnRef, TableRef
from egress.query.refused import RefusedSqlError, only
from hub.catalogue.model import Catalogue, Column, Table
from hub.words import Message, say

# Bounds the work of the database as well as ours.
MAX_TABLES = 8
MAX_NAME = 63


def tables_with_persons(catalogue: Catalogue) -> frozenset[str]:
    """The tables that hold the person key: those that describe it as a column, or else all.

    A manifest knows better (`PackedTable.persons`); who has one passes its answer to `parse`.
    """
    key = catalogue.source.person_key.lower()
    described = {
        name for name, table in catalogue.tables.items() if key in {column.lower() for column in table.columns}
    }
    return frozenset(described or catalogue.tables)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like `name`."""
    by_fold = {item.lower(): item for item in known}
    found = get_close_matches(name.lower(), by_fold, n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None


@dataclass(frozen=True)
class Source:
    """One table of the query: its reference, its catalogue entry, whether it holds the person key."""

    ref: TableRef
    table: Table
    row_key: str | None
    person_key: str | None
    optional: bool = False  # the right side of a left join

    def names(self) -> dict[str, str]:
        """Folded name -> catalogue name of each column, keys included."""
        keys = [key for key in (self.person_key, self.row_key) if key]
        return {name.lower(): name for name in (*keys, *self.table.columns)}


@dataclass(frozen=True)
class Named:
    """What a name after FROM or JOIN stands for: folded column -> what is meant by it, over the query's tables."""

    name: str
    columns: Mapping[str, exp.Expr]


@dataclass
class Shared:
    """What all SELECTs of one statement share: aliases in use, names of WITH that were used, inner SELECTs, size.

    `facts` are the published constants of columns by table and name, each gathered once: there may be thousands.
    """

    taken: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    inner: int = 0
    nodes: int = 0
    facts: dict[tuple[str, str], frozenset[object]] = field(default_factory=dict)


@dataclass
class Scope:
    """The tables of one SELECT in order, and the names that it may use. Grows while joins are read.

    `sources` are all tables, those inside a WITH as well; `named` is what the SELECT sees; `merged` holds folded
    names that USING made one; `where` the conditions that came in with a WITH; `views` the SELECTs of WITH that may be
    named here, by folded name; `prefix` stands before the aliases of tables inside a WITH.
    """

    catalogue: Catalogue
    persons: frozenset[str]
    sources: list[Source] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)
    merged: set[str] = field(default_factory=set)
    where: list[exp.Expr] = field(default_factory=list)
    views: Mapping[str, exp.Select] = field(default_factory=dict)
    prefix: str = ""
    labels: Container[object] | None = None  # what a CASE may answer, gathered when first asked for
    shared: Shared = field(default_factory=Shared)

    def source(self, node: exp.Expr | None, *, optional: bool = False) -> Source:
        """The granted table that `node` names. Adds nothing."""
        if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
            raise RefusedSqlError(
                "table", node, say("Only granted tables stand in FROM: no file, function or subquery.")
            )
        only(node, "this", "alias")
        names: Mapping[str, str] = {name.lower(): name for name in self.catalogue.tables}
        name = names.get(node.name.lower())
        if name is None:
            raise RefusedSqlError("table", node, _unknown_table(node.name, self.catalogue.tables))
        table = self.catalogue.tables[name]
        person = self.catalogue.source.person_key if name in self.persons else None
        return Source(TableRef(name, self._fresh(self.alias_of(node), node)), table, table.row_key, person, optional)

    def _fresh(self, name: str, node: exp.Expr) -> str:
        """An alias that no other table of the statement has."""
        taken = self.shared.taken
        if len(taken) >= MAX_TABLES:
            raise RefusedSqlError("size", node, say("A query may join at most {most} tables.", most=MAX_TABLES))
        alias = self.prefix + name
        while alias.lower() in taken:
            alias += "_"
        taken.add(alias.lower())
        return alias

    def inside(self, name: str, views: Mapping[str, exp.Select]) -> Scope:
        """The scope of an inner SELECT called `name`, which sees `views` and no table of this one."""
        prefix = f"{self.prefix}{name}."
        return Scope(self.catalogue, self.persons, views=views, prefix=prefix, shared=self.shared)

    def alias_of(self, node: exp.Table | exp.Subquery) -> str:
        """The name that the table at `node` goes by; nobody else's."""
        alias = node.args.get("alias")
        if alias is not None:
            only(alias, "this")
        name = node.alias or node.name
        if not name.isprintable() or len(name) > MAX_NAME:
            why = say("A table's name has at most {most} printable characters.", most=MAX_NAME)
            raise RefusedSqlError("name", node, why)
        if any(known.name.lower() == name.lower() for known in self.named):
            raise RefusedSqlError("table", node, say("Two tables go by the name {name}.", name=name))
        return name

    def find(self, node: exp.Column) -> tuple[Source, str]:
        """The source and catalogue name of a column."""
        meant = self.meant(node)
        if not isinstance(meant, exp.Column):
            why = say("{name} is computed: only a table's own column stands here.", name=node.name[:63])
            raise RefusedSqlError("column", node, why)
        alias = meant.meta[SOURCE]
        return next(source for source in self.sources if source.ref.alias == alias), meant.name

    def meant(self, node: exp.Column) -> exp.Expr:
        """What a column as written stands for: a column of a source, or an expression of a WITH."""
        if SOURCE in node.meta:
            return node
        only(node, "this", "table")
        if not isinstance(node.this, exp.Identifier):
            raise RefusedSqlError("grammar", node, say("A star is outside the grammar: name the columns."))
        name = node.name.lower()
        places = self.named
        if node.table:
            places = [known for known in places if known.name.lower() == node.table.lower()]
            if not places:
                raise RefusedSqlError("table", node, _unknown_table(node.table, [known.name for known in self.named]))
        found = [known.columns[name] for known in places if name in known.columns]
        if not found:
            raise RefusedSqlError("column", node, self._unknown_column(node.name, places))
        if len(found) > 1 and name not in self.merged:
            raise RefusedSqlError(
                "column", node, say("{name} stands in several tables: write table.{name}.", name=node.name)
            )
        return found[0]

    def is_column(self, node: exp.Column) -> bool:
        """Whether a column as written is one of a table, and nothing computed."""
        return isinstance(self.meant(node), exp.Column)

    def knows(self, name: str) -> bool:
        """Whether some table has a column `name`."""
        return any(name.lower() in known.columns for known in self.named)

    def column(self, source: Source, name: str) -> Column | None:
        """The catalogue entry; a key may have none."""
        return source.table.columns.get(name)

    def _unknown_column(self, name: str, places: Iterable[Named]) -> Message:
        hint = nearest(name, [column for known in places for column in known.columns])
        return (
            say("There is no granted column {name}; did you mean {hint}?", name=name[:63], hint=hint)
            if hint
            else say("There is no granted column {name}.", name=name[:63])
        )

    def facts(self, source: Source, name: str) -> frozenset[object]:
        """The published constants of a column."""
        known = self.shared.facts
        place = (source.ref.table, name)
        if place not in known:
            known[place] = published(source.table.columns[name])
        return known[place]

    def is_person(self, source: Source, name: str) -> bool:
        return source.person_key is not None and name == source.person_key

    def person(self, node: exp.Expr) -> ColumnRef:
        """The person whom a row is about: of the first table that holds the key and keeps all its rows."""
        holders = [source for source in self.sources if source.person_key is not None]
        if not holders:
            raise RefusedSqlError(
                "person_key",
                node,
                say("No table of this query holds the person key, so nothing can be counted by person."),
            )
        kept = [source for source in holders if not source.optional]
        if not kept:
            why = say("The table with the person key stands right of a left join: begin with it.")
            raise RefusedSqlError("person_key", node, why)
        return ColumnRef(kept[0].ref.alias, str(kept[0].person_key))


def _unknown_table(name: str, known: Iterable[str]) -> Message:
    hint = nearest(name, known)
    return (
        say("There is no granted table {name}; did you mean {hint}?", name=name[:63], hint=hint)
        if hint
        else say("There is no granted table {name}.", name=name[:63])
    )


# In the syntax tree, where a column has been looked up: the alias of its source. Nothing in a text can write this.
SOURCE = "source"


def column_node(source: Source, name: str) -> exp.Column:
    """A column of the syntax tree that has been looked up."""
    node = exp.column(exp.to_identifier(name, quoted=True))
    node.meta[SOURCE] = source.ref.alias
    return node


class TableColumns(Mapping[str, exp.Expr]):
    """A table's columns by folded name; nodes are made when they are asked for, as tables may have thousands."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._names = source.names()

    def __getitem__(self, name: str) -> exp.Expr:
        return column_node(self._source, self._names[name])

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def table_named(name: str, source: Source) -> Named:
    """A table with its own columns."""
    return Named(name, TableColumns(source))


def refer(source: Source, name: str) -> ColumnRef:
    return ColumnRef(source.ref.alias, name)
