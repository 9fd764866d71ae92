"""Group keys of a Query -> keys of a DP release with their public values. Pure; public facts only.

The values come from the catalogue's categories and bounds, and from labels that stand in the query; conditions of
WHERE on the key's own column take values away. They may be too many, never looked up in data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal

from egress.privacy.filters import (
    Compared,
    OneOf,
    Predicate,
    Scalar,
    columns_of,
    conjuncts,
    holds,
    negated,
    one_of,
    truth,
)
from egress.privacy.keys import Bins, Cases, KeyExpression, Part, Plain, Test
from egress.privacy.read_filters import CONDITIONS, FilterReader, scalar
from egress.privacy.refused import NoSpecError
from egress.privacy.spec import MAX_NUMBERS, DpKey
from egress.query.functions import DATE_PARTS, DATE_UNITS
from egress.query.model import Call, Case, ColumnRef, Expression, Literal
from hub.catalogue.model import Column, ColumnType
from hub.words import say

# The most days or whole numbers of a column that are gone through to find a key's values: 160 years of days.
_MAX_BASE = 60_000
_MAX_WIDTH = 10**12

_PARTS: dict[str, Callable[[date], Scalar]] = {
    "year": lambda day: day.year,
    "isoyear": lambda day: day.isocalendar().year,
    "quarter": lambda day: (day.month + 2) // 3,
    "month": lambda day: day.month,
    "week": lambda day: day.isocalendar().week,
    "day": lambda day: day.day,
    "isodow": lambda day: day.isoweekday(),
    "dow": lambda day: day.isoweekday() % 7,
    "doy": lambda day: day.timetuple().tm_yday,
    "date_trunc_year": lambda day: day.replace(month=1, day=1),
    "date_trunc_quarter": lambda day: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
    "date_trunc_month": lambda day: day.replace(day=1),
    "date_trunc_week": lambda day: day - timedelta(days=day.weekday()),
}
UNITS = frozenset({*DATE_PARTS, *(f"date_trunc_{unit}" for unit in DATE_UNITS)})


@dataclass(frozen=True)
class KeyReader:
    """Reads keys; `where` is the release's filter."""

    filters: FilterReader
    where: Predicate | None

    def key(self, expression: Expression) -> DpKey:
        """Raises: NoSpecError."""
        made, values, name = self._read(expression)
        if not values:
            raise NoSpecError("empty", say("The filter leaves no category of {column}.", column=name))
        return DpKey(made, tuple(sorted(values)))

    def _read(self, expression: Expression) -> tuple[KeyExpression, tuple[Scalar, ...], str]:
        if isinstance(expression, ColumnRef):
            name, column = self.filters.sources.column(expression)
            return Plain(name), self._passing(name, _domain(name, column)), name
        if isinstance(expression, Case):
            return self._cases(self._branches(expression))
        if isinstance(expression, Call):
            if expression.function in CONDITIONS:
                return self._test(self.filters.predicate(expression))
            if expression.function == "flag" and len(expression.arguments) == 1:
                test = self.filters.predicate(expression.arguments[0])
                return self._cases(_flagged(test))
            if expression.function in UNITS and len(expression.arguments) == 1:
                return self._part(expression.function, expression.arguments[0])
            if (classes := _classed(expression)) is not None:
                return self._bins(classes)
        raise NoSpecError(
            "key",
            say(
                "A DP table is grouped by columns, classes of one width, parts of dates, conditions, and CASE with "
                "a constant after each THEN; this key is none of them."
            ),
        )

    # -- what the filter leaves

    def _passing(self, name: str, values: Iterable[Scalar]) -> tuple[Scalar, ...]:
        own = [part for part in conjuncts(self.where) if columns_of(part) == {name}]
        return tuple(value for value in values if all(holds(part, {name: value}) for part in own))

    def _rows(self, predicates: Iterable[Predicate]) -> list[dict[str, Scalar | None]] | None:
        """Every value, NULL too, that the one column of `predicates` can have; None when that is not known."""
        columns = {column for each in predicates for column in columns_of(each)}
        if len(columns) != 1:
            return None
        (name,) = columns
        table, _, plain = name.partition(".")
        entry = self.filters.sources.manifest.catalogue.tables[table].columns.get(plain)
        base = _base(entry) if entry is not None else None
        if base is None:
            return None
        own = [part for part in conjuncts(self.where) if columns_of(part) == {name}]
        rows: list[dict[str, Scalar | None]] = [{name: value} for value in (*base, None)]
        return [row for row in rows if all(holds(part, row) for part in own)]

    # -- conditions and CASE

    def _test(self, predicate: Predicate) -> tuple[KeyExpression, tuple[Scalar, ...], str]:
        rows = self._rows([predicate])
        found = {False, True} if rows is None else {truth(predicate, row) for row in rows} - {None}
        return Test(predicate), tuple(value for value in found if value is not None), _named([predicate])

    def _branches(self, case: Case) -> Cases:
        whens = tuple((self.filters.predicate(test), _label(value)) for test, value in case.whens)
        null = case.otherwise is None or case.otherwise == Call("null", ())
        otherwise = None if null or case.otherwise is None else _label(case.otherwise)
        labels = [label for _, label in whens] + ([] if otherwise is None else [otherwise])
        if len({type(label) for label in labels}) > 1:
            raise NoSpecError("key", say("The labels of a CASE that is a key are of one type."))
        return Cases(whens, otherwise)

    def _cases(self, cases: Cases) -> tuple[KeyExpression, tuple[Scalar, ...], str]:
        tests = [test for test, _ in cases.whens]
        rows = self._rows(tests)
        if rows is None:
            labels = {label for _, label in cases.whens} | {cases.otherwise}
        else:
            labels = {next((label for test, label in cases.whens if holds(test, row)), cases.otherwise) for row in rows}
        return cases, tuple(label for label in labels if label is not None), _named(tests)

    # -- dates and classes

    def _part(self, unit: str, argument: Expression) -> tuple[KeyExpression, tuple[Scalar, ...], str]:
        name, column = self.filters.column(argument)
        days = _base(column) if column.type is ColumnType.DATE else None
        if days is None:
            raise NoSpecError(
                "categories", say("The catalogue gives no bounds of {column} that a DP table could use.", column=name)
            )
        part = _PARTS[unit]
        found = {part(day) for day in self._passing(name, days) if isinstance(day, date)}
        return Part(name, unit), tuple(found), name

    def _bins(self, classes: _Classes) -> tuple[KeyExpression, tuple[Scalar, ...], str]:
        name, column = self.filters.column(classes.argument)
        width, index = classes.width, classes.index
        if column.type not in {ColumnType.INTEGER, ColumnType.NUMBER} or column.bounds is None:
            raise NoSpecError(
                "categories", say("The catalogue gives no bounds of {column} that a DP table could use.", column=name)
            )
        low, high = (Decimal(str(bound)) for bound in column.bounds)
        # SQL's // cuts towards 0 where floor goes down, and divides without cutting where a number has decimals
        if classes.cut and (low < 0 or column.type is not ColumnType.INTEGER):
            raise NoSpecError(
                "key",
                say(
                    "{column}: write its classes as floor(column / width) * width; // is not the same here.",
                    column=name,
                ),
            )
        first, last = self._classes(name, low, high, width)
        if last - first >= MAX_NUMBERS:
            raise NoSpecError("cells", say("{column}: so narrow classes are too many for a DP table.", column=name))
        numbers = range(first, last + 1)
        return Bins(name, width, index), tuple(number if index else number * width for number in numbers), name

    def _classes(self, name: str, low: Decimal, high: Decimal, width: int) -> tuple[int, int]:
        """The first and last class that bounds and filter leave."""
        open_end = False
        for part in conjuncts(self.where):
            if isinstance(part, Compared) and part.column == name and isinstance(part.value, int | Decimal):
                value = Decimal(part.value)
                if part.operator in {"gt", "ge"}:
                    low = max(low, value)
                elif part.operator in {"lt", "le"} and (value < high or (value == high and part.operator == "lt")):
                    high, open_end = value, part.operator == "lt"
            elif isinstance(part, OneOf) and part.column == name:
                numbers = [Decimal(value) for value in part.values if isinstance(value, int | Decimal)]
                low, high = max(low, min(numbers)), min(high, max(numbers))
        first, last = (int((end / width).to_integral_value(ROUND_FLOOR)) for end in (low, high))
        return first, last - 1 if open_end and high == last * width else last


