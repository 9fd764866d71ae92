"""What can be told of an expression without any row: its value where its parts are known, and which condition implies
which.

Only operators whose meaning here is DuckDB's are worked out; everything else is `UNKNOWN`, and what stands on it is
not claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from itertools import pairwise, product
from math import isfinite, prod
from typing import Any, Final, TypeAlias

from egress.query.canonical_expressions import negated
from egress.query.model import Call, Case, ColumnRef, Expression, Literal
from egress.query.table import Value

# Limits of computing time: points of all columns together at which two conditions are compared.
MAX_POINTS = 3_000


class Unknown(Enum):
    """Nothing can be told."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
Known: TypeAlias = Value | Unknown | None
Assignment: TypeAlias = Mapping[Expression, Value | None]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda one, other: bool(one == other),
    "ne": lambda one, other: bool(one != other),
    "lt": lambda one, other: bool(one < other),
    "le": lambda one, other: bool(one <= other),
    "gt": lambda one, other: bool(one > other),
    "ge": lambda one, other: bool(one >= other),
}
_OPPOSED = frozenset({*_COMPARE, "in", "is_null", "and", "or", "not"})
_PARTS: dict[str, Callable[[date], int]] = {
    "year": lambda day: day.year,
    "quarter": lambda day: (day.month + 2) // 3,
    "month": lambda day: day.month,
    "day": lambda day: day.day,
    "isodow": lambda day: day.isoweekday(),
}


def value_of(expression: Expression, known: Assignment) -> Known:
    """The value of `expression` where the expressions of `known` have theirs; None is SQL's NULL."""
    if expression in known:
        return known[expression]
    if isinstance(expression, Call) and expression.function in _OPPOSED and (other := negated(expression)) in known:
        return _call("not", [known[other]])
    match expression:
        case Literal(value=value):
            return value
        case ColumnRef():
            return UNKNOWN
        case Case(whens=whens, otherwise=otherwise):
            for test, result in whens:
                held = value_of(test, known)
                if held is UNKNOWN:
                    return UNKNOWN
                if held is True:
                    return value_of(result, known)
            return None if otherwise is None else value_of(otherwise, known)
        case Call(function=function, arguments=arguments):
            return _call(function, [value_of(each, known) for each in arguments])


def _call(function: str, values: Sequence[Known]) -> Known:
    if function in {"and", "or"}:
        return _joined(values, stop=function == "or")
    if any(value is UNKNOWN for value in values):
        return UNKNOWN
    if function == "null":
        return None
    if function == "is_null":
        return values[0] is None
    if function in {"same", "differs"}:
        return _same(values[0], values[1], wanted=function == "same")
    if function == "coalesce":
        return next((value for value in values if value is not None), None)
    if values[0] is None:
        return None
    if function == "in":
        return _among(values[0], values[1:])
    if function == "between":
        return _joined([_compared("ge", values[0], values[1]), _compared("le", values[0], values[2])], stop=False)
    return _plain_call(function, values)


def _plain_call(function: str, values: Sequence[Known]) -> Known:
    first = values[0]
    if function in _COMPARE:
        return _compared(function, first, values[1])
    if function == "not" and isinstance(first, bool):
        return not first
    if function == "flag" and isinstance(first, bool):
        return int(first)
    if function in _PARTS and isinstance(first, date):
        return _PARTS[function](first)
    return UNKNOWN


def _compared(function: str, one: Known, other: Known) -> Known:
    if one is None or other is None:
        return None
    if _kind(one) is not _kind(other) or _is_nan(one) or _is_nan(other):
        return UNKNOWN
    return _COMPARE[function](_exact(one), _exact(other))


def _is_nan(value: object) -> bool:
    """What has no order here has one in DuckDB."""
    return isinstance(value, float | Decimal) and not isfinite(value)


def _exact(value: object) -> object:
    """Numbers as decimals, so that 0.1 is 0.1 however it was written."""
    return Decimal(repr(value)) if isinstance(value, float) and isfinite(value) else value


def _same(one: Known, other: Known, *, wanted: bool) -> Known:
    if one is None or other is None:
        return (one is other) is wanted
    return UNKNOWN if _kind(one) is not _kind(other) else (_exact(one) == _exact(other)) is wanted


def _among(value: Known, listed: Sequence[Known]) -> Known:
    return _joined([_compared("eq", value, each) for each in listed], stop=True)


def _joined(values: Iterable[Known], *, stop: bool) -> Known:
    """AND (`stop` False) and OR (`stop` True) of three truth values, and of what is unknown."""
    seen: set[object] = set()
    for value in values:
        if value is stop:
            return stop
        seen.add(value if value is None or value is UNKNOWN else True)
    if UNKNOWN in seen:
        return UNKNOWN
    return None if None in seen else not stop


