"""A table of results as one frozen value, exact or protected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

Value: TypeAlias = bool | int | float | Decimal | date | str

# What a key column shows in a margin row. A missing key (SQL's NULL) stays None, so the two never look alike.
TOTAL = "Total"


@dataclass(frozen=True)
class Table:
    """Columns in the author's order; rows sorted by key, margins last. None: a missing key, a suppressed value."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value | None, ...], ...]


def plain(value: Value | None) -> bool | int | float | str | None:
    """`value` as JSON can hold it: dates in ISO 8601, decimals as numbers."""
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
