"""Synthetic rows of one table, as a frozen value: columns with public domains, and the tables that are counted. Pure.

Rows are drawn from a model that agrees with noisy contingency tables ("marginals"); what is measured with noise is the
marginals, everything after them sees noisy numbers only. A row of the bounded copy falls into exactly one place of each
column: a published category, a class between two published limits, or the last place, which is "no published value"
(missing, NaN, a category that nobody published). So it stands in exactly one cell of every marginal.

**Sensitivity of "fixed".** One row adds 1 to one cell of each of the m marginals: √m in L2 over all of them as one
vector. One person's k rows move it by k √m at most, by the triangle inequality; reached when all stand in one cell.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from egress.privacy.filters import Scalar, spelled, unspelled

# In the rows of an answer: no published value. No step of a column is as far down.
NULL = -(2**62)
# The packages of the extra [synthetic] that the worker imports.
NEEDS = ("mbi", "polars")


class Algorithm(StrEnum):
    """How the marginals are chosen: from public facts, or by OpenDP's algorithms, which look at the data for it."""

    FIXED = "fixed"
    AIM = "aim"
    MST = "mst"


@dataclass(frozen=True)
class Listed:
    """A column of published values; values of any other kind share the last place."""

    column: str
    values: tuple[Scalar, ...]

    @property
    def size(self) -> int:
        return len(self.values) + 1


@dataclass(frozen=True)
class Cut:
    """A column of numbers or dates, in classes [edge, next edge), the last one with its end.

    Edges are whole steps: of 10^`exponent`, or days (`date.toordinal`). What lies outside counts in the nearest class.
    """

    column: str
    dates: bool
    exponent: int
    edges: tuple[int, ...]

    @property
    def size(self) -> int:
        return len(self.edges)  # one class fewer than edges, and the last place


Domain: TypeAlias = Listed | Cut


@dataclass(frozen=True)
class SyntheticSpec:
    """`columns` are in the catalogue's order. `width`: marginals of two hold columns at most so far apart in it.

    `rows_per_person`: the most rows of one person in the bounded copy. `rows`: how many are drawn.
    """

    source: str
    table: str
    rows_per_person: int
    columns: tuple[Domain, ...]
    width: int
    rows: int
    algorithm: Algorithm

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.table,)

    @property
    def digest(self) -> str:
        text = json.dumps(to_json(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def marginals(self) -> tuple[tuple[int, ...], ...]:
        """The positions of the columns of each marginal that "fixed" measures: single ones, then pairs."""
        many = range(len(self.columns))
        pairs = ((i, j) for i in many for j in many if 0 < j - i <= self.width)
        return (*((at,) for at in many), *pairs)

    def cells(self, marginal: Sequence[int]) -> int:
        """How many cells a marginal has."""
        return math.prod(self.columns[at].size for at in marginal)

    @property
    def numbers(self) -> int:
        """How many noisy numbers are drawn: of "fixed" exactly, of the others at most (each column, and as many pairs
        as columns).
        """
        if self.algorithm is Algorithm.FIXED:
            return sum(self.cells(marginal) for marginal in self.marginals)
        largest = sorted(one.size for one in self.columns)[-2:]
        return sum(one.size for one in self.columns) + len(self.columns) * math.prod(largest)

    @property
    def model(self) -> int:
        """The cells of the joint tables that "fixed" is fitted with: of all columns that stand within `width`."""
        many = len(self.columns) - self.width
        return sum(self.cells(range(at, at + self.width + 1)) for at in range(many))

    @property
    def sensitivity(self) -> float:
        """How far one person moves the vector of all marginals, in L2; never below it."""
        exact = self.rows_per_person**2 * len(self.marginals)
        root = math.isqrt(exact)
        return float(root) if root * root == exact else math.nextafter(math.sqrt(exact), math.inf)


def to_json(spec: SyntheticSpec) -> dict[str, Any]:
    """What is digested, and what the worker reads."""
    return {
        "form": "bulle.dp-synthetic/1",
        "source": spec.source,
        "table": spec.table,
        "rows_per_person": spec.rows_per_person,
        "columns": [_domain_json(one) for one in spec.columns],
        "width": spec.width,
        "rows": spec.rows,
        "algorithm": str(spec.algorithm),
    }


def from_json(raw: Mapping[str, Any]) -> SyntheticSpec:
    """Raises: KeyError, TypeError, ValueError."""
    return SyntheticSpec(
        source=raw["source"],
        table=raw["table"],
        rows_per_person=int(raw["rows_per_person"]),
        columns=tuple(_domain_of(one) for one in raw["columns"]),
        width=int(raw["width"]),
        rows=int(raw["rows"]),
        algorithm=Algorithm(raw["algorithm"]),
    )


def _domain_json(one: Domain) -> list[Any]:
    if isinstance(one, Listed):
        return ["listed", one.column, [spelled(value) for value in one.values]]
    return ["cut", one.column, one.dates, one.exponent, list(one.edges)]


def _domain_of(raw: Sequence[Any]) -> Domain:
    if raw[0] == "listed":
        return Listed(raw[1], tuple(unspelled(value) for value in raw[2]))
    _, column, dates, exponent, edges = raw
    return Cut(column, bool(dates), int(exponent), tuple(int(edge) for edge in edges))