def _kind(value: object) -> type:
    if isinstance(value, bool):
        return bool
    return float if isinstance(value, int | float | Decimal) else type(value)


# -- which condition implies which


def parts_of(condition: Expression) -> tuple[Expression, ...]:
    """The conditions that `condition` asks for together."""
    if isinstance(condition, Call) and condition.function == "and":
        return tuple(part for each in condition.arguments for part in parts_of(each))
    return (condition,)


def implies(given: Iterable[Expression], asked: Expression, fixed: Assignment | None = None) -> bool:
    """Whether rows that meet all of `given` (and have the values of `fixed`) meet `asked`; False where unknown."""
    given, fixed = tuple(given), fixed or {}
    if asked in given or value_of(asked, fixed) is True:
        return True
    wanted = unknowns(asked).keys()
    near = [part for part in given if unknowns(part).keys() & wanted]
    found = False
    for known in points((*near, asked), fixed):
        if all(value_of(part, known) in {True, UNKNOWN} for part in near):
            if value_of(asked, known) is not True:
                return False
            found = True
    return found


def apart(conditions: Iterable[Expression], fixed: Assignment | None = None) -> bool:
    """Whether no row can meet all of `conditions`; False where unknown."""
    conditions = tuple(conditions)
    seen = False
    for known in points(conditions, fixed or {}):
        seen = True
        if all(value_of(part, known) in {True, UNKNOWN} for part in conditions):
            return False
    return seen


def points(conditions: Sequence[Expression], fixed: Assignment) -> Iterator[Assignment]:
    """Values of what `conditions` compare with constants that stand for all values, as comparisons tell them apart.

    Yields nothing where they are too many.
    """
    constants: dict[Expression, set[Value]] = {}
    for part in conditions:
        for expression, values in unknowns(part).items():
            constants.setdefault(expression, set()).update(values)
    free = [expression for expression in constants if expression not in fixed]
    chosen = [_representatives(constants[expression]) for expression in free]
    if prod(len(values) for values in chosen) > MAX_POINTS:
        return
    for chosen_values in product(*chosen):
        yield {**fixed, **dict(zip(free, chosen_values, strict=True))}


def unknowns(condition: Expression) -> dict[Expression, set[Value]]:
    """What `condition` compares with constants, and with which ones. The rest stands there as true, false or NULL.

    Two expressions of one column count as two: that claims less, never more.
    """
    found: dict[Expression, set[Value]] = {}
    _gather(condition, found)
    return found


def _gather(condition: Expression, found: dict[Expression, set[Value]]) -> None:
    if isinstance(condition, Literal):
        return
    if isinstance(condition, Call) and condition.function in {"and", "or", "not"}:
        for part in condition.arguments:
            _gather(part, found)
        return
    if isinstance(condition, Call) and condition.function in _WITH_CONSTANTS:
        first, *rest = condition.arguments
        if isinstance(first, Literal) and len(rest) == 1:
            first, rest = rest[0], [first]
        if all(isinstance(part, Literal) for part in rest):
            values = {part.value for part in rest if isinstance(part, Literal)}
            _compared_with(first, values, found)
            return
    found.setdefault(condition, set()).update((True, False))


def _compared_with(expression: Expression, values: set[Value], found: dict[Expression, set[Value]]) -> None:
    """A CASE that only chooses among constants is as good as its conditions."""
    if isinstance(expression, Case):
        results = [*(result for _, result in expression.whens), expression.otherwise]
        if all(result is None or isinstance(result, Literal) for result in results):
            for test, _ in expression.whens:
                _gather(test, found)
            return
    if not isinstance(expression, Literal):
        found.setdefault(expression, set()).update(values)


_WITH_CONSTANTS = frozenset({*_COMPARE, "in", "between", "is_null", "same", "differs"})


def _representatives(constants: Iterable[Value]) -> list[Value | None]:
    """Each constant, a value between each two and beyond each end, and NULL."""
    kinds = {_kind(value) for value in constants}
    if kinds == {float}:
        exact = sorted(Decimal(str(value)) for value in constants)
        beyond = [exact[0] - 1, exact[-1] + 1, *((one + two) / 2 for one, two in pairwise(exact))]
        return [None, *exact, *beyond]
    if kinds == {date}:
        days = [value for value in constants if isinstance(value, date)]
        return [None, *sorted({near for day in days for near in (day, *_neighbours(day))})]
    if kinds == {str}:
        texts = [value for value in constants if isinstance(value, str)]
        return [None, "", *sorted({near for text in texts for near in (text, f"{text}\x00")} - {""})]
    # Truth values; compared with nothing (IS NULL), any value does.
    return [None, True, False]


def _neighbours(day: date) -> list[date]:
    step = timedelta(days=1)
    return [near for near, exists in ((day - step, day > date.min), (day + step, day < date.max)) if exists]
