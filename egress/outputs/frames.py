"""Reads what bulle.release_frame and bulle.release_acro left in an output. Strict: any surprise is no declaration.

Bounds keep a small notebook from becoming much work; they say nothing about disclosure.
"""

from __future__ import annotations

import re
from typing import Any

from egress.outputs.claimed import (
    ACRO_SCHEMA,
    AGGREGATES,
    FRAME_SCHEMA,
    Claimed,
    ClaimedCell,
    ClaimedMeasure,
    EmittedAcro,
    EmittedFrame,
    FrameWords,
    Scalar,
)
from egress.outputs.strict import (
    MAX_LABEL,
    SurpriseError,
    count,
    demand,
    items,
    key,
    named,
    number,
    one_of,
    record,
    spelled,
    truth,
)

MAX_ROWS = 10_000
MAX_KEYS = 8
MAX_MEASURES = 32
MAX_TABLES = 100
MAX_ASKED = 2_000

_FACT = re.compile(r"[a-z_]{1,24}")
_WORDS = ("name", "units", "by", "values", "agg", "title", "protect", "margins")
_FRAME = {"schema", *_WORDS, "keys", "measures", "rows", "evidence"}
_ACRO = {"schema", "folder", "tables"}
_TABLE = {"name", "title", "asked", "keys", "measures", "rows"}
_MEASURE = {"name", "agg", "of", "binary", "whole"}
_CELL = {"grouping", "rows", "persons", "measures"}


def read_frame(raw: Any) -> EmittedFrame | None:
    """A frame's declaration, or None for anything else. Never raises."""
    try:
        return _frame(record(raw, _FRAME))
    except SurpriseError:
        return None


def read_acro(raw: Any) -> EmittedAcro | None:
    """An ACRO folder's declaration, or None for anything else. Never raises."""
    try:
        document = record(raw, _ACRO)
        demand(document["schema"] == ACRO_SCHEMA)
        tables = tuple(_acro(table) for table in items(document["tables"], MAX_TABLES))
        demand(len({table.name for table in tables}) == len(tables))
        return EmittedAcro(spelled(document["folder"], MAX_LABEL), tables)
    except SurpriseError:
        return None


def _frame(raw: dict[str, Any]) -> EmittedFrame:
    demand(raw["schema"] == FRAME_SCHEMA)
    words = FrameWords(
        name=spelled(raw["name"], 40),
        units=named(raw["units"]),
        by=tuple(named(name) for name in items(raw["by"], MAX_KEYS)),
        values=None if raw["values"] is None else named(raw["values"]),
        agg=tuple(one_of(AGGREGATES, word) for word in items(raw["agg"], MAX_MEASURES)),
        title=spelled(raw["title"], 200, least=0),
        protect=spelled(raw["protect"], 20),
        margins=truth(raw["margins"]),
    )
    keys = tuple(named(name) for name in items(raw["keys"], MAX_KEYS))
    measures = tuple(_measure(measure) for measure in items(raw["measures"], MAX_MEASURES))
    names = [name.lower() for name in (*keys, *(measure.name for measure in measures))]
    demand(len(set(names)) == len(names) and bool(measures) and (not words.by or words.by == keys))
    rows = _rows(raw["rows"], len(keys), len(measures))
    cells = tuple(_cell(cell, len(keys), len(measures)) for cell in items(raw["evidence"], MAX_ROWS))
    demand(len(cells) == len(rows))
    for row, cell in zip(rows, cells, strict=True):
        demand(all((row[at] is None) == (at not in cell.grouping) for at in range(len(keys))))
    claimed = Claimed(words.name, words.title, words.protect, "frame", asked(words), keys, measures, rows, cells)
    return EmittedFrame(words, claimed)


def asked(words: FrameWords) -> str:
    """The call as people read it."""
    parts = [f"units={words.units!r}"]
    parts += [f"by={list(words.by)!r}"] if words.by else []
    parts += [f"values={words.values!r}"] if words.values else []
    parts += [f"agg={list(words.agg)!r}"] if words.agg else []
    parts += ["margins=True"] if words.margins else []
    return f"bulle.release_frame({words.name!r}, {', '.join(parts)})"


def _acro(raw: Any) -> Claimed:
    table = record(raw, _TABLE)
    keys = tuple(named(name) for name in items(table["keys"], MAX_KEYS))
    measures = tuple(_measure(measure) for measure in items(table["measures"], MAX_MEASURES))
    demand(bool(measures))
    rows = _rows(table["rows"], len(keys), len(measures))
    name, asked_for = spelled(table["name"], 40), spelled(table["asked"], MAX_ASKED, least=0)
    return Claimed(name, spelled(table["title"], 200, least=0), "suppress", "acro", asked_for, keys, measures, rows)


def _measure(raw: Any) -> ClaimedMeasure:
    known = record(raw, _MEASURE)
    of = None if known["of"] is None else named(known["of"])
    agg = one_of((*AGGREGATES, "value"), known["agg"])
    demand((of is None) == (agg in {"rows", "persons", "value"}))
    return ClaimedMeasure(named(known["name"]), agg, of, truth(known["binary"]), truth(known["whole"]))


def _rows(raw: Any, keys: int, measures: int) -> tuple[tuple[Scalar, ...], ...]:
    rows = []
    for item in items(raw, MAX_ROWS):
        row = items(item, keys + measures)
        demand(len(row) == keys + measures)
        rows.append((*(key(value) for value in row[:keys]), *(number(value) for value in row[keys:])))
    demand(len({tuple((type(value), value) for value in row[:keys]) for row in rows}) == len(rows))
    return tuple(rows)


def _cell(raw: Any, keys: int, measures: int) -> ClaimedCell:
    known = record(raw, _CELL)
    grouping = tuple(count(position) for position in items(known["grouping"], keys))
    demand(list(grouping) == sorted(set(grouping)) and all(position < keys for position in grouping))
    facts = [None if item is None else _facts(item) for item in items(known["measures"], measures)]
    demand(len(facts) == measures)
    return ClaimedCell(grouping, count(known["rows"]), count(known["persons"]), tuple(facts))


def _facts(raw: Any) -> dict[str, Scalar]:
    demand(isinstance(raw, dict) and len(raw) <= 40 and all(_FACT.fullmatch(str(name)) for name in raw))
    return {str(name): value if isinstance(value, bool) else number(value) for name, value in raw.items()}
