"""Expressions in one spelling: what is written in two ways and means the same in three-valued logic becomes one.

Known spellings: commuted operands, flipped and negated comparisons, double negation, BETWEEN, IN and the disjunction
of equalities, TRUE and FALSE beside conditions, equal numbers. In the place of a condition (`condition`), where NULL
and FALSE are the same, also IS TRUE, IS NOT DISTINCT FROM a constant, and coalesce(…, FALSE).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal

from egress.query.frozen_expressions import expression_to_json
from egress.query.functions import DATE_PARTS, DATE_UNITS, SPAN_UNITS
from egress.query.model import Call, Case, ColumnRef, Expression, Literal

_COMMUTING = frozenset({"add", "mul", "least", "greatest", "eq", "ne", "same"})
_COMPARING = frozenset({"eq", "ne", "lt", "le", "same", "in"})
_FLIPPED = {"gt": "lt", "ge": "le"}
_NEGATED = {"eq": "ne", "ne": "eq"}
_WHOLE_DOUBLES = 2**53

# NULL in any argument makes the result NULL.
_STRICT = frozenset(
    {"eq", "ne", "lt", "le", "in", "not", "flag", "add", "sub", "mul", "div", "intdiv", "mod", "neg", "abs", "sign"}
    | {"round", "floor", "ceil", "trunc", *DATE_PARTS, *(f"date_trunc_{unit}" for unit in DATE_UNITS)}
    | {f"date_{name}_{unit}" for name in ("diff", "sub") for unit in SPAN_UNITS}
)


def sort_key(expression: Expression) -> str:
    """A text that is equal for equal expressions only; 1, 1.0 and TRUE differ."""
    return json.dumps(expression_to_json(expression), sort_keys=True)


def canonical_value(expression: Expression) -> Expression:
    """`expression` in its one spelling, equal to it in every row."""
    if isinstance(expression, Literal):
        return Literal(expression.value, published=True)
    if isinstance(expression, Case):
        whens = tuple((canonical_condition(test), canonical_value(value)) for test, value in expression.whens)
        otherwise = None if expression.otherwise is None else canonical_value(expression.otherwise)
        return _case(whens, None if otherwise == Call("null", ()) else otherwise)
    if isinstance(expression, ColumnRef):
        return expression
    return _call(expression.function, [canonical_value(argument) for argument in expression.arguments])


def _case(whens: tuple[tuple[Expression, Expression], ...], otherwise: Expression | None) -> Case:
    """One branch inside one branch, with the same ELSE, is one branch under both conditions."""
    if len(whens) == 1:
        ((test, value),) = whens
        if isinstance(value, Case) and len(value.whens) == 1 and value.otherwise == otherwise:
            ((inner, result),) = value.whens
            return Case(((joined("and", (test, inner)), result),), otherwise)
    return Case(whens, otherwise)


def canonical_condition(expression: Expression) -> Expression:
    """`expression` in its one spelling, TRUE in the same rows."""
    return _condition(canonical_value(expression))


def conjuncts(expression: Expression) -> tuple[Expression, ...]:
    """The conditions that AND joins in a canonical condition."""
    return expression.arguments if _is(expression, "and") else (expression,)  # type: ignore[union-attr]  # a call


def joined(word: str, parts: Iterable[Expression]) -> Expression:
    """Canonical parts under AND or OR: flat, each once, sorted; equalities of one expression under OR are an IN."""
    flat: dict[str, Expression] = {}
    for part in parts:
        for each in part.arguments if _is(part, word) else (part,):  # type: ignore[union-attr]  # a call
            flat.setdefault(sort_key(each), each)
    if word == "or":
        flat = _in_lists(flat.values())
    items = [flat[key] for key in sorted(flat)]
    return items[0] if len(items) == 1 else Call(word, tuple(items))


def rejected_columns(condition: Expression) -> frozenset[ColumnRef]:
    """Columns that cannot be NULL where a canonical `condition` is TRUE."""
    if isinstance(condition, Call):
        name, arguments = condition.function, condition.arguments
        if name in {"and", "or"}:
            parts = [rejected_columns(argument) for argument in arguments]
            return frozenset().union(*parts) if name == "and" else frozenset.intersection(*parts)
        if name == "not" and isinstance(inner := arguments[0], Call) and inner.function == "is_null":
            return _passing_null(inner.arguments[0])
    return _passing_null(condition)


def _passing_null(value: Expression) -> frozenset[ColumnRef]:
    """Columns whose NULL makes `value` NULL."""
    if isinstance(value, ColumnRef):
        return frozenset({value})
    if not isinstance(value, Call):
        return frozenset()
    parts = [_passing_null(argument) for argument in value.arguments]
    if value.function in {"and", "or"}:  # NULL AND FALSE is FALSE
        return frozenset.intersection(*parts)
    return frozenset().union(*parts) if value.function in _STRICT else frozenset()


def _is(expression: Expression, function: str) -> bool:
    return isinstance(expression, Call) and expression.function == function


def _call(name: str, arguments: list[Expression]) -> Expression:
    if name == "not":
        return negated(arguments[0])
    if name in {"and", "or"}:
        return joined(name, arguments)
    if name == "between":
        subject, low, high = arguments
        return joined("and", (_call("le", [low, subject]), _call("le", [subject, high])))
    if name == "differs":
        return negated(_call("same", arguments))
    if name in _FLIPPED:
        name, arguments = _FLIPPED[name], arguments[::-1]
    if name in _COMPARING:
        arguments = [_number(argument) for argument in arguments]
    if name in _COMMUTING:
        arguments = sorted(arguments, key=lambda each: (isinstance(each, Literal), sort_key(each)))
    if name in _NEGATED and isinstance(last := arguments[1], Literal) and isinstance(last.value, bool):
        return arguments[0] if last.value is (name == "eq") else negated(arguments[0])
    if name == "in":
        (merged,) = _in_lists([Call(name, tuple(arguments))]).values()
        return merged
    return Call(name, tuple(arguments))


def negated(expression: Expression) -> Expression:
    """NOT of a canonical expression."""
    if not isinstance(expression, Call):
        return Call("not", (expression,))
    name, arguments = expression.function, expression.arguments
    if name == "not":
        return arguments[0]
    if name in {"and", "or"}:
        return joined("or" if name == "and" else "and", (negated(argument) for argument in arguments))
    if name in _NEGATED:
        return Call(_NEGATED[name], arguments)
    if name in {"lt", "le"}:
        return Call("le" if name == "lt" else "lt", arguments[::-1])
    if name == "in":
        return joined("and", (_call("ne", [arguments[0], value]) for value in arguments[1:]))
    return Call("not", (expression,))


def _in_lists(parts: Iterable[Expression]) -> dict[str, Expression]:
    """Under OR: equalities with constants and IN lists of one subject become one list, or one equality."""
    found: dict[str, Expression] = {}
    lists: dict[str, tuple[Expression, dict[str, Expression]]] = {}
    for part in parts:
        values = part.arguments[1:] if isinstance(part, Call) and part.function in {"eq", "in"} else ()
        if values and isinstance(part, Call) and all(isinstance(value, Literal) for value in values):
            subject = part.arguments[0]
            _, known = lists.setdefault(sort_key(subject), (subject, {}))
            known.update((sort_key(value), value) for value in values)
        else:
            found[sort_key(part)] = part
    for subject, known in lists.values():
        items = [known[key] for key in sorted(known)]
        made = _call("eq", [subject, items[0]]) if len(items) == 1 else Call("in", (subject, *items))
        found[sort_key(made)] = made
    return found


def _number(expression: Expression) -> Expression:
    """A whole number beside a column is compared as one, however it was written."""
    value = expression.value if isinstance(expression, Literal) else None
    if isinstance(value, Decimal | float) and value == int(value) and -_WHOLE_DOUBLES < value < _WHOLE_DOUBLES:
        return Literal(int(value), published=True)
    return Literal(value.normalize(), published=True) if isinstance(value, Decimal) else expression


def _condition(expression: Expression) -> Expression:
    if not isinstance(expression, Call):
        return expression
    name, arguments = expression.function, expression.arguments
    if name in {"and", "or"}:
        return joined(name, (_condition(argument) for argument in arguments))
    if name == "same" and isinstance(arguments[1], Literal):
        return _condition(_call("eq", list(arguments)))
    if name == "coalesce" and len(arguments) == 2 and arguments[1] == Literal(value=False, published=True):
        return _condition(arguments[0])
    return expression
