"""From the type a file has to the type a catalogue says: only casts that lose nothing. SQL text for DuckDB, pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hub.catalogue.model import ColumnType

# How each catalogue type stands in an extract's Parquet files.
STORED = {
    ColumnType.STRING: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.NUMBER: "DOUBLE",
    ColumnType.DATE: "DATE",
    ColumnType.BOOLEAN: "BOOLEAN",
}

_SMALL_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"})
_BIG_INTEGERS = frozenset({"UBIGINT", "HUGEINT", "UHUGEINT"})
_FLOATS = frozenset({"FLOAT", "DOUBLE"})
_TIMESTAMPS = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_TEXTS = frozenset({"VARCHAR", "UUID"})
_DECIMAL = re.compile(r"DECIMAL\(\d+,\d+\)")

# Up to here every whole number is a double, and every whole double is that number.
_EXACT = 2**53


@dataclass(frozen=True)
class Cast:
    """`value` is the SQL of the stored value; `lost` is true where the value does not survive, None when all do."""

    value: str
    lost: str | None = None


def quote(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def lossless(column: str, found: str, kind: ColumnType) -> Cast | None:
    """The cast of the column with DuckDB type `found` to `kind`, or None when no value of it could be one."""
    raw = quote(column)
    value = f"TRY_CAST({raw} AS {STORED[kind]})"
    if found == STORED[kind]:
        return Cast(raw, f"NOT isfinite({raw})" if kind is ColumnType.NUMBER else None)
    match kind:
        case ColumnType.INTEGER:
            return _to_integer(raw, value, found)
        case ColumnType.NUMBER:
            return _to_number(raw, value, found)
        case ColumnType.DATE if found in _TIMESTAMPS:
            return Cast(value, f"{raw} IS NOT NULL AND CAST({value} AS TIMESTAMP) IS DISTINCT FROM {raw}")
        case ColumnType.STRING if found in _TEXTS or found.startswith("ENUM("):
            return Cast(value)
        case _:
            return None


def _to_integer(raw: str, value: str, found: str) -> Cast | None:
    if found in _SMALL_INTEGERS:
        return Cast(value)
    if found in _BIG_INTEGERS:
        return Cast(value, f"{raw} IS NOT NULL AND {value} IS NULL")
    if found in _FLOATS:
        return Cast(
            value, f"{raw} IS NOT NULL AND (NOT isfinite({raw}) OR {raw} <> floor({raw}) OR abs({raw}) > {_EXACT})"
        )
    if _DECIMAL.fullmatch(found):
        return Cast(value, f"{raw} IS NOT NULL AND ({value} IS NULL OR {raw} <> floor({raw}))")
    return None


def _to_number(raw: str, value: str, found: str) -> Cast | None:
    if found in _SMALL_INTEGERS:
        return Cast(value)
    if found == "FLOAT":
        return Cast(value, f"NOT isfinite({raw})")
    if found == "BIGINT" or found in _BIG_INTEGERS:
        return Cast(value, f"{raw} > {_EXACT} OR {raw} < -{_EXACT}")
    if _DECIMAL.fullmatch(found):
        return Cast(value, f"{raw} IS NOT NULL AND TRY_CAST({value} AS {found}) IS DISTINCT FROM {raw}")
    return None


def key_kind(found: str) -> ColumnType | None:
    """The type a key column is stored as when the catalogue does not list it: text, or whole numbers."""
    if found in _TEXTS or found.startswith("ENUM("):
        return ColumnType.STRING
    if found in _SMALL_INTEGERS | _BIG_INTEGERS | _FLOATS | {"BIGINT"} or _DECIMAL.fullmatch(found):
        return ColumnType.INTEGER
    return None
