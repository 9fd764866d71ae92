"""What a DP release computes, as a frozen value: public grid, filter, integer statistics. Pure; public facts only.

A table is split into statistics, each a vector of integers with one place per cell of the public grid:
rows, persons, present values of a column, and sums of a column in whole steps. `egress.privacy.read` makes them
from a Query; `egress.privacy.measure` says how much one person moves them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from math import prod
from typing import Any

from egress.privacy import filters
from egress.privacy.filters import Predicate, Scalar, spelled, unspelled

# A noisy number takes some 25 µs to draw and 20 bytes of the ledger entry that keeps the answer: half a second and
# 400 kB at this limit. It is the engine's, not a policy: noise alone decides what a DP table tells.
MAX_NUMBERS = 20_000


class Kind(StrEnum):
    """The statistics a DP table is made of."""

    ROWS = "rows"
    PERSONS = "persons"
    VALUES = "values"
    TOTAL = "total"


@dataclass(frozen=True)
class Statistic:
    """One integer per cell. ROWS and PERSONS have no column.

    VALUES counts present values of `column`. TOTAL sums, over present values, the whole steps of 10^`exponent`
    nearest to the value, kept within [`low`, `high`], less `centre`.
    """

    kind: Kind
    column: str = ""
    exponent: int = 0
    low: int = 0
    high: int = 0
    centre: int = 0

    @property
    def reach(self) -> int:
        """The most that one row adds to or takes from a cell."""
        return max(abs(self.low - self.centre), abs(self.high - self.centre)) if self.kind is Kind.TOTAL else 1


@dataclass(frozen=True)
class DpKey:
    """A group key and every value it can have, sorted: published, never looked up in data."""

    column: str
    values: tuple[Scalar, ...]


class Shape(StrEnum):
    """How a column of the table comes from keys and statistics."""

    KEY = "key"
    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"


@dataclass(frozen=True)
class OutputColumn:
    """A column as its author named it.

    `uses`: the position of its key, or of its statistics (a mean has two: sum, count).
    """

    name: str
    shape: Shape
    uses: tuple[int, ...]


@dataclass(frozen=True)
class DpSpec:
    """One DP table. All but `columns` is canonical and digested: names and order of columns change no noise."""

    source: str
    table: str
    person: str
    rows_per_person: int
    keys: tuple[DpKey, ...]
    where: Predicate | None
    statistics: tuple[Statistic, ...]
    columns: tuple[OutputColumn, ...]

    @property
    def cells(self) -> int:
        return prod(len(key.values) for key in self.keys)

    @property
    def grid(self) -> tuple[tuple[Scalar, ...], ...]:
        """Every combination of key values, in sorted order; one empty combination without keys."""
        return tuple(product(*(key.values for key in self.keys)))

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical part: equal for two spellings of one release."""
        text = json.dumps(to_json(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def to_json(spec: DpSpec) -> dict[str, Any]:
    """The canonical part: what is digested, and what the worker reads."""
    return {
        "form": "bulle.dp/1",
        "source": spec.source,
        "table": spec.table,
        "person": spec.person,
        "rows_per_person": spec.rows_per_person,
        "keys": [[key.column, [spelled(value) for value in key.values]] for key in spec.keys],
        "where": None if spec.where is None else filters.to_json(spec.where),
        "statistics": [
            [str(one.kind), one.column, one.exponent, one.low, one.high, one.centre] for one in spec.statistics
        ],
    }


def from_json(raw: Mapping[str, Any]) -> DpSpec:
    """The spec behind `to_json`, without columns. Raises: KeyError, TypeError, ValueError."""
    return DpSpec(
        source=raw["source"],
        table=raw["table"],
        person=raw["person"],
        rows_per_person=int(raw["rows_per_person"]),
        keys=tuple(DpKey(column, tuple(unspelled(value) for value in values)) for column, values in raw["keys"]),
        where=None if raw["where"] is None else filters.from_json(raw["where"]),
        statistics=tuple(Statistic(Kind(kind), *rest) for kind, *rest in raw["statistics"]),
        columns=(),
    )