@dataclass(frozen=True)
class _Classes:
    """`argument` in classes of `width`; `cut`: by SQL's //, else by floor."""

    argument: Expression
    width: int
    index: bool
    cut: bool


def _classed(call: Call) -> _Classes | None:
    """x // w, floor(x / w), and either times w."""
    if call.function == "mul" and len(call.arguments) == 2:
        for inner, factor in (call.arguments, call.arguments[::-1]):
            found = _classed(inner) if isinstance(inner, Call) else None
            if found is not None and found.index and _width(factor) == found.width:
                return replace(found, index=False)
        return None
    division = call.arguments[0] if call.function == "floor" and len(call.arguments) == 1 else call
    if not isinstance(division, Call) or division.function not in {"div", "intdiv"} or len(division.arguments) != 2:
        return None
    cut = division.function == "intdiv"
    width = _width(division.arguments[1])
    return None if width is None else _Classes(division.arguments[0], width, index=True, cut=cut)


def _width(expression: Expression) -> int | None:
    value = scalar(expression.value, ColumnType.INTEGER) if isinstance(expression, Literal) else None
    return value if isinstance(value, int) and 0 < value <= _MAX_WIDTH else None


def _label(expression: Expression) -> Scalar:
    if isinstance(expression, Literal):
        value = expression.value
        if isinstance(value, bool | str) or type(value) is date:
            return value
        number = scalar(value, ColumnType.INTEGER)
        if number is None:
            number = scalar(value, ColumnType.NUMBER)
        if number is not None:
            return number
    raise NoSpecError("key", say("A CASE that is a key has a constant after each THEN and ELSE."))


