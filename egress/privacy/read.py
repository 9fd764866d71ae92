"""A Query and the extract's catalogue -> DpSpec, or why it gets no DP release. Pure; only public facts decide.

The query is brought into its one spelling first (`egress.query.canonical`): aliases, the order of tables, joins,
conditions, keys and measures make no other release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import prod

from egress.privacy.filters import joined
from egress.privacy.keys import to_json as key_to_json
from egress.privacy.read_filters import FilterReader
from egress.privacy.read_keys import KeyReader
from egress.privacy.read_measures import Made, MeasureReader
from egress.privacy.read_tables import sources
from egress.privacy.refused import NoSpecError
from egress.privacy.spec import (
    MAX_COUNTS,
    MAX_NUMBERS,
    DpKey,
    DpSpec,
    Kind,
    OutputColumn,
    Shape,
    Statistic,
    statistic_to_json,
)
from egress.query.canonical import Canonical, canonical_form
from egress.query.model import Call, Case, Expression, Literal, Query
from hub.extracts.manifest import Manifest
from hub.policy.verdict import Refusal
from hub.words import say


def read(query: Query, manifest: Manifest) -> DpSpec | Refusal:
    """The DP release that `query` asks for. Two spellings of one release give specs with one digest."""
    try:
        for literal in _literals(query):
            _check(literal)
        return _spec(query, canonical_form(query), manifest)
    except NoSpecError as no:
        return no.refusal


def _spec(query: Query, form: Canonical, manifest: Manifest) -> DpSpec:
    from_ = sources(form.query, manifest)
    filters = FilterReader(from_)
    where = joined("all", parts) if (parts := [filters.predicate(part) for part in form.query.where]) else None
    if form.query.groupings != (tuple(range(len(form.query.keys))),):
        raise NoSpecError("margins", say("A DP table has no margins: add up its cells."))
    if not form.query.measures:
        raise NoSpecError("measure", say("A DP table needs at least one count, sum or mean."))
    reader = KeyReader(filters, where)
    columns = _Columns(query)
    for key, at in zip(form.query.keys, form.keys, strict=True):
        columns.keys[query.keys[at].name] = reader.key(key.expression)
    for measure, at in zip(form.query.measures, form.measures, strict=True):
        written = query.measures[at]
        columns.made[written.name] = MeasureReader(filters).read(measure, written.name)
    keys = tuple(sorted(set(columns.keys.values()), key=lambda key: json.dumps(key_to_json(key.expression))))
    statistics = tuple(sorted({one for _, ones in columns.made.values() for one in ones}, key=_order))
    _check_size(keys, statistics)
    source = manifest.catalogue.source
    return DpSpec(
        source.name,
        from_.tables,
        from_.joins,
        source.person_key,
        from_.rows_per_person,
        keys,
        where,
        statistics,
        tuple(columns.column(name, keys, statistics) for name in query.columns),
    )


def _order(one: Statistic) -> tuple[str, str, int, str]:
    return one.kind, one.column, one.centre, json.dumps(statistic_to_json(one))


@dataclass(init=False)
class _Columns:
    """Keys and measures by the names that the author gave them."""

    keys: dict[str, DpKey]
    made: dict[str, Made]
    scales: dict[str, int]

    def __init__(self, query: Query) -> None:
        self.keys, self.made = {}, {}
        self.scales = {measure.name: measure.scale for measure in query.measures}

    def column(self, name: str, keys: Sequence[DpKey], statistics: Sequence[Statistic]) -> OutputColumn:
        if name not in self.made:
            return OutputColumn(name, Shape.KEY, (keys.index(self.keys[name]),))
        shape, ones = self.made[name]
        return OutputColumn(name, shape, tuple(statistics.index(one) for one in ones), self.scales[name])


def _check_size(keys: Sequence[DpKey], statistics: Sequence[Statistic]) -> None:
    cells = prod(len(key.values) for key in keys)
    if cells * len(statistics) > MAX_NUMBERS:
        raise NoSpecError(
            "cells",
            say(
                "This DP table would have {cells} cells; with {count} statistics each at most {most} fit.",
                cells=cells,
                count=len(statistics),
                most=MAX_NUMBERS // len(statistics),
            ),
        )
    candidates = sum(len(one.candidates) for one in statistics if one.kind is Kind.QUANTILE)
    if cells * candidates > MAX_COUNTS:
        raise NoSpecError(
            "cells",
            say(
                "The quantiles of this DP table have {candidates} candidates in each of {cells} cells; "
                "at most {most} cells fit.",
                candidates=candidates,
                cells=cells,
                most=MAX_COUNTS // candidates,
            ),
        )


def _literals(query: Query) -> Iterator[Literal]:
    for part in (*query.where, *(key.expression for key in query.keys)):
        yield from _within(part)
    for measure in query.measures:
        for argument in (measure.argument, measure.denominator):
            if argument is not None:
                yield from _within(argument)


def _within(expression: Expression) -> Iterator[Literal]:
    if isinstance(expression, Literal):
        yield expression
    elif isinstance(expression, Call):
        for argument in expression.arguments:
            yield from _within(argument)
    elif isinstance(expression, Case):
        for pair in expression.whens:
            for part in pair:
                yield from _within(part)
        if expression.otherwise is not None:
            yield from _within(expression.otherwise)


def _check(literal: Literal) -> None:
    """Queries made by hand may hold what no SQL says. Raises: NoSpecError."""
    value = literal.value
    known = isinstance(value, bool | str | int) or type(value) is date
    if not known and not (isinstance(value, float | Decimal) and Decimal(value).is_finite()):
        raise NoSpecError(
            "constant", say("A constant of a DP release is a finite number, a date, a text or a truth value.")
        )
