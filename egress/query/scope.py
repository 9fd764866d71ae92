"""The granted tables of one query: names to columns, without regard to case, as DuckDB reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from sqlglot import exp

from egress.query.model import ColumnRef, TableRef
from egress.query.refused import RefusedSqlError, only
from hub.catalogue.model import Catalogue, Column, Table
from hub.words import Message, say


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


@dataclass
class Scope:
    """The sources in order; `merged` holds folded names that USING made one. Grows while joins are read."""

    catalogue: Catalogue
    persons: frozenset[str]
    sources: list[Source] = field(default_factory=list)
    merged: set[str] = field(default_factory=set)

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
        alias = node.args.get("alias")
        if alias is not None:
            only(alias, "this")
        ref = TableRef(name, node.alias or node.name)
        if any(source.ref.alias.lower() == ref.alias.lower() for source in self.sources):
            raise RefusedSqlError("table", node, say("Two tables go by the name {name}.", name=ref.alias))
        table = self.catalogue.tables[name]
        person = self.catalogue.source.person_key if name in self.persons else None
        return Source(ref, table, table.row_key, person, optional)

    def find(self, node: exp.Column) -> tuple[Source, str]:
        """The source and catalogue name of a column."""
        only(node, "this", "table")
        if not isinstance(node.this, exp.Identifier):
            raise RefusedSqlError("grammar", node, say("A star is outside the grammar: name the columns."))
        name = node.name.lower()
        if node.table:
            sources = [source for source in self.sources if source.ref.alias.lower() == node.table.lower()]
            if not sources:
                raise RefusedSqlError("table", node, _unknown_table(node.table, [s.ref.alias for s in self.sources]))
            found = [source for source in sources if name in source.names()]
        else:
            found = [source for source in self.sources if name in source.names()]
            if len(found) > 1 and name not in self.merged:
                raise RefusedSqlError(
                    "column", node, say("{name} stands in several tables: write table.{name}.", name=node.name)
                )
            sources = self.sources
        if not found:
            raise RefusedSqlError("column", node, self._unknown_column(node.name, sources))
        return found[0], found[0].names()[name]

    def column(self, source: Source, name: str) -> Column | None:
        """The catalogue entry; a key may have none."""
        return source.table.columns.get(name)

    def _unknown_column(self, name: str, sources: Iterable[Source]) -> Message:
        hint = nearest(name, [column for source in sources for column in source.names().values()])
        return (
            say("There is no granted column {name}; did you mean {hint}?", name=name[:63], hint=hint)
            if hint
            else say("There is no granted column {name}.", name=name[:63])
        )

    def is_person(self, source: Source, name: str) -> bool:
        return source.person_key is not None and name == source.person_key

    def person(self) -> ColumnRef:
        """The person whom a row is about: of the first table that holds the key and keeps all its rows."""
        holders = [source for source in self.sources if source.person_key is not None]
        if not holders:
            raise RefusedSqlError(
                "person_key",
                None,
                say("No table of this query holds the person key, so nothing can be counted by person."),
            )
        kept = [source for source in holders if not source.optional]
        if not kept:
            why = say("The table with the person key stands right of a left join: begin with it.")
            raise RefusedSqlError("person_key", None, why)
        return ColumnRef(kept[0].ref.alias, str(kept[0].person_key))


def _unknown_table(name: str, known: Iterable[str]) -> Message:
    hint = nearest(name, known)
    return (
        say("There is no granted table {name}; did you mean {hint}?", name=name[:63], hint=hint)
        if hint
        else say("There is no granted table {name}.", name=name[:63])
    )


def refer(source: Source, name: str) -> ColumnRef:
    return ColumnRef(source.ref.alias, name)
