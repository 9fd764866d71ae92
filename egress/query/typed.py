"""What is publicly known of an expression: its kind, whether its values are published, whether a person may show."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from sqlglot import exp

from egress.query import constants
from egress.query.functions import DATE_PARTS, FUNCTIONS, Kind
from egress.query.model import Call, Expression
from egress.query.refused import RefusedSqlError
from hub.words import say


class Place(Enum):
    """Where an expression stands. A potential identifier may be summed, but not told apart."""

    KEY = auto()
    FILTER = auto()
    NUMBERS = auto()  # below count, sum, avg, stddev
    VALUES = auto()  # below a quantile: one person's value shows


@dataclass(frozen=True)
class Typed:
    """An expression with what is publicly known of its values.

    `discrete`: whole numbers, dates, categories; `bounded`: they come from a published domain; `binary`: only 0, 1
    and NULL; `facts`: constants that stand beside it without a note; `steady`: no column stands in it.
    """

    expression: Expression
    kind: Kind
    discrete: bool = False
    bounded: bool = False
    binary: bool = False
    sensitive: bool = False
    unit: bool = False
    steady: bool = True
    facts: Container[object] = frozenset()

    @property
    def labelled(self) -> bool:
        """Whether its values, shown as a key, are public words."""
        return self.kind is Kind.BOOLEAN or (self.bounded and self.discrete)


NULL = Typed(Call("null", ()), Kind.NULL, discrete=True, bounded=True, binary=True)


@dataclass(frozen=True)
class Either:
    """In one or the other."""

    one: Container[object]
    other: Container[object]

    def __contains__(self, value: object) -> bool:
        return value in self.one or value in self.other


def one_kind(parts: Sequence[Typed], node: exp.Expr) -> Kind:
    kinds = {part.kind for part in parts} - {Kind.NULL}
    if len(kinds) > 1:
        first, second = sorted(kind.value for kind in kinds)[:2]
        raise RefusedSqlError("type", node, say("{first} and {second} stand together.", first=first, second=second))
    return kinds.pop() if kinds else Kind.NULL


def merged(expression: Expression, kind: Kind, values: Sequence[Typed], others: Sequence[Typed] = ()) -> Typed:
    everything = (*values, *others)
    return Typed(
        expression,
        kind,
        discrete=all(value.discrete for value in values),
        bounded=all(value.bounded for value in values),
        binary=all(value.binary for value in values),
        sensitive=any(part.sensitive for part in everything),
        unit=any(part.unit for part in everything),
        steady=all(part.steady for part in everything),
    )


def called(name: str, parts: Sequence[Typed]) -> Typed:
    function = FUNCTIONS[name]
    expression = Call(name, tuple(part.expression for part in parts))
    kind = function.gives or next((part.kind for part in parts if part.kind is not Kind.NULL), Kind.NULL)
    plain = merged(expression, kind, parts)
    digits = name in {"round", "trunc"} and len(parts) == 1
    discrete = function.discrete if function.discrete is not None else plain.discrete or digits
    first = parts[0]
    facts: Container[object] = constants.published_part(name, first.facts) if name in DATE_PARTS else frozenset()
    keeps = name in {"coalesce", "least", "greatest", "nullif", "abs", "flag", "to_integer", "to_double"}
    return Typed(
        expression,
        kind,
        discrete=kind is Kind.BOOLEAN or discrete,
        bounded=plain.bounded or name in DATE_PARTS,
        binary=kind is Kind.BOOLEAN or (keeps and plain.binary),
        sensitive=plain.sensitive,
        unit=plain.unit,
        steady=plain.steady,
        facts=facts,
    )
