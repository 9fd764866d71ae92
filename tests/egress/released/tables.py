"""Small releases for tests: a catalogue of one source, queries over it, and fingerprints of what was released."""

from __future__ import annotations

from typing import Any

from egress.checks.model import Protection
from egress.query.model import Query
from egress.query.parse import parse
from egress.query.table import Table, Value
from egress.released.fingerprint import Fingerprint, Granted, Lineage, Status, Thresholds
from tests.egress.query.extracts import HOSPITAL, catalogue

LINEAGE = Lineage("pmsi", "0" * 64, (Granted("person"), Granted("stay", "year", 2021, 2024)))
THRESHOLDS = Thresholds("health-fr", 11, 5, 4)


def query(sql: str) -> Query:
    """The query of `sql` over the hospital's tables."""
    read = parse(sql, catalogue(HOSPITAL))
    assert isinstance(read, Query), read
    return read


def released(sql: str, *rows: tuple[Value | None, ...], **more: Any) -> Fingerprint:
    """What was released of `sql`; by default every row is of the query's first grouping and None was suppressed."""
    read = query(sql)
    fields: dict[str, Any] = {
        "request": "r-1",
        "project": "one",
        "output": "table",
        "lineage": LINEAGE,
        "query": read,
        "table": Table(read.columns, rows),
        "groupings": tuple(read.groupings[0] for _ in rows),
        "status": Status.RELEASED,
        "rules": THRESHOLDS,
        "protect": Protection.SUPPRESS,
    }
    return Fingerprint(**{**fields, **more})
