"""The rows that a private release is about, read by the SQL grammar from a table's name and a condition. Pure."""

from __future__ import annotations

from egress.query.model import Query, QueryRefusal
from egress.query.parse import parse
from hub.extracts.manifest import Manifest


def rows_asked(table: str, where: str | None, manifest: Manifest) -> Query | QueryRefusal:
    """The query that counts them; `table` is one of the catalogue's. It is read, and never run as it stands here."""
    persons = frozenset(name for name, packed in manifest.tables.items() if packed.persons is not None)
    # Parentheses: a condition that goes on with another clause is no condition.
    condition = "" if where is None else f" WHERE (\n{where}\n)"
    return parse(f"SELECT count(*) AS n FROM {table}{condition}", manifest.catalogue, persons)  # noqa: S608 -- parsed only; what runs is made from the spec
