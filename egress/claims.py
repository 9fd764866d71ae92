"""Whether claimed evidence can be true at all: its form, and what contradicts itself whatever the data are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields

from egress.checks.examined import Examined
from egress.outputs.claimed import Claimed, ClaimedMeasure, Scalar
from egress.protect.relations import relations_of
from egress.query.evidence import CellEvidence, MeasureEvidence
from hub.words import Message, say

_SLACK = 1e-6
_FACTS = {field.name: str(field.type) for field in fields(MeasureEvidence)}


def measure_evidence(facts: Mapping[str, Scalar]) -> MeasureEvidence | None:
    """Evidence about one measure from its claimed facts; None when one is unknown, negative or of another type."""
    for name, value in facts.items():
        kind = _FACTS.get(name)
        if kind is None or not kind.startswith(("int", "float", "bool")):
            return None
        if isinstance(value, str) or (value is None) > ("None" in kind):
            return None
        if isinstance(value, bool) != (kind == "bool") or (value is not None and not value >= 0):
            return None
        if kind.startswith("int") and not isinstance(value, int | None):
            return None
    return MeasureEvidence(**facts)  # type: ignore[arg-type]  # each was looked at


def contradiction(claimed: Claimed, examined: Examined, persons: int | None = None) -> Message | None:
    """What in a claimed table cannot be true of an extract with `persons`, or of any."""
    cells = examined.evidence.cells
    if persons is not None and any(cell.persons > persons for cell in cells):
        return say("A cell has more units than the extract has persons: the units are not persons.")
    if any(cell.persons > cell.rows or not all(map(_possible, cell.measures)) for cell in cells):
        return say("Its evidence contradicts itself: a part is larger than its whole.")
    first = len(claimed.keys)
    for cell, row in zip(cells, examined.table.rows, strict=True):
        for measure, known, value in zip(claimed.measures, cell.measures, row[first:], strict=True):
            if not _agrees(measure, cell, known, value):  # type: ignore[arg-type]  # a number or None
                return say("Its values contradict its evidence in column {column}.", column=measure.name)
    for relation in relations_of(examined.query, cells):
        below = [cells[child] for child in relation.children]
        whole = cells[relation.parent]
        parts = [cell.persons for cell in below]
        if whole.rows != sum(cell.rows for cell in below) or not max(parts) <= whole.persons <= sum(parts):
            return say("Its totals contradict its cells.")
    return None


def _possible(known: MeasureEvidence | None) -> bool:
    if known is None:
        return True
    slack = _SLACK * (1 + known.total)
    return (
        known.nonzero <= known.persons <= known.rows
        and known.second <= known.largest + slack <= known.total + 2 * slack
    )


def _agrees(measure: ClaimedMeasure, cell: CellEvidence, known: MeasureEvidence | None, value: Scalar) -> bool:
    match measure.agg:
        case "rows":
            return value == cell.rows
        case "persons":
            return value == cell.persons
        case "count":
            return known is not None and value == known.rows
        case _ if known is None or known.persons > cell.persons or known.rows > cell.rows:
            return False
        case "sum" if isinstance(value, int | float):
            return abs(value) <= known.total * (1 + _SLACK) + _SLACK
        case "mean" if isinstance(value, int | float):
            return math.isfinite(value) and abs(value) * known.rows <= known.total * (1 + _SLACK) + _SLACK
        case _:
            return True
