"""Evidence written by hand, so that each test shows the one number it is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from egress.checks.examined import Examined
from egress.checks.model import Finding, Outcome
from egress.query.evidence import CellEvidence, Evidence, MeasureEvidence
from egress.query.model import Aggregate, ColumnRef, Key, Measure, Query, TableRef
from egress.query.table import Table, Value

ROWS = Measure("n", Aggregate.COUNT_ROWS)


def measure(aggregate: Aggregate, **facts: Any) -> Measure:
    return Measure("m", aggregate, ColumnRef("t", "x"), **facts)


def about(**known: Any) -> MeasureEvidence:
    """Evidence of a well-filled measure, but for what a test changes."""
    filled: dict[str, Any] = {
        "rows": 500,
        "persons": 500,
        "nonzero": 500,
        "total": 5000.0,
        "largest": 20.0,
        "second": 19.0,
    }
    return MeasureEvidence(**{**filled, **known})


def cell(
    persons: int = 500,
    known: MeasureEvidence | None = None,
    keys: tuple[Value | None, ...] = ("a",),
    rows: int | None = None,
) -> CellEvidence:
    return CellEvidence(keys, tuple(range(len(keys))), persons if rows is None else rows, persons, (known,))


def examined(
    cells: Sequence[CellEvidence], what: Measure = ROWS, keys: Sequence[Key] | None = None, title: str = "", **more: Any
) -> Examined:
    """A table of `cells`; by default one key k and one measure."""
    named = tuple(keys) if keys is not None else (Key("k", ColumnRef("t", "k")),)
    query = Query(
        tables=(TableRef("t", "t"),),
        joins=(),
        where=(),
        keys=named,
        measures=(what,),
        groupings=(tuple(range(len(named))),),
        columns=(*(key.name for key in named), what.name),
        person=ColumnRef("t", "pid"),
    )
    table = Table(query.columns, tuple((*each.keys, each.rows) for each in cells))
    return Examined(query, table, Evidence(tuple(cells)), title, **more)


def outcomes(findings: Sequence[Finding], check: str) -> list[Outcome]:
    found = [finding.outcome for finding in findings if finding.check == check]
    assert found, f"{check} did not run"
    return found
