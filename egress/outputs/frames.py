"""Reads what bulle.release_frame and bulle.release_acro left in an output. Strict: any surprise is no declaration.

Bounds keep a small notebook from becoming much work; they say nothing about disclosure.
"""

from __future__ import annotations

import math
import re
import unicodedata
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

MAX_ROWS = 10_000
MAX_KEYS = 8
MAX_MEASURES = 32
MAX_LABEL = 100
MAX_TABLES = 100
MAX_ASKED = 2_000
MAX_NUMBER = 1 << 62

_COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_FACT = re.compile(r"[a-z_]{1,24}")
_WORDS = ("name", "units", "by", "values", "agg", "title", "protect", "margins")
_FRAME = {"schema", *_WORDS, "keys", "measures", "rows", "evidence"}
_ACRO = {"schema", "folder", "tables"}
_TABLE = {"name", "title", "asked", "keys", "measures", "rows"}
_MEASURE = {"name", "agg", "of", "binary", "whole"}
_CELL = {"grouping", "rows", "persons", "measures"}


class _SurpriseError(Exception):
    """It is not what our own functions leave."""


def is_label(text: object) -> bool:
    """One line of at most MAX_LABEL characters: no control, format (zero-width, direction) or private ones, NFC."""
    if not isinstance(text, str) or not 0 < len(text) <= MAX_LABEL or unicodedata.normalize("NFC", text) != text:
        return False
    return all(letter == " " or unicodedata.category(letter)[0] not in "CZ" for letter in text)


def is_column(text: object) -> bool:
    """A column's name: letters without accents, digits, underscores, beginning with a letter."""
    return isinstance(text, str) and _COLUMN.fullmatch(text) is not None


def read_frame(raw: Any) -> EmittedFrame | None:
    """A frame's declaration, or None for anything else. Never raises."""
    try:
        return _frame(_record(raw, _FRAME))
    except _SurpriseError:
        return None


def read_acro(raw: Any) -> EmittedAcro | None:
    """An ACRO folder's declaration, or None for anything else. Never raises."""
    try:
        document = _record(raw, _ACRO)
        _demand(document["schema"] == ACRO_SCHEMA)
        tables = tuple(_acro(table) for table in _list(document["tables"], MAX_TABLES))
        _demand(len({table.name for table in tables}) == len(tables))
        return EmittedAcro(_text(document["folder"], MAX_LABEL), tables)
    except _SurpriseError:
        return None


def _frame(raw: dict[str, Any]) -> EmittedFrame:
    _demand(raw["schema"] == FRAME_SCHEMA)
    words = FrameWords(
        name=_text(raw["name"], 40),
        units=_named(raw["units"]),
        by=tuple(_named(name) for name in _list(raw["by"], MAX_KEYS)),
        values=None if raw["values"] is None else _named(raw["values"]),
        agg=tuple(_one_of(AGGREGATES, word) for word in _list(raw["agg"], MAX_MEASURES)),
        title=_text(raw["title"], 200, least=0),
        protect=_text(raw["protect"], 20),
        margins=_truth(raw["margins"]),
    )
    keys = tuple(_named(name) for name in _list(raw["keys"], MAX_KEYS))
    measures = tuple(_measure(measure) for measure in _list(raw["measures"], MAX_MEASURES))
    names = [name.lower() for name in (*keys, *(measure.name for measure in measures))]
    _demand(len(set(names)) == len(names) and bool(measures) and (not words.by or words.by == keys))
    rows = _rows(raw["rows"], len(keys), len(measures))
    cells = tuple(_cell(cell, len(keys), len(measures)) for cell in _list(raw["evidence"], MAX_ROWS))
    _demand(len(cells) == len(rows))
    for row, cell in zip(rows, cells, strict=True):
        _demand(all((row[at] is None) == (at not in cell.grouping) for at in range(len(keys))))
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
    table = _record(raw, _TABLE)
    keys = tuple(_named(name) for name in _list(table["keys"], MAX_KEYS))
    measures = tuple(_measure(measure) for measure in _list(table["measures"], MAX_MEASURES))
    _demand(bool(measures))
    rows = _rows(table["rows"], len(keys), len(measures))
    name, asked_for = _text(table["name"], 40), _text(table["asked"], MAX_ASKED, least=0)
    return Claimed(name, _text(table["title"], 200, least=0), "suppress", "acro", asked_for, keys, measures, rows)


def _measure(raw: Any) -> ClaimedMeasure:
    known = _record(raw, _MEASURE)
    of = None if known["of"] is None else _named(known["of"])
    agg = _one_of((*AGGREGATES, "value"), known["agg"])
    _demand((of is None) == (agg in {"rows", "persons", "value"}))
    return ClaimedMeasure(_named(known["name"]), agg, of, _truth(known["binary"]), _truth(known["whole"]))


def _rows(raw: Any, keys: int, measures: int) -> tuple[tuple[Scalar, ...], ...]:
    rows = []
    for item in _list(raw, MAX_ROWS):
        row = _list(item, keys + measures)
        _demand(len(row) == keys + measures)
        rows.append((*(_key(value) for value in row[:keys]), *(_number(value) for value in row[keys:])))
    _demand(len({tuple((type(value), value) for value in row[:keys]) for row in rows}) == len(rows))
    return tuple(rows)


def _cell(raw: Any, keys: int, measures: int) -> ClaimedCell:
    known = _record(raw, _CELL)
    grouping = tuple(_count(position) for position in _list(known["grouping"], keys))
    _demand(list(grouping) == sorted(set(grouping)) and all(position < keys for position in grouping))
    facts = [None if item is None else _facts(item) for item in _list(known["measures"], measures)]
    _demand(len(facts) == measures)
    return ClaimedCell(grouping, _count(known["rows"]), _count(known["persons"]), tuple(facts))


def _facts(raw: Any) -> dict[str, Scalar]:
    _demand(isinstance(raw, dict) and len(raw) <= 40 and all(_FACT.fullmatch(str(name)) for name in raw))
    return {str(name): value if isinstance(value, bool) else _number(value) for name, value in raw.items()}


def _record(raw: Any, names: set[str]) -> dict[str, Any]:
    _demand(isinstance(raw, dict) and set(raw) == names)
    known: dict[str, Any] = raw
    return known


def _list(raw: Any, most: int) -> list[Any]:
    _demand(isinstance(raw, list) and len(raw) <= most)
    known: list[Any] = raw
    return known


def _text(raw: Any, most: int, *, least: int = 1) -> str:
    _demand(isinstance(raw, str) and least <= len(raw) <= most)
    return str(raw).encode("utf-8", "replace").decode("utf-8")  # JSON can spell half a character


def _named(raw: Any) -> str:
    _demand(is_column(raw))
    return str(raw)


def _one_of(known: tuple[str, ...], raw: Any) -> str:
    _demand(isinstance(raw, str) and raw in known)
    return str(raw)


def _truth(raw: Any) -> bool:
    _demand(isinstance(raw, bool))
    return bool(raw)


def _count(raw: Any) -> int:
    _demand(isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw < MAX_NUMBER)
    return int(raw)


def _number(raw: Any) -> Scalar:
    if raw is None:
        return None
    _demand(isinstance(raw, int | float) and not isinstance(raw, bool))
    _demand(math.isfinite(raw) if isinstance(raw, float) else abs(raw) < MAX_NUMBER)
    number: int | float = raw
    return number


def _key(raw: Any) -> Scalar:
    if raw is None or isinstance(raw, bool) or is_label(raw):
        known: Scalar = raw
        return known
    return _number(raw)


def _demand(holds: object) -> None:
    if not holds:
        raise _SurpriseError
