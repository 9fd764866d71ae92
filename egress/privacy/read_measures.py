"""Aggregates of a Query -> statistics of a DP release. Pure; public facts only.

What is added up is a term: 1 or a column's value, in the rows where a condition is true. Each spelling that says the
same (FILTER, CASE, count_if, sums of conditions) becomes the same statistic. A mean is a sum over a count, both noisy:
the sum is centred between the bounds, so that one value moves it by half the range at most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from egress.privacy.filters import IsNull, Predicate, both, joined, negated
from egress.privacy.read_filters import CONDITIONS, FilterReader
from egress.privacy.read_steps import candidates, steps
from egress.privacy.refused import NoSpecError
from egress.privacy.spec import Kind, Shape, Statistic
from egress.query.model import Aggregate, Call, Case, ColumnRef, Expression, Literal, Measure
from hub.catalogue.model import Column, ColumnType
from hub.words import say

Made = tuple[Shape, tuple[Statistic, ...]]

_NUMBERS = {ColumnType.INTEGER, ColumnType.NUMBER}
# Scores of a quantile are counts times its denominator: so they fit 64 bits, and what moves them fits a double.
_MAX_SHARE = 10**6


@dataclass(frozen=True)
class _Term:
    """A value of each row: `column`'s, or 1 without one, where `where` is true; 0 or NULL elsewhere.

    `present`: where it is not NULL, besides the column's own NULLs; `where` lies within it. `unclear`: that is not
    known, and no mean or count can be made of it.
    """

    column: tuple[str, Column] | None
    where: Predicate | None = None
    present: Predicate | None = None
    unclear: bool = False


@dataclass(frozen=True)
class MeasureReader:
    """Reads measures over the columns of `filters.sources`."""

    filters: FilterReader

    def read(self, measure: Measure, name: str) -> Made:
        """The shape and the statistics of the measure that its author calls `name`. Raises: NoSpecError."""
        read = _READERS.get(measure.aggregate)
        scaled = measure.aggregate in {Aggregate.AVG, Aggregate.SHARE, Aggregate.SHARE_PERSONS}
        if read is None or (measure.scale != 1 and not scaled):
            raise NoSpecError(
                "aggregate",
                say("A DP release has counts, sums, means, shares and quantiles; {name} is none of them.", name=name),
            )
        return read(self, measure, name)

    def _rows(self, measure: Measure, name: str) -> Made:
        del measure, name
        return Shape.COUNT, (Statistic(Kind.ROWS),)

    def _persons(self, measure: Measure, name: str) -> Made:
        return Shape.COUNT, (self._persons_where(measure.argument, name),)

    def _values(self, measure: Measure, name: str) -> Made:
        term = self._term(measure.argument, name, counted=True)
        if term.unclear or (term.column is not None and term.where != term.present):
            raise self._no_term(name)
        if term.column is None:
            return Shape.COUNT, (Statistic(Kind.ROWS, where=term.present),)
        return Shape.COUNT, (Statistic(Kind.VALUES, term.column[0], where=term.present),)

    def _sum(self, measure: Measure, name: str) -> Made:
        one = self._added(measure.argument, name)
        return (Shape.COUNT if one.kind is Kind.ROWS else Shape.SUM), (one,)

    def _mean(self, measure: Measure, name: str) -> Made:
        term = self._term(measure.argument, name)
        if term.column is None:
            if term.unclear:
                raise self._no_term(name)
            return Shape.SHARE, (Statistic(Kind.ROWS, where=term.where), Statistic(Kind.ROWS, where=term.present))
        if term.unclear or term.where != term.present:
            raise self._no_term(name)  # a mean of numbers and zeros: its zeros and its NULLs cannot be told apart
        column, entry = term.column
        exponent, low, high = steps(column, entry)
        total = Statistic(Kind.TOTAL, column, exponent, low, high, (low + high) // 2, term.where)
        return Shape.MEAN, (total, Statistic(Kind.VALUES, column, where=term.where))

    def _share(self, measure: Measure, name: str) -> Made:
        top = self._added(measure.argument, name)
        if measure.denominator is None:
            return Shape.SHARE, (top, Statistic(Kind.PERSONS))
        return Shape.SHARE, (top, self._added(measure.denominator, name))

    def _share_of_persons(self, measure: Measure, name: str) -> Made:
        parts = (measure.argument, measure.denominator)
        return Shape.SHARE, tuple(self._persons_where(part, name) for part in parts)

    def _quantile(self, measure: Measure, name: str) -> Made:
        term = self._term(measure.argument, name)
        share = Decimal(str(measure.parameter)) if measure.parameter is not None else Decimal(0)
        if (
            term.column is None
            or term.unclear
            or term.where != term.present
            or not share.is_finite()
            or not 0 < share < 1
        ):
            raise self._no_term(name)
        column, entry = term.column
        exponent, low, high, values = candidates(column, entry)
        ratio = share.as_integer_ratio()
        if ratio[1] > _MAX_SHARE:
            raise NoSpecError("share", say("{name}: a quantile of a DP release has at most 6 decimals.", name=name))
        made = Statistic(Kind.QUANTILE, column, exponent, low, high, 0, term.where, ratio, values)
        return Shape.QUANTILE, (made,)

    # -- terms

    def _persons_where(self, argument: Expression | None, name: str) -> Statistic:
        if argument is None:
            return Statistic(Kind.PERSONS)
        term = self._term(argument, name, counted=True)
        if term.unclear or (term.column is not None and term.where != term.present):
            raise self._no_term(name)
        where = term.present
        if term.column is not None:
            where = both(where, IsNull(term.column[0], truth=False))
        return Statistic(Kind.PERSONS, where=where)

    def _added(self, argument: Expression | None, name: str) -> Statistic:
        term = self._term(argument, name)
        if term.column is None:
            return Statistic(Kind.ROWS, where=term.where)
        column, entry = term.column
        exponent, low, high = steps(column, entry)
        return Statistic(Kind.TOTAL, column, exponent, low, high, 0, term.where)

    def _term(self, expression: Expression | None, name: str, *, counted: bool = False) -> _Term:
        """`counted`: only whether it is NULL matters, so that columns of any type will do."""
        if isinstance(expression, ColumnRef):
            return self._column(expression, name, counted=counted)
        if isinstance(expression, Literal) and expression.value == 1:
            return _Term(None)
        if isinstance(expression, Call):
            flag = expression.function == "flag" and len(expression.arguments) == 1
            if flag or (counted and expression.function in CONDITIONS):
                test = self.filters.predicate(expression.arguments[0] if flag else expression)
                known = joined("any", (test, negated(test)))  # true exactly where it is not NULL
                return _Term(None, test, known)
            if expression.function == "to_double" and len(expression.arguments) == 1:
                return self._term(expression.arguments[0], name, counted=counted)
        if isinstance(expression, Case) and len(expression.whens) == 1:
            return self._case(expression, name, counted=counted)
        raise self._no_term(name)

    def _column(self, ref: ColumnRef, name: str, *, counted: bool) -> _Term:
        there = self.filters.sources.presence(ref) if counted else None
        if there is not None:
            found = IsNull(there, truth=False) if ref.alias in self.filters.sources.optional else None
            return _Term(None, found, found)
        column, entry = self.filters.sources.column(ref)
        if not counted and entry.type not in _NUMBERS:
            raise self._no_term(name)
        return _Term((column, entry))

    def _case(self, case: Case, name: str, *, counted: bool) -> _Term:
        ((test, value),) = case.whens
        condition = self.filters.predicate(test)
        inner = self._term(value, name, counted=counted)
        where = both(condition, inner.where)
        if case.otherwise is None or case.otherwise == Call("null", ()):
            return replace(inner, where=where, present=both(condition, inner.present))
        otherwise = case.otherwise.value if isinstance(case.otherwise, Literal) else None
        if isinstance(otherwise, bool | str) or otherwise != 0:
            raise self._no_term(name)
        # 0 elsewhere: to a sum that is as good as NULL, to a mean and a count it is not
        return replace(inner, where=where, present=None, unclear=inner.unclear or inner.present is not None)

    def _no_term(self, name: str) -> NoSpecError:
        return NoSpecError(
            "expression",
            say(
                "{name}: a DP release counts, adds and averages plain columns, 1 and conditions, each also as "
                "CASE WHEN condition THEN … END or with FILTER.",
                name=name,
            ),
        )


_READERS: dict[Aggregate, Callable[[MeasureReader, Measure, str], Made]] = {
    Aggregate.COUNT_ROWS: MeasureReader._rows,
    Aggregate.COUNT_PERSONS: MeasureReader._persons,
    Aggregate.COUNT_VALUES: MeasureReader._values,
    Aggregate.SUM: MeasureReader._sum,
    Aggregate.AVG: MeasureReader._mean,
    Aggregate.SHARE: MeasureReader._share,
    Aggregate.SHARE_PERSONS: MeasureReader._share_of_persons,
    Aggregate.QUANTILE: MeasureReader._quantile,
}
