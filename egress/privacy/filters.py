"""Filters of a DP release in one canonical spelling: constants beside columns, IS NULL, AND and OR. Pure.

A filter of this shape looks at one row at a time, so it never lets one person's rows change what is kept of another's:
it is 1-stable, and the contribution bound holds after it as before. Truth is SQL's: true, false, or neither (a
comparison with NULL); a row is kept where the filter is true. NOT is moved to the leaves (De Morgan), where each
operator has its opposite with the same third value, so that `negated` is exact in all three.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

Scalar: TypeAlias = bool | int | Decimal | date | str
Spelled: TypeAlias = list[str]


@dataclass(frozen=True)
class OneOf:
    """The column has one of `values`, which are sorted and distinct."""

    column: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Compared:
    """`column operator value`; operators are ne, lt, le, gt, ge."""

    column: str
    operator: str
    value: Scalar


@dataclass(frozen=True)
class IsNull:
    """The column IS NULL, or IS NOT NULL where `truth` is false. Never neither."""

    column: str
    truth: bool


@dataclass(frozen=True)
class Joined:
    """`word` is "all" or "any"; two or more distinct parts, sorted by their spelling, none with the same word."""

    word: str
    parts: tuple[Predicate, ...]


Predicate: TypeAlias = OneOf | Compared | IsNull | Joined


def spelled(value: Scalar) -> Spelled:
    """A constant as [type, text]; equal constants of a column are spelled alike."""
    if isinstance(value, bool):
        return ["boolean", "true" if value else "false"]
    if isinstance(value, int):
        return ["integer", str(value)]
    if isinstance(value, Decimal):
        return ["number", format(value.normalize() + 0, "f")]  # adding 0 makes -0 to 0
    if isinstance(value, date):
        return ["date", value.isoformat()]
    return ["string", value]


def unspelled(pair: Spelled) -> Scalar:
    """The constant behind `spelled`. Raises: KeyError, ValueError."""
    kind, text = pair
    readers: dict[str, Any] = {
        "boolean": {"true": True, "false": False}.__getitem__,
        "integer": int,
        "number": Decimal,
        "date": date.fromisoformat,
        "string": str,
    }
    value: Scalar = readers[kind](text)
    return value


def one_of(column: str, values: Iterable[Scalar]) -> OneOf:
    """Membership, canonical."""
    return OneOf(column, tuple(sorted(set(values))))


def compared(column: str, operator: str, value: Scalar) -> Predicate:
    """A comparison, canonical: equality is membership, and whole numbers know no open ends."""
    if operator == "eq":
        return OneOf(column, (value,))
    if isinstance(value, bool) and operator == "ne":
        return OneOf(column, (not value,))
    if isinstance(value, int) and not isinstance(value, bool):
        if operator == "lt":
            return Compared(column, "le", value - 1)
        if operator == "gt":
            return Compared(column, "ge", value + 1)
    return Compared(column, operator, value)


def joined(word: str, parts: Iterable[Predicate]) -> Predicate:
    """AND ("all") or OR ("any") of one part or more, canonical."""
    flat: list[Predicate] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Joined) and part.word == word else (part,))
    if word == "any":
        flat = _merged(flat)
    distinct = sorted(set(flat), key=lambda part: json.dumps(to_json(part)))
    return distinct[0] if len(distinct) == 1 else Joined(word, tuple(distinct))


def _merged(parts: list[Predicate]) -> list[Predicate]:
    """OR of memberships of one column is one membership."""
    values: dict[str, set[Scalar]] = {}
    rest: list[Predicate] = []
    for part in parts:
        if isinstance(part, OneOf):
            values.setdefault(part.column, set()).update(part.values)
        else:
            rest.append(part)
    return [*rest, *(one_of(column, found) for column, found in values.items())]


_OPPOSITE = {"ne": "eq", "lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}


def negated(predicate: Predicate) -> Predicate:
    """NOT: true where it is false, false where it is true, neither where it is neither."""
    if isinstance(predicate, Joined):
        return joined("any" if predicate.word == "all" else "all", (negated(part) for part in predicate.parts))
    if isinstance(predicate, IsNull):
        return IsNull(predicate.column, not predicate.truth)
    if isinstance(predicate, OneOf):
        return joined("all", (compared(predicate.column, "ne", value) for value in predicate.values))
    return compared(predicate.column, _OPPOSITE[predicate.operator], predicate.value)


def both(one: Predicate | None, other: Predicate | None) -> Predicate | None:
    """AND, where None is no condition."""
    if one is None or other is None:
        return one or other
    return joined("all", (one, other))


def conjuncts(predicate: Predicate | None) -> tuple[Predicate, ...]:
    """The conditions that every row passes where `predicate` is true."""
    if predicate is None:
        return ()
    return predicate.parts if isinstance(predicate, Joined) and predicate.word == "all" else (predicate,)


def columns_of(predicate: Predicate) -> frozenset[str]:
    """The columns it looks at."""
    if isinstance(predicate, Joined):
        return frozenset().union(*(columns_of(part) for part in predicate.parts))
    return frozenset({predicate.column})


def truth(predicate: Predicate, row: Mapping[str, Scalar | None]) -> bool | None:
    """Whether it is true of a row with these values, None where neither; used on published values only."""
    if isinstance(predicate, Joined):
        decisive = predicate.word == "any"
        found = {truth(part, row) for part in predicate.parts}
        return decisive if decisive in found else None if None in found else not decisive
    value: Any = row[predicate.column]
    if isinstance(predicate, IsNull):
        return (value is None) is predicate.truth
    if value is None:
        return None
    if isinstance(predicate, OneOf):
        return value in predicate.values
    other: Any = predicate.value
    match predicate.operator:
        case "ne":
            return bool(value != other)
        case "lt":
            return bool(value < other)
        case "le":
            return bool(value <= other)
        case "gt":
            return bool(value > other)
    return bool(value >= other)


def holds(predicate: Predicate, row: Mapping[str, Scalar | None]) -> bool:
    """Whether a row with these values passes."""
    return truth(predicate, row) is True


def to_json(predicate: Predicate) -> list[Any]:
    """A nested list: what is digested, and what the worker reads."""
    if isinstance(predicate, Joined):
        return [predicate.word, [to_json(part) for part in predicate.parts]]
    if isinstance(predicate, OneOf):
        return ["one_of", predicate.column, [spelled(value) for value in predicate.values]]
    if isinstance(predicate, IsNull):
        return ["is_null", predicate.column, predicate.truth]
    return [predicate.operator, predicate.column, spelled(predicate.value)]


def from_json(raw: list[Any]) -> Predicate:
    """The predicate behind `to_json`. Raises: KeyError, ValueError."""
    word = raw[0]
    if word in {"all", "any"}:
        return Joined(word, tuple(from_json(part) for part in raw[1]))
    if word == "one_of":
        return OneOf(raw[1], tuple(unspelled(value) for value in raw[2]))
    if word == "is_null":
        return IsNull(raw[1], bool(raw[2]))
    if word in {"ne", "lt", "le", "gt", "ge"}:
        return Compared(raw[1], word, unspelled(raw[2]))
    raise ValueError(word)
