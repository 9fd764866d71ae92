"""Conditions of a Query -> predicates of a DP release. Pure; public facts only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from egress.privacy.filters import IsNull, Predicate, Scalar, compared, joined, negated, one_of
from egress.privacy.read_tables import Sources
from egress.privacy.refused import NoSpecError
from egress.query.model import Call, ColumnRef, Expression, Literal
from hub.catalogue.model import Column, ColumnType
from hub.words import say

_MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
CONDITIONS = frozenset({*_MIRRORED, "and", "or", "not", "between", "in", "is_null", "same", "differs"})


def scalar(value: object, kind: ColumnType) -> Scalar | None:
    """`value` as a constant of a column of type `kind`; None when it is not one."""
    match kind:
        case ColumnType.BOOLEAN:
            return value if isinstance(value, bool) else None
        case ColumnType.STRING:
            return value if isinstance(value, str) else None
        case ColumnType.DATE:
            return value if type(value) is date else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(str(value))
    if not number.is_finite() or abs(number.adjusted()) > 40:
        return None
    if kind is ColumnType.NUMBER:
        return number
    return int(number) if number == number.to_integral_value() and abs(number) < 2**62 else None


@dataclass(frozen=True)
class FilterReader:
    """Reads conditions over the columns of `sources`."""

    sources: Sources

    def column(self, expression: Expression | None) -> tuple[str, Column]:
        """Raises: NoSpecError."""
        if not isinstance(expression, ColumnRef):
            raise NoSpecError("expression", say("A DP release takes plain columns, not expressions."))
        return self.sources.column(expression)

    def predicate(self, expression: Expression) -> Predicate:
        """The condition, equal to it in all three truth values. Raises: NoSpecError."""
        if isinstance(expression, ColumnRef):
            name, column = self.sources.column(expression)
            if column.type is ColumnType.BOOLEAN:
                return one_of(name, [True])
        if isinstance(expression, Call):
            found = self._call(expression.function, expression.arguments)
            if found is not None:
                return found
        raise NoSpecError(
            "filter",
            say(
                "A DP release filters by columns beside constants (=, <, IN, BETWEEN) and IS NULL, "
                "joined by AND, OR and NOT."
            ),
        )

    def _call(self, function: str, arguments: tuple[Expression, ...]) -> Predicate | None:
        count = len(arguments)
        if function in {"and", "or"} and arguments:
            return joined("all" if function == "and" else "any", [self.predicate(part) for part in arguments])
        if function == "not" and count == 1:
            return negated(self.predicate(arguments[0]))
        if function == "is_null" and count == 1:
            return self._is_null(arguments[0])
        if function in _MIRRORED and count == 2:
            return self._comparison(function, arguments[0], arguments[1])
        if function in {"same", "differs"} and count == 2:
            return self._same(arguments[0], arguments[1], truth=function == "same")
        if function == "between" and count == 3:
            ends = zip(("ge", "le"), arguments[1:], strict=True)
            return joined("all", [self._comparison(name, arguments[0], end) for name, end in ends])
        if function == "in" and count > 1:
            name, column = self.column(arguments[0])
            return one_of(name, [self._constant(value, name, column) for value in arguments[1:]])
        return None

    def _is_null(self, expression: Expression) -> Predicate:
        if isinstance(expression, ColumnRef) and (there := self.sources.presence(expression)):
            return IsNull(there, truth=True)
        return IsNull(self.column(expression)[0], truth=True)

    def _same(self, left: Expression, right: Expression, *, truth: bool) -> Predicate:
        """IS NOT DISTINCT FROM a constant: equal and there, so never neither."""
        if isinstance(left, Literal):
            left, right = right, left
        equal = self._comparison("eq", left, right)
        here = joined("all", [equal, IsNull(self.column(left)[0], truth=False)])
        return here if truth else negated(here)

    def _comparison(self, operator: str, left: Expression, right: Expression) -> Predicate:
        if isinstance(left, Literal):
            left, right, operator = right, left, _MIRRORED[operator]
        name, column = self.column(left)
        if column.type is ColumnType.BOOLEAN and operator not in {"eq", "ne"}:
            raise NoSpecError("filter", say("Column {column} is true or false: compare it by = only.", column=name))
        return compared(name, operator, self._constant(right, name, column))

    def _constant(self, expression: Expression, name: str, column: Column) -> Scalar:
        if not isinstance(expression, Literal):
            raise NoSpecError("filter", say("Column {column} is compared with constants only.", column=name))
        value = scalar(expression.value, column.type)
        if value is None:
            raise NoSpecError(
                "constant",
                say(
                    "Column {column} is compared with a constant that is no {type}.", column=name, type=str(column.type)
                ),
            )
        return value