def _flagged(test: Predicate) -> Cases:
    """1 where the condition is true, 0 where it is false."""
    return Cases(((test, 1), (negated(test), 0)), None)


def _named(predicates: Iterable[Predicate]) -> str:
    return ", ".join(sorted({column for each in predicates for column in columns_of(each)}))


def _domain(name: str, column: Column) -> tuple[Scalar, ...]:
    """Every value the column can have, by the catalogue. A number column has too many, whatever its categories."""
    base = _base(column) if column.type is not ColumnType.DATE or column.categories else None
    if base is None or len(base) > MAX_NUMBERS:
        raise NoSpecError(
            "categories",
            say(
                "The catalogue publishes no categories of {column}; a DP table needs every value it groups by.",
                column=name,
            ),
        )
    return base


def _base(column: Column) -> tuple[Scalar, ...] | None:
    """Every value of a column, sorted; None when they are not published or too many."""
    if column.type is ColumnType.BOOLEAN:
        return (False, True)
    if column.categories and column.type is not ColumnType.NUMBER:
        values = {scalar(value, column.type) for value in column.categories} - {None}
        return one_of("", [value for value in values if value is not None]).values
    if column.bounds is None:
        return None
    low, high = column.bounds
    if column.type is ColumnType.INTEGER and isinstance(low, int) and isinstance(high, int) and high - low < _MAX_BASE:
        return tuple(range(low, high + 1))
    if column.type is ColumnType.DATE and isinstance(low, date) and isinstance(high, date):
        days = (high - low).days + 1
        return tuple(low + timedelta(days=day) for day in range(days)) if days <= _MAX_BASE else None
    return None
