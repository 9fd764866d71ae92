"""Function calls of the syntax tree: the whitelisted name and its arguments, or a refusal that says why not."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from egress.query.functions import DATE_PARTS, DATE_UNITS, SPAN_UNITS, SPELLINGS
from egress.query.refused import RefusedSqlError, only
from hub.words import Message, say

# Which parts of a node are its arguments, in order; by default `this`, `expression`, `expressions`.
_PARTS = ("this", "expression", "decimals", "expressions")
# What sqlglot adds of its own and means what DuckDB does by default.
_NEUTRAL = ("ignore_nulls", "typed", "safe", "is_null")

# DuckDB's own spellings that sqlglot keeps as they are.
_ANONYMOUS = {
    "ceiling": "ceil",
    "ifnull": "coalesce",
    "isodow": "isodow",
    "date_part": "date_part",
    "datepart": "date_part",
    "date_sub": "date_sub",
    "datesub": "date_sub",
    "isoyear": "isoyear",
}

_PART_NAMES = {"weekofyear": "week", "dayofmonth": "day", "dayofweek": "dow", "weekday": "dow", "dayofyear": "doy"}

REFUSED_AGGREGATES: Mapping[str, Message] = (
    {
        name: say("min and max show one person's value: ask for a quantile instead.")
        for name in ("min", "max", "argmin", "argmax", "arg_min", "arg_max", "minby", "maxby")
    }
    | {
        name: say("Lists and joined texts show single rows.")
        for name in ("list", "arrayagg", "array_agg", "groupconcat", "string_agg", "listagg", "histogram", "map")
    }
    | {
        name: say("first, last, mode and any_value show one person's value.")
        for name in ("first", "last", "anyvalue", "any_value", "mode", "firstvalue", "lastvalue", "arbitrary")
    }
)


def arguments_of(node: exp.Expr) -> tuple[str, list[exp.Expr]]:
    """Our name of the function at `node`, and its arguments. Raises: RefusedSqlError."""
    if isinstance(node, exp.Neg):
        return "neg", [node.this]
    if isinstance(node, exp.Log) and (node.name == "10" or node.expression is None):
        return "log10", [node.expression or node.this]
    if isinstance(node, exp.Extract):
        only(node, "this", "expression")
        return _date_part(node, node.name), [node.expression]
    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc):
        only(node, "this", "unit")
        unit = node.text("unit").lower()
        if unit not in DATE_UNITS:
            raise RefusedSqlError("function", node, say("Dates are cut to {units}.", units=", ".join(DATE_UNITS)))
        return f"date_trunc_{unit}", [node.this]
    if isinstance(node, exp.DateDiff):
        only(node, "this", "expression", "unit", "date_part_boundary")
        return _span("date_diff", node, node.text("unit") or "day"), [node.expression, node.this]
    if isinstance(node, exp.Anonymous):
        return _anonymous(node)
    name = SPELLINGS.get(node.key)
    if name is None:
        raise RefusedSqlError(*_reason(node))
    only(node, *_PARTS, *_NEUTRAL)
    arguments: list[exp.Expr] = []
    for part in _PARTS:
        value = node.args.get(part)
        arguments += value if isinstance(value, list) else [value] if value is not None else []
    return name, arguments


def _anonymous(node: exp.Anonymous) -> tuple[str, list[exp.Expr]]:
    name = _ANONYMOUS.get(node.name.lower())
    if name is None:
        raise RefusedSqlError(*_reason(node))
    arguments = list(node.expressions)
    if name == "date_sub":
        if len(arguments) != 3 or not arguments[0].is_string:
            raise RefusedSqlError("function", node, say("date_sub takes a unit in quotes and two dates."))
        return _span(name, node, arguments[0].name), arguments[1:]
    if name != "date_part":
        return name, arguments
    if len(arguments) != 2 or not arguments[0].is_string:
        raise RefusedSqlError("function", node, say("date_part takes a part in quotes and a date."))
    return _date_part(node, arguments[0].name), [arguments[1]]


def _span(name: str, node: exp.Expr, unit: str) -> str:
    if unit.lower() not in SPAN_UNITS:
        raise RefusedSqlError("function", node, say("Dates are apart by {units}.", units=", ".join(SPAN_UNITS)))
    return f"{name}_{unit.lower()}"


def _date_part(node: exp.Expr, part: str) -> str:
    name = _PART_NAMES.get(part.lower(), part.lower())
    if name not in DATE_PARTS:
        raise RefusedSqlError("function", node, say("Parts of dates are {parts}.", parts=", ".join(DATE_PARTS)))
    return name


def _reason(node: exp.Expr) -> tuple[str, exp.Expr, Message]:
    name = (node.name if isinstance(node, exp.Anonymous) else node.key).lower()[:63]
    if name in REFUSED_AGGREGATES:
        return "aggregate", node, REFUSED_AGGREGATES[name]
    if isinstance(node, exp.Subquery | exp.Query | exp.Exists):
        return "subquery", node, say("Subqueries are outside the grammar: one SELECT over granted tables.")
    if isinstance(node, exp.Window):
        why = say("Window functions are outside the grammar: for shares of a total ask for the counts with ROLLUP.")
        return "window", node, why
    if isinstance(node, exp.AggFunc | exp.WithinGroup | exp.Filter):
        return "aggregate", node, say("An aggregate stands alone in its column, not inside an expression.")
    if isinstance(node, exp.Star):
        return "grammar", node, say("A star is outside the grammar: name the columns.")
    return "function", node, say("{name} is not among the functions of the grammar.", name=name)
