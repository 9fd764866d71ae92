"""What is aggregated, and under which condition: `sum(CASE WHEN c THEN x END)` is x under c. Pure reading of a Query.

Two conditions are compared without any data: one may lie inside the other, they may exclude each other, or neither
can be shown. What cannot be shown is told as such, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from egress.query.model import Call, Case, ColumnRef, Expression, Literal, LiteralValue

ONE = Literal(1, published=True)


@dataclass(frozen=True)
class Part:
    """`value` where all of `conditions` hold. `zero` says that it is 0 elsewhere, and not missing."""

    value: Expression
    conditions: tuple[Expression, ...] = ()
    zero: bool = False


class Relation(StrEnum):
    """How the rows of one condition lie to those of another."""

    EQUAL = "equal"
    INSIDE = "inside"
    AROUND = "around"
    DISJOINT = "disjoint"
    UNKNOWN = "unknown"


def part_of(expression: Expression) -> Part:
    """The value and condition in `expression`, through nested CASE, FILTER, flags and products with them."""
    if isinstance(expression, Case) and len(expression.whens) == 1:
        ((condition, result),) = expression.whens
        other = expression.otherwise
        if other is None or _is_zero(other):
            inner = part_of(result)
            return Part(inner.value, (*_conjuncts(condition), *inner.conditions), inner.zero or other is not None)
    if isinstance(expression, Call) and expression.function == "flag":
        return Part(ONE, _conjuncts(expression.arguments[0]), zero=True)
    if isinstance(expression, Call) and expression.function == "mul":
        left, right = (part_of(side) for side in expression.arguments)
        for one, other_side in ((left, right), (right, left)):
            if one.conditions and _is_one(one.value):
                return Part(other_side.value, (*one.conditions, *other_side.conditions), zero=True)
    return Part(expression)


def _is_zero(expression: Expression) -> bool:
    return isinstance(expression, Literal) and _number(expression.value) == 0


def _is_one(expression: Expression) -> bool:
    return isinstance(expression, Literal) and _number(expression.value) == 1


def _number(value: LiteralValue) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return Decimal(str(value))


def _conjuncts(condition: Expression) -> tuple[Expression, ...]:
    if isinstance(condition, Call) and condition.function == "and":
        return tuple(atom for argument in condition.arguments for atom in _conjuncts(argument))
    return (condition,)


def relation(one: tuple[Expression, ...], other: tuple[Expression, ...]) -> Relation:
    """How the rows where all of `one` hold lie to those where all of `other` do."""
    left, right = [_range(atom) for atom in one], [_range(atom) for atom in other]
    if any(_apart(a, b) for a in left for b in right):
        return Relation.DISJOINT
    inside = all(any(_within(a, b) for a in left) for b in right)
    around = all(any(_within(b, a) for b in right) for a in left)
    if inside and around:
        return Relation.EQUAL
    if inside or around:
        return Relation.INSIDE if inside else Relation.AROUND
    return Relation.UNKNOWN


@dataclass(frozen=True)
class _Range:
    """The values of `subject` that one atom leaves: those between two bounds, some (`only`) or all but some (`not_in`).

    A condition that is not read so is its own subject, with the values True.
    """

    subject: Expression
    low: object | None = None
    low_open: bool = False
    high: object | None = None
    high_open: bool = False
    only: frozenset[object] | None = None
    not_in: frozenset[object] = frozenset()

    def holds(self, value: object) -> bool:
        if self.only is not None:
            return value in self.only
        if value in self.not_in:
            return False
        return self._above(value) and self._below(value)

    def _above(self, value: object) -> bool:
        return self.low is None or _less(self.low, value) or (value == self.low and not self.low_open)

    def _below(self, value: object) -> bool:
        return self.high is None or _less(value, self.high) or (value == self.high and not self.high_open)


def _less(one: object, other: object) -> bool:
    try:
        return bool(one < other)  # type: ignore[operator]  # values of one column; others are not ordered
    except TypeError:
        return False


_TURNED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne", "same": "same", "differs": "differs"}
_NEGATED = {
    "lt": "ge",
    "le": "gt",
    "gt": "le",
    "ge": "lt",
    "eq": "ne",
    "ne": "eq",
    "same": "differs",
    "differs": "same",
}


def _range(atom: Expression) -> _Range:
    if isinstance(atom, ColumnRef):
        return _Range(atom, only=frozenset({True}))
    if isinstance(atom, Call):
        if atom.function == "not":
            return _negated(atom.arguments[0])
        if atom.function in _TURNED:
            found = _comparison(atom.function, *atom.arguments)
            if found is not None:
                return found
        values = [_literal(argument) for argument in atom.arguments[1:]]
        if atom.function == "in" and None not in values:
            return _Range(atom.arguments[0], only=frozenset(values))
        if atom.function == "between" and None not in values:
            return _Range(atom.arguments[0], low=values[0], high=values[1])
    return _Range(atom, only=frozenset({True}))


def _negated(atom: Expression) -> _Range:
    if isinstance(atom, Call) and atom.function in _NEGATED:
        return _range(Call(_NEGATED[atom.function], atom.arguments))
    found = _range(atom)
    if found.only is None:
        return _Range(Call("not", (atom,)), only=frozenset({True}))
    if all(value is True for value in found.only):  # and not 1, which equals it
        return _Range(found.subject, only=frozenset({False}))
    return _Range(found.subject, not_in=found.only)


def _comparison(function: str, left: Expression, right: Expression) -> _Range | None:
    value, subject = _literal(right), left
    if value is None:
        value, subject, function = _literal(left), right, _TURNED[function]
    if value is None:
        return None
    match function:
        case "eq" | "same":
            return _Range(subject, only=frozenset({value}))
        case "ne" | "differs":
            return _Range(subject, not_in=frozenset({value}))
        case "lt" | "le":
            return _Range(subject, high=value, high_open=function == "lt")
        case _:
            return _Range(subject, low=value, low_open=function == "gt")


def _literal(expression: Expression) -> object | None:
    """The value of a literal, numbers as decimals so that 1 and 1.0 are one."""
    if not isinstance(expression, Literal):
        return None
    number = _number(expression.value)
    return expression.value if number is None else number


def _within(one: _Range, other: _Range) -> bool:
    """Whether each value of `one` is one of `other`."""
    if one.subject != other.subject:
        return False
    if one.only is not None:
        return all(other.holds(value) for value in one.only)
    if other.only is not None:
        return False
    if any(one.holds(value) for value in other.not_in):
        return False
    return _low_within(one, other) and _high_within(one, other)


def _low_within(one: _Range, other: _Range) -> bool:
    if other.low is None:
        return True
    if one.low is None:
        return False
    return _less(other.low, one.low) or (one.low == other.low and (one.low_open or not other.low_open))


def _high_within(one: _Range, other: _Range) -> bool:
    if other.high is None:
        return True
    if one.high is None:
        return False
    return _less(one.high, other.high) or (one.high == other.high and (one.high_open or not other.high_open))


def _apart(one: _Range, other: _Range) -> bool:
    """Whether no value is in both."""
    if one.subject != other.subject:
        return False
    if one.only is not None:
        return not any(other.holds(value) for value in one.only)
    if other.only is not None:
        return not any(one.holds(value) for value in other.only)
    return _ends_before(one, other) or _ends_before(other, one)


def _ends_before(one: _Range, other: _Range) -> bool:
    if one.high is None or other.low is None:
        return False
    return _less(one.high, other.low) or (one.high == other.low and (one.high_open or other.low_open))
