"""What a DP table is grouped by: an expression of one row with a public domain, canonical. Pure.

Every key looks at one row at a time and gives it one value or none, so each row falls into one cell at most,
whatever other rows there are. Columns are "table.column".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from egress.privacy import filters
from egress.privacy.filters import Predicate, Scalar, spelled, unspelled


@dataclass(frozen=True)
class Plain:
    """The column itself."""

    column: str


@dataclass(frozen=True)
class Bins:
    """Classes of `width`: the class's lower end, with `index` its number (the lower end over the width)."""

    column: str
    width: int
    index: bool = False


@dataclass(frozen=True)
class Part:
    """Part or start of a date's period: `unit` is the function's name in `egress.query.functions`."""

    column: str
    unit: str


@dataclass(frozen=True)
class Cases:
    """The label of the first predicate that is true, else `otherwise`; None puts the row into no cell."""

    whens: tuple[tuple[Predicate, Scalar], ...]
    otherwise: Scalar | None


@dataclass(frozen=True)
class Test:
    """Whether the predicate is true or false; a row where it is neither is in no cell."""

    predicate: Predicate

    __test__ = False  # the name is the contract's, and no test


KeyExpression: TypeAlias = Plain | Bins | Part | Cases | Test


def to_json(key: KeyExpression) -> list[Any]:
    """A nested list: what is digested, and what the worker reads."""
    match key:
        case Plain(column):
            return ["plain", column]
        case Bins(column, width, index):
            return ["bins", column, width, index]
        case Part(column, unit):
            return ["part", column, unit]
        case Cases(whens, otherwise):
            listed = [[filters.to_json(test), spelled(label)] for test, label in whens]
            return ["cases", listed, None if otherwise is None else spelled(otherwise)]
        case Test(predicate):
            return ["test", filters.to_json(predicate)]


def from_json(raw: list[Any]) -> KeyExpression:
    """The key behind `to_json`. Raises: KeyError, TypeError, ValueError."""
    match raw:
        case ["plain", str(column)]:
            return Plain(column)
        case ["bins", str(column), int(width), bool(index)]:
            return Bins(column, width, index)
        case ["part", str(column), str(unit)]:
            return Part(column, unit)
        case ["cases", list(whens), otherwise]:
            listed = tuple((filters.from_json(test), unspelled(label)) for test, label in whens)
            return Cases(listed, None if otherwise is None else unspelled(otherwise))
        case ["test", list(predicate)]:
            return Test(filters.from_json(predicate))
    raise ValueError("key")
