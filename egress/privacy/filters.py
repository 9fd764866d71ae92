"""Filters of a DP release in one canonical spelling: constants beside columns, joined by AND and OR. Pure.

A filter of this shape looks at one row at a time, so it never lets one person's rows change what is kept of another's:
it is 1-stable, and the contribution bound holds after it as before.
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
class Joined:
    """`word` is "all" or "any"; two or more distinct parts, sorted by their spelling, none with the same word."""

    word: str
    parts: tuple[Predicate, ...]


Predicate: TypeAlias = OneOf | Compared | Joined


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


def columns_of(predicate: Predicate) -> frozenset[str]:
    """The columns it looks at."""
    if isinstance(predicate, Joined):
        return frozenset().union(*(columns_of(part) for part in predicate.parts))
    return frozenset({predicate.column})


def holds(predicate: Predicate, row: Mapping[str, Scalar]) -> bool:
    """Whether a row with these values passes; used on published categories only."""
    if isinstance(predicate, Joined):
        return (all if predicate.word == "all" else any)(holds(part, row) for part in predicate.parts)
    value: Any = row[predicate.column]
    if isinstance(predicate, OneOf):
        return value in predicate.values
    other: Any = predicate.value
    return bool(
        {
            "ne": value != other,
            "lt": value < other,
            "le": value <= other,
            "gt": value > other,
            "ge": value >= other,
        }[predicate.operator]
    )


def to_json(predicate: Predicate) -> list[Any]:
    """A nested list: what is digested, and what the worker reads."""
    if isinstance(predicate, Joined):
        return [predicate.word, [to_json(part) for part in predicate.parts]]
    if isinstance(predicate, OneOf):
        return ["one_of", predicate.column, [spelled(value) for value in predicate.values]]
    return [predicate.operator, predicate.column, spelled(predicate.value)]


def from_json(raw: list[Any]) -> Predicate:
    """The predicate behind `to_json`. Raises: KeyError, ValueError."""
    word = raw[0]
    if word in {"all", "any"}:
        return Joined(word, tuple(from_json(part) for part in raw[1]))
    if word == "one_of":
        return OneOf(raw[1], tuple(unspelled(value) for value in raw[2]))
    if word in {"ne", "lt", "le", "gt", "ge"}:
        return Compared(raw[1], word, unspelled(raw[2]))
    raise ValueError(word)
