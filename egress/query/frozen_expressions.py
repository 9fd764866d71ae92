"""Expressions as JSON and back, exactly, and the shapes that reading insists on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from egress.query.functions import FUNCTIONS
from egress.query.model import Call, Case, ColumnRef, Expression, Literal, LiteralValue

# Deeper than the parser ever builds; bounds the reading of what somebody else wrote.
MAX_DEPTH = 100

T = TypeVar("T")


class FrozenError(ValueError):
    """What was read is not what was written here."""


def column_to_json(ref: ColumnRef) -> list[str]:
    return [ref.alias, ref.column]


def expression_to_json(expression: Expression) -> dict[str, Any]:
    """One expression as plain JSON values."""
    if isinstance(expression, ColumnRef):
        return {"column": column_to_json(expression)}
    if isinstance(expression, Literal):
        return {"literal": _literal(expression.value), "published": expression.published}
    if isinstance(expression, Case):
        whens = [[expression_to_json(test), expression_to_json(value)] for test, value in expression.whens]
        otherwise = None if expression.otherwise is None else expression_to_json(expression.otherwise)
        return {"case": whens, "otherwise": otherwise}
    return {"call": expression.function, "arguments": [expression_to_json(each) for each in expression.arguments]}


def _literal(value: LiteralValue) -> dict[str, Any]:
    """The value under the name of its type: 1, 1.0, 1.00 and TRUE are different constants."""
    if isinstance(value, bool):
        return {"boolean": value}
    if isinstance(value, int):
        return {"integer": str(value)}
    if isinstance(value, float):
        return {"double": value.hex()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    return {"date": value.isoformat()} if isinstance(value, date) else {"text": value}


# -- reading


def expression_from_json(raw: object, depth: int = 0) -> Expression:
    """One expression. Raises: ValueError."""
    if depth > MAX_DEPTH or not isinstance(raw, Mapping):
        raise FrozenError("an expression is no object, or nested too deeply")
    if "column" in raw:
        return column_from_json(fields_of(raw, "column")["column"])
    if "literal" in raw:
        fields = fields_of(raw, "literal published")
        return Literal(_read_literal(fields["literal"]), flag_of(fields["published"]))
    if "case" in raw:
        return _read_case(fields_of(raw, "case otherwise"), depth + 1)
    fields = fields_of(raw, "call arguments")
    function = FUNCTIONS.get(text_of(fields["call"]))
    arguments = many(fields["arguments"], lambda item: expression_from_json(item, depth + 1))
    if function is None or not function.least <= len(arguments) <= function.most:
        raise FrozenError("a function is outside the grammar, or has a wrong number of arguments")
    return Call(fields["call"], arguments)


def _read_case(fields: Mapping[str, Any], depth: int) -> Case:
    def when(item: object) -> tuple[Expression, Expression]:
        test, value = pair_of(item)
        return expression_from_json(test, depth), expression_from_json(value, depth)

    whens = many(fields["case"], when)
    if not whens:
        raise FrozenError("a CASE has no branch")
    otherwise = fields["otherwise"]
    return Case(whens, None if otherwise is None else expression_from_json(otherwise, depth))


def _read_literal(raw: object) -> LiteralValue:
    if not isinstance(raw, Mapping) or len(raw) != 1:
        raise FrozenError("a constant has one value")
    ((kind, value),) = raw.items()
    if kind == "boolean":
        return flag_of(value)
    text = text_of(value)
    if kind == "text":
        return text
    made: LiteralValue
    try:
        made = _SPELT[kind](text)
    except (KeyError, ArithmeticError, ValueError):
        raise FrozenError("a constant cannot be read") from None
    if _literal(made) != raw or (isinstance(made, float | Decimal) and not math.isfinite(made)):
        raise FrozenError("a constant is not spelt as it was written")
    return made


_SPELT: Mapping[str, Callable[[str], LiteralValue]] = {
    "integer": int,
    "double": float.fromhex,
    "decimal": Decimal,
    "date": date.fromisoformat,
}


def column_from_json(raw: object) -> ColumnRef:
    alias, column = pair_of(raw)
    return ColumnRef(text_of(alias), text_of(column))


# -- shapes


def fields_of(raw: object, names: str) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping) or set(raw) != set(names.split()):
        raise FrozenError(f"exactly these fields are needed: {names}")
    return raw


def many(raw: object, read: Callable[[Any], T]) -> tuple[T, ...]:
    if not isinstance(raw, list):
        raise FrozenError("a list is needed")
    return tuple(read(item) for item in raw)


def pair_of(raw: object) -> tuple[Any, Any]:
    if not isinstance(raw, list) or len(raw) != 2:
        raise FrozenError("a pair is needed")
    return raw[0], raw[1]


def text_of(raw: object) -> str:
    if not isinstance(raw, str):
        raise FrozenError("a text is needed")
    return raw


def flag_of(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise FrozenError("true or false is needed")
    return raw


def whole_of(raw: object) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise FrozenError("a whole number is needed")
    return raw
