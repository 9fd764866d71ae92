"""The disclosure price of an exact table, for checkers: each of its columns as a DP twin would make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, prod
from statistics import median
from typing import Any

from egress.assess import Assessment
from egress.checks.model import Finding
from egress.privacy.price import (
    Part,
    Ratio,
    Twin,
    Unpriced,
    plain_scale,
    price_findings,
    price_json,
    ratio_parts,
)
from egress.privacy.price import priced as price
from egress.privacy.read_steps import steps
from egress.privacy.refused import NoSpecError
from egress.privacy.spec import Kind, Statistic
from egress.query.evidence import CellEvidence, MeasureEvidence
from egress.query.model import Aggregate, ColumnRef, Expression, Literal, Measure, Query
from egress.query.table import Table
from hub.catalogue.model import Catalogue
from hub.policy.model import DisclosureRules
from hub.words import Message, say

_NO_BOUND = say("The disclosure price of this column is not known: nothing bounds the rows of one person.")
_NO_TWIN = say("The disclosure price of this column is not known: there is no DP twin to hold it against.")
_NO_BOUNDS = say("The disclosure price of this column is not known: the catalogue gives no bounds of what is summed.")
_NO_VALUES = say("The disclosure price of this column is not known: it holds no values.")


def priced(
    assessment: Assessment, catalogue: Catalogue, rules: DisclosureRules
) -> tuple[Mapping[str, Any], tuple[Finding, ...]]:
    """The price as it is kept, and what it says to checkers. What cannot be priced is a review."""
    query, evidence, exact = assessment.query, assessment.evidence, assessment.exact
    if query is None or evidence is None or exact is None:
        return {}, ()
    most = rows_per_person(query, catalogue)
    reader = _Reader(query, catalogue, rules, most or 1, evidence.cells, exact)
    twins, unpriced = [], []
    for place, measure in enumerate(query.measures):
        position = query.columns.index(measure.name)
        found = _NO_BOUND if most is None else reader.twin(place, measure, position)
        if isinstance(found, Message):
            unpriced.append(Unpriced(measure.name, position, found))
        else:
            twins.append(found)
    told = price(twins, unpriced, most or 1, max(1, len(evidence.cells)), rules)
    return price_json(told, rules), price_findings(told, rules)


def rows_per_person(query: Query, catalogue: Catalogue) -> int | None:
    """How many rows of the joined tables one person can be in, over all grouping sets; None when nothing bounds it."""
    names = [query.tables[0].table, *(join.table.table for join in query.joins)]
    bounds = [catalogue.tables[name].rows_per_person for name in dict.fromkeys(names)]
    known = [bound for bound in bounds if bound is not None]
    return prod(known) * len(query.groupings) if len(known) == len(bounds) else None


@dataclass(frozen=True)
class _Reader:
    """How the twin of each measure is made, and how large its cells are."""

    query: Query
    catalogue: Catalogue
    rules: DisclosureRules
    most: int
    cells: Sequence[CellEvidence]
    exact: Table

    def twin(self, place: int, measure: Measure, position: int) -> Twin | Message:
        of = [cell.measures[place] or MeasureEvidence() for cell in self.cells]
        if not of:
            return _NO_VALUES
        match measure.aggregate:
            case Aggregate.COUNT_ROWS:
                return self._count(measure, position, Kind.ROWS, [cell.rows for cell in self.cells])
            case Aggregate.COUNT_PERSONS:
                plain = measure.argument is None
                persons = [cell.persons if plain else one.persons for cell, one in zip(self.cells, of, strict=True)]
                return self._count(measure, position, Kind.PERSONS, persons)
            case Aggregate.COUNT_VALUES:
                return self._count(measure, position, Kind.VALUES, [one.rows for one in of])
            case Aggregate.SUM:
                return self._sum(measure, position)
            case Aggregate.AVG:
                return self._mean(measure, position, of)
            case Aggregate.SHARE | Aggregate.SHARE_PERSONS:
                return self._share(measure, position, of)
        return _NO_TWIN

    def _count(self, measure: Measure, position: int, kind: Kind, sizes: Sequence[int]) -> Twin:
        statistic = Statistic(kind, "" if measure.argument is None else repr(measure.argument))
        scale = plain_scale(sizes, self.rules.price.value)
        return Twin(measure.name, position, (Part(statistic, scale),), tuple(float(size) for size in sizes))

    def _sum(self, measure: Measure, position: int) -> Twin | Message:
        statistic = self._total(measure.argument, binary=measure.binary)
        if statistic is None:
            return _NO_BOUNDS
        sizes = [abs(value or 0.0) / measure.scale for value in self._values(position)]
        if not all(map(isfinite, sizes)):
            return _NO_VALUES
        scale = plain_scale(sizes, self.rules.price.value, 10.0**statistic.exponent)
        return Twin(measure.name, position, (Part(statistic, scale),), tuple(sizes))

    def _mean(self, measure: Measure, position: int, of: Sequence[MeasureEvidence]) -> Twin | Message:
        total = self._total(measure.argument, binary=measure.binary)
        if total is None:
            return _NO_BOUNDS
        centre = (total.low + total.high) // 2
        centred = Statistic(Kind.TOTAL, total.column, total.exponent, total.low, total.high, centre)
        sizes = [float(one.rows) for one in of]
        below = Statistic(Kind.VALUES, total.column)
        return self._ratio(measure, position, (centred, below), sizes)

    def _share(self, measure: Measure, position: int, of: Sequence[MeasureEvidence]) -> Twin | Message:
        below = [one.denominator for one in of]
        if measure.aggregate is Aggregate.SHARE_PERSONS:
            above: Statistic | None = Statistic(Kind.PERSONS, repr(measure.argument))
            under: Statistic | None = Statistic(Kind.PERSONS, repr(measure.denominator) if measure.denominator else "")
            parts = [one.persons if one else cell.persons for one, cell in zip(below, self.cells, strict=True)]
            sizes = [float(each) for each in parts]
        else:
            above = self._total(measure.argument, binary=measure.binary)
            under = self._under(measure.denominator)
            if any(one is not None and one.negatives for one in below):
                return _NO_TWIN  # of two signs: nothing that noise could be a share of
            totals = [one.total if one else cell.persons for one, cell in zip(below, self.cells, strict=True)]
            step = 1.0 if under is None else 10.0**under.exponent
            sizes = [each / step for each in totals]
        return _NO_BOUNDS if above is None or under is None else self._ratio(measure, position, (above, under), sizes)

    def _under(self, denominator: Expression | None) -> Statistic | None:
        if denominator is None:
            return Statistic(Kind.PERSONS)
        if isinstance(denominator, Literal):
            return Statistic(Kind.ROWS) if denominator.value == 1 else None
        return self._total(denominator, binary=False)

    def _ratio(
        self, measure: Measure, position: int, parts: tuple[Statistic, Statistic], sizes: Sequence[float]
    ) -> Twin | Message:
        above, below = parts
        values = [value for value in self._values(position) if value is not None]
        if not values or not all(map(isfinite, (*values, *sizes))):
            return _NO_VALUES
        step = measure.scale * 10.0 ** (above.exponent - below.exponent)
        value, middle = median(abs(one) for one in values) / step, median(values) / step - above.centre
        made = Ratio(above, below, value, middle, median(sizes))
        found = ratio_parts(made, self.most, len(self.cells), self.rules.price.value)
        return Twin(measure.name, position, found, tuple(sizes))

    def _total(self, argument: Expression | None, *, binary: bool) -> Statistic | None:
        """What is summed, in whole steps within public bounds; None when nothing bounds it."""
        if binary:
            return Statistic(Kind.TOTAL, repr(argument), 0, 0, 1)
        if not isinstance(argument, ColumnRef):
            return None
        tables = {ref.alias: ref.table for ref in (*self.query.tables, *(join.table for join in self.query.joins))}
        column = self.catalogue.tables[tables[argument.alias]].columns.get(argument.column)
        if column is None:
            return None
        try:
            exponent, low, high = steps(argument.column, column)
        except NoSpecError:
            return None
        return Statistic(Kind.TOTAL, repr(argument), exponent, low, high)

    def _values(self, position: int) -> list[float | None]:
        found = [row[position] for row in self.exact.rows]
        return [None if value is None else float(value) for value in found]  # type: ignore[arg-type]  # measures are numbers
