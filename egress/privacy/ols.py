"""Ordinary least squares by noisy cross products, as a frozen value. Pure; public facts only.

Each row of the bounded copy becomes a vector z of whole numbers: the constant UNIT, each number column clamped to the
catalogue's bounds, centred and scaled to [-UNIT, UNIT], one dummy (0 or UNIT) per published category but the first, and
the outcome last. Rows that lack one of these take no part. What is released is the sum of z_i z_j over rows.

**Sensitivity.** z takes its constant, numbers and one dummy per categorical column from P "slots"; of a categorical
column at most one dummy is not 0. Products that are told are those of two different slots and the squares of constant
and numbers: a dummy's square is its product with the constant, and two dummies of one column give 0 always. So one row
adds at most P(P+1)/2 - C numbers that are not 0 (C categorical columns), each of size UNIT² at most: in L2 it moves the
vector by UNIT² √(P(P+1)/2 - C). The k rows of one person move it by k times that, by the triangle inequality. Cutting
sums to ±2^62 is 1-Lipschitz, place by place.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from egress.privacy.filters import Scalar, spelled, unspelled
from egress.privacy.read import read
from egress.privacy.refused import NoSpecError
from egress.privacy.rows import rows_asked
from egress.privacy.spec import DpSpec
from egress.privacy.spec import from_json as base_from_json
from egress.privacy.spec import to_json as base_to_json
from egress.query.model import QueryRefusal
from hub.catalogue.model import Column, ColumnType
from hub.extracts.manifest import Manifest
from hub.policy.verdict import Refusal
from hub.words import say

# Whole steps from the middle of a column's bounds to each of them: rounding is far below any noise, and products of
# 10^10 rows stay below 2^62.
UNIT = 10_000
# Bounds of this engine: noise grows with the number of terms, and with the square of it the products.
MAX_PREDICTORS = 12
MAX_TERMS = 40


@dataclass(frozen=True)
class Number:
    """A column of numbers: its middle and half its width, by the catalogue's bounds."""

    column: str
    middle: float
    half: float


@dataclass(frozen=True)
class Classes:
    """A categorical column: every published category; the first one is the reference."""

    column: str
    values: tuple[Scalar, ...]


Predictor = Number | Classes


