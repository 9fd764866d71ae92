"""Constants in a query: which are public, and how they become literals.

A declaration is written by code that has read the data, so a constant may carry some of it. Without a note pass:
- beside a column: its categories, breaks and bounds; beside a date part: years within the date's bounds, and every
  quarter, month, week and day;
- as the result of a CASE and as a replacement (coalesce, least, greatest, nullif): 0, 1 and NULL;
- as the result of a CASE: a text that is a category, or names a class by published breaks ('<18', '18-64', '65+');
- added or subtracted: 0 and 1; as a factor, divisor or step of classes: whole numbers from 1 to 12 and powers of
  ten from 0.001 to a million; as the digits of round: -6 to 6;
- as a quantile: multiples of 0.05, and 0.01 and 0.99.
Everything else is noted, and people look at the output.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from egress.query.functions import DATE_PARTS, Kind
from egress.query.model import LiteralValue
from egress.query.refused import RefusedSqlError
from hub.catalogue.model import Column, ColumnType
from hub.words import say

MAX_DIGITS = 18

RESULTS: frozenset[object] = frozenset({Decimal(0), Decimal(1)})
FACTORS: frozenset[object] = frozenset(
    {*(Decimal(step) for step in range(1, 13)), *(Decimal(10) ** power for power in range(-3, 7))}
)
DIGITS: frozenset[object] = frozenset(Decimal(digits) for digits in range(-6, 7))
QUANTILES: frozenset[object] = frozenset(
    {*(Decimal(step) / 20 for step in range(1, 20)), Decimal("0.01"), Decimal("0.99")}
)

# Names of classes: <18, >= 65, 18-64, 65+
_CLASS = re.compile(r"(?:[<>≤≥]|[<>]=)? ?(\d{1,9})(?: ?[-–] ?(\d{1,9})|\+)?\Z")

_KINDS = {
    ColumnType.STRING: Kind.STRING,
    ColumnType.INTEGER: Kind.NUMBER,
    ColumnType.NUMBER: Kind.NUMBER,
    ColumnType.DATE: Kind.DATE,
    ColumnType.BOOLEAN: Kind.BOOLEAN,
}


def kind_of(column: Column) -> Kind:
    return _KINDS[column.type]


def comparable(value: object) -> object:
    """`value` so that equal constants are equal values: numbers as decimals of their shortest text."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    return Decimal(str(value))


def published(column: Column) -> frozenset[object]:
    """The categories, breaks and bounds of a column."""
    facts: Iterable[object] = (*(column.categories or ()), *(column.breaks or ()), *(column.bounds or ()))
    return frozenset(comparable(value) for value in facts)


class ClassLabels:
    """Texts that name a class by one column's breaks and bounds; the last number of a class is a break less 1."""

    def __init__(self, columns: Iterable[frozenset[object]]) -> None:
        self._columns: dict[Decimal, set[int]] = {}
        for at, facts in enumerate(columns):
            for number in facts:
                if isinstance(number, Decimal):
                    self._columns.setdefault(number, set()).add(at)
                    self._columns.setdefault(number - 1, set()).add(at)

    def __contains__(self, text: object) -> bool:
        told = _CLASS.match(text) if isinstance(text, str) else None
        numbers = [Decimal(number) for number in told.groups() if number is not None] if told else []
        return bool(numbers) and bool(set.intersection(*(self._columns.get(number, set()) for number in numbers)))


def published_part(part: str, facts: Container[object]) -> frozenset[object]:
    """The public values of a part of a date; `facts` are those of the date: its bounds span the public years."""
    if part not in {"year", "isoyear"}:
        return frozenset(Decimal(value) for value in DATE_PARTS[part])
    years = [value.year for value in facts if isinstance(value, date)] if isinstance(facts, frozenset) else []
    return frozenset(Decimal(year) for year in range(min(years), max(years) + 1)) if years else frozenset()


def is_constant(node: exp.Expr) -> bool:
    """A literal, a negated literal, TRUE, FALSE, or DATE '…'."""
    if isinstance(node, exp.Neg):
        return isinstance(node.this, exp.Literal) and not node.this.is_string
    if isinstance(node, exp.Cast):
        return isinstance(node.this, exp.Literal) and node.to.is_type(exp.DType.DATE)
    return isinstance(node, exp.Literal | exp.Boolean)


def constant(node: exp.Expr, wanted: Kind | None = None) -> tuple[LiteralValue, Kind]:
    """The value of a constant; a text becomes a date where a date is `wanted`, 0 and 1 become truth values."""
    if isinstance(node, exp.Boolean):
        return bool(node.this), Kind.BOOLEAN
    if isinstance(node, exp.Neg):
        value, kind = constant(node.this)
        return -value, kind  # type: ignore[operator]  # is_constant saw a number
    if isinstance(node, exp.Cast):
        return _date(node.this), Kind.DATE
    if not node.is_string:
        number = _number(node)
        if wanted is Kind.BOOLEAN and number in {0, 1}:
            return bool(number), Kind.BOOLEAN
        return number, Kind.NUMBER
    if wanted is Kind.DATE:
        return _date(node), Kind.DATE
    text = str(node.this)
    if not text.isprintable() or len(text) > 200:
        raise RefusedSqlError("constant", node, say("A text holds at most 200 printable characters."))
    return text, Kind.STRING


def _date(node: exp.Expr) -> date:
    try:
        return datetime.strptime(node.name if len(node.name) == 10 else "", "%Y-%m-%d").date()  # noqa: DTZ007 -- a day has no time zone
    except ValueError:
        raise RefusedSqlError("constant", node, say("A date is written 'YYYY-MM-DD'.")) from None


def _number(node: exp.Expr) -> int | float | Decimal:
    text = str(node.this)
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    digits = number.as_tuple()
    if not number.is_finite() or len(digits.digits) > MAX_DIGITS or abs(int(digits.exponent)) > MAX_DIGITS:
        raise RefusedSqlError("constant", node, say("A number has at most {most} digits.", most=MAX_DIGITS))
    if "e" in text.lower():
        return float(number)
    return int(number) if number == number.to_integral_value() and "." not in text else number
