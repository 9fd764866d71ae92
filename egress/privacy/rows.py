"""The rows that a private release is about, read by the SQL grammar from a table's name and a condition. Pure."""

from __future__ import annotations

from egress.query.model import Query, QueryRefusal
from egress.query.parse import parse
from hub.catalogue.model import Catalogue
from hub.extracts.manifest import Manifest
from hub.words import say


def rows_asked(table: str, where: str | None, manifest: Manifest) -> Query | QueryRefusal:
    """The query that counts them in an extract."""
    persons = frozenset(name for name, packed in manifest.tables.items() if packed.persons is not None)
    return rows_of(table, where, manifest.catalogue, persons)


def rows_of(
    table: str, where: str | None, catalogue: Catalogue, persons: frozenset[str] | None = None
) -> Query | QueryRefusal:
    """The same where no extract is at hand. It is read, and never run as it stands here."""
    if table not in catalogue.tables:
        return QueryRefusal("tables", None, None, say("There is no table of this name."))
    # Parentheses: a condition that goes on with another clause is no condition.
    condition = "" if where is None else f" WHERE (\n{where}\n)"
    return parse(f"SELECT count(*) AS n FROM {table}{condition}", catalogue, persons)  # noqa: S608 -- parsed only; what runs is made from the spec