@dataclass(frozen=True)
class OlsSpec:
    """`base` counts the rows that take part: source, table, filter, rows per person."""

    base: DpSpec
    outcome: Number
    predictors: tuple[Predictor, ...]

    @property
    def source(self) -> str:
        return self.base.source

    @property
    def tables(self) -> tuple[str, ...]:
        return self.base.tables

    @property
    def digest(self) -> str:
        text = json.dumps(to_json(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def slots(self) -> tuple[int, ...]:
        """The slot of each place of z; constant and outcome have their own."""
        found = [0]
        for at, one in enumerate(self.predictors, start=1):
            found += [at] * (len(one.values) - 1 if isinstance(one, Classes) else 1)
        return (*found, len(self.predictors) + 1)

    @property
    def terms(self) -> tuple[str, ...]:
        """The coefficients' names: the constant first."""
        found = ["(constant)"]
        for one in self.predictors:
            if isinstance(one, Classes):
                found += [f"{one.column}: {value}" for value in one.values[1:]]
            else:
                found.append(one.column)
        return tuple(found)

    @property
    def products(self) -> tuple[tuple[int, int], ...]:
        """The pairs of places whose products are released."""
        slots, classes = self.slots, self._class_slots
        return tuple(
            (i, j)
            for i in range(len(slots))
            for j in range(i, len(slots))
            if slots[i] != slots[j] or (i == j and slots[i] not in classes)
        )

    @property
    def sensitivity(self) -> int:
        """How far one person moves the vector of products, in L2; rounded up."""
        size = len(self.predictors) + 2
        filled = size * (size + 1) // 2 - len(self._class_slots)
        return math.isqrt(self.base.rows_per_person**2 * UNIT**4 * filled - 1) + 1

    @property
    def _class_slots(self) -> frozenset[int]:
        return frozenset(at for at, one in enumerate(self.predictors, start=1) if isinstance(one, Classes))


def read_ols(
    table: str, outcome: str, predictors: Sequence[str], where: str | None, manifest: Manifest
) -> OlsSpec | Refusal:
    """The regression that is asked for, or why there is none. `where` is read by the SQL grammar, and never run.

    Predictors stand in the order of their names: two spellings of one regression are one, and an order says nothing.
    """
    catalogue = manifest.catalogue
    described = catalogue.tables.get(table)
    if described is None or table not in manifest.tables:
        return Refusal("privacy.table", say("Your extract has no table of the name that the regression asks for."))
    names = (outcome, *predictors)
    if not predictors or len(predictors) > MAX_PREDICTORS:
        return Refusal("privacy.ols", say("A regression has 1 to {most} predictors here.", most=MAX_PREDICTORS))
    if len(set(names)) != len(names):
        return Refusal("privacy.ols", say("A column stands twice in the regression."))
    query = rows_asked(table, where, manifest)
    if isinstance(query, QueryRefusal):
        return Refusal("privacy.ols", query.why)
    base = read(query, manifest)
    if isinstance(base, Refusal):
        return base
    if base.tables != (table,) or base.keys or len(base.statistics) != 1 or base.statistics[0].where is not None:
        return Refusal("privacy.ols", say("The condition of the regression is none that a DP release can read."))
    try:
        first, *rest = [_term(name, described.columns.get(name)) for name in (outcome, *sorted(predictors))]
    except NoSpecError as no:
        return no.refusal
    if not isinstance(first, Number):
        return Refusal("privacy.ols", say("The outcome of a regression is a column of numbers with published bounds."))
    spec = OlsSpec(base, first, tuple(rest))
    if len(spec.terms) > MAX_TERMS:
        why = say("The regression would have more than the {most} coefficients that fit.", most=MAX_TERMS)
        return Refusal("privacy.ols", why)
    return spec


def _term(name: str, column: Column | None) -> Predictor:
    """Raises: NoSpecError."""
    if column is None or column.identifying:
        raise NoSpecError("ols", say("The regression names a column that your extract does not have or may not use."))
    if column.type is ColumnType.BOOLEAN:
        return Classes(name, (False, True))
    if column.type in {ColumnType.INTEGER, ColumnType.NUMBER} and column.bounds is not None:
        low, high = (float(bound) for bound in column.bounds)  # type: ignore[arg-type]  # numbers, by the type
        half = (high - low) / 2
        if math.isfinite(half) and half > 0:
            return Number(name, low + half, half)
    elif column.type in {ColumnType.INTEGER, ColumnType.STRING} and len(column.categories or ()) > 1:
        return Classes(name, tuple(value for value in column.categories or () if isinstance(value, int | str)))
    raise NoSpecError(
        "ols", say("Column {column} has neither bounds nor categories in the catalogue to regress with.", column=name)
    )


def to_json(spec: OlsSpec) -> dict[str, Any]:
    """What is digested, and what the worker reads."""
    return {
        "form": "bulle.dp-ols/1",
        "base": base_to_json(spec.base),
        "outcome": _term_json(spec.outcome),
        "predictors": [_term_json(one) for one in spec.predictors],
    }


def from_json(raw: Mapping[str, Any]) -> OlsSpec:
    """Raises: KeyError, TypeError, ValueError."""
    outcome = _term_of(raw["outcome"])
    if not isinstance(outcome, Number):
        raise TypeError("outcome")
    return OlsSpec(base_from_json(raw["base"]), outcome, tuple(_term_of(one) for one in raw["predictors"]))


def _term_json(one: Predictor) -> list[Any]:
    if isinstance(one, Number):
        return ["number", one.column, one.middle, one.half]
    return ["classes", one.column, [spelled(value) for value in one.values]]


def _term_of(raw: Sequence[Any]) -> Predictor:
    if raw[0] == "number":
        return Number(raw[1], float(raw[2]), float(raw[3]))
    return Classes(raw[1], tuple(unspelled(value) for value in raw[2]))
