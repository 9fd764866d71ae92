"""What a DP release computes, as a frozen value: public grid, filter, integer statistics. Pure; public facts only.

A table is split into statistics, each a vector of integers with one place per cell of the public grid: rows, persons,
present values of a column, sums of a column in whole steps, and a quantile's position among public candidates.
`egress.privacy.read` makes them from a Query; `egress.privacy.measure` says how much one person moves them.
Columns are "table.column"; a table stands in a spec once.
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

from egress.privacy import filters, keys
from egress.privacy.filters import Predicate, Scalar, spelled, unspelled
from egress.privacy.keys import KeyExpression

# A noisy number takes some 25 µs to draw and 20 bytes of the ledger entry that keeps the answer: half a second and
# 400 kB at this limit. It is the engine's, not a policy: noise alone decides what a DP table tells.
MAX_NUMBERS = 20_000
# Counts behind quantiles, one per cell and candidate: they are held in memory and scored one by one.
MAX_COUNTS = 1_000_000


class Kind(StrEnum):
    """The statistics a DP table is made of."""

    ROWS = "rows"
    PERSONS = "persons"
    VALUES = "values"
    TOTAL = "total"
    QUANTILE = "quantile"


@dataclass(frozen=True)
class Statistic:
    """One integer per cell. ROWS and PERSONS have no column.

    VALUES counts present values of `column`. TOTAL sums, over present values, the whole steps of 10^`exponent`
    nearest to the value, kept within [`low`, `high`], less `centre`. QUANTILE is the one of `candidates` (in steps of
    10^`exponent`, sorted) that is nearest to the quantile `share`, a fraction.
    Only rows of the cell where `where` is true take part: of PERSONS those who have such a row.
    """

    kind: Kind
    column: str = ""
    exponent: int = 0
    low: int = 0
    high: int = 0
    centre: int = 0
    where: Predicate | None = None
    share: tuple[int, int] = (0, 1)
    candidates: tuple[int, ...] = ()

    @property
    def reach(self) -> int:
        """The most that one row adds to or takes from a cell."""
        return max(abs(self.low - self.centre), abs(self.high - self.centre)) if self.kind is Kind.TOTAL else 1


@dataclass(frozen=True)
class DpKey:
    """A group key and every value it can have, sorted: published, never looked up in data."""

    expression: KeyExpression
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class DpJoin:
    """`table` joined to those before it: "inner" or "left", on equal columns (one of before, one of `table`).

    The person's column is the extract's `PERSON_NUMBER`, whatever the catalogue calls the person key.
    """

    table: str
    kind: str
    on: tuple[tuple[str, str], ...]


class Shape(StrEnum):
    """How a column of the table comes from keys and statistics."""

    KEY = "key"
    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    SHARE = "share"
    QUANTILE = "quantile"


@dataclass(frozen=True)
class OutputColumn:
    """A column as its author named it.

    `uses`: the position of its key, or of its statistics: a mean has two (sum, count), a share two (numerator,
    denominator), each in its own steps. What is shown is `scale` times the value: 100 for per cent.
    """

    name: str
    shape: Shape
    uses: tuple[int, ...]
    scale: int = 1


@dataclass(frozen=True)
class DpSpec:
    """One DP table. All but `columns` is canonical and digested: names and order of columns change no noise.

    `tables`: the first one holds the person; `joins` bring the others, in order. `rows_per_person`: the most rows that
    one person has after the joins, the product of the limits of the bounded copies.
    """

    source: str
    tables: tuple[str, ...]
    joins: tuple[DpJoin, ...]
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
        "form": "bulle.dp/2",
        "source": spec.source,
        "tables": list(spec.tables),
        "joins": [[join.table, join.kind, [list(pair) for pair in join.on]] for join in spec.joins],
        "person": spec.person,
        "rows_per_person": spec.rows_per_person,
        "keys": [[keys.to_json(key.expression), [spelled(value) for value in key.values]] for key in spec.keys],
        "where": None if spec.where is None else filters.to_json(spec.where),
        "statistics": [statistic_to_json(one) for one in spec.statistics],
    }


def statistic_to_json(one: Statistic) -> list[Any]:
    where = None if one.where is None else filters.to_json(one.where)
    fixed = [str(one.kind), one.column, one.exponent, one.low, one.high, one.centre]
    return [*fixed, where, list(one.share), list(one.candidates)]


def statistic_from_json(raw: list[Any]) -> Statistic:
    """Raises: KeyError, TypeError, ValueError."""
    kind, column, exponent, low, high, centre, where, share, candidates = raw
    first, second = share
    return Statistic(
        Kind(kind),
        column,
        exponent,
        low,
        high,
        centre,
        None if where is None else filters.from_json(where),
        (int(first), int(second)),
        tuple(int(candidate) for candidate in candidates),
    )


def from_json(raw: Mapping[str, Any]) -> DpSpec:
    """The spec behind `to_json`, without columns. Raises: KeyError, TypeError, ValueError."""
    return DpSpec(
        source=raw["source"],
        tables=tuple(raw["tables"]),
        joins=tuple(
            DpJoin(table, kind, tuple((left, right) for left, right in pairs)) for table, kind, pairs in raw["joins"]
        ),
        person=raw["person"],
        rows_per_person=int(raw["rows_per_person"]),
        keys=tuple(
            DpKey(keys.from_json(key), tuple(unspelled(value) for value in values)) for key, values in raw["keys"]
        ),
        where=None if raw["where"] is None else filters.from_json(raw["where"]),
        statistics=tuple(statistic_from_json(one) for one in raw["statistics"]),
        columns=(),
    )
