"""Shares, rates and means times a factor: two aggregates divided become one measure, wherever that is exact.

`count(*) FILTER (WHERE c) / count(*)` is the mean of 1 where c holds and 0 elsewhere, and is read as that mean, as
are parts of parts (`c AND d` among `d`): all checks of means of 0/1 then look at both sides. Other quotients of sums
stay shares, with their denominator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlglot import exp

from egress.query import constants
from egress.query.canonical_expressions import canonical_condition, conjuncts
from egress.query.model import Aggregate, Call, Case, Expression, Literal, Measure
from egress.query.refused import RefusedSqlError, only
from hub.words import say

ONE, ZERO = Literal(1, published=True), Literal(0, published=True)

# Per cent, per thousand … : a factor of its own could carry a message in its digits.
SCALES = tuple(10**power for power in range(7))

_TERMS = frozenset({Aggregate.COUNT_ROWS, Aggregate.COUNT_PERSONS, Aggregate.COUNT_VALUES, Aggregate.SUM})


def is_share(node: exp.Expr) -> bool:
    """Whether a result column divides or multiplies aggregates."""
    return isinstance(node.unnest(), exp.Div | exp.Mul)


@dataclass(frozen=True)
class _Quotient:
    """`scale` × top / bottom as they stand in the text."""

    scale: Decimal
    top: exp.Expr
    bottom: exp.Expr | None = None


def read_share(node: exp.Expr, read: Callable[[exp.Expr], Measure]) -> Measure:
    """The measure at `node`; `read` answers that of one aggregate. Raises: RefusedSqlError."""
    quotient = _quotient(node)
    scale = next((each for each in SCALES if each == quotient.scale), None)
    if scale is None:
        shown = ", ".join(f"{each:,}" for each in SCALES)
        raise RefusedSqlError("constant", node, say("A share is multiplied by one of {scales}.", scales=shown))
    top = read(quotient.top)
    if quotient.bottom is None:
        if top.aggregate is not Aggregate.AVG:
            raise RefusedSqlError("aggregate", node, say("A factor stands before a share or a mean only."))
        return replace(top, scale=scale)
    bottom = read(quotient.bottom)
    if top.aggregate not in _TERMS or bottom.aggregate not in _TERMS:
        why = say("A share divides counts and sums: count(*), count(…), count(DISTINCT person key), sum(…).")
        raise RefusedSqlError("aggregate", node, why)
    made = _divided(top, bottom, node)
    return replace(made, scale=scale, sensitive=top.sensitive or bottom.sensitive, counted=False)


def _quotient(node: exp.Expr) -> _Quotient:
    node = node.unnest()
    if isinstance(node, exp.Cast) and node.to.is_type(exp.DType.DOUBLE):
        only(node, "this", "to", "safe", "_type")
        return _quotient(node.this)
    if isinstance(node, exp.Mul):
        only(node, "this", "expression")
        for factor, other in ((node.this, node.expression), (node.expression, node.this)):
            if constants.is_constant(factor.unnest()):
                inner = _quotient(other)
                return replace(inner, scale=inner.scale * _factor(factor.unnest()))
        raise RefusedSqlError("aggregate", node, say("Aggregates are divided by one another, not multiplied."))
    if isinstance(node, exp.Div):
        only(node, "this", "expression", "typed", "safe")
        above, below = _quotient(node.this), _below(node.expression)
        if above.bottom is not None:
            raise RefusedSqlError("aggregate", node, say("A share has one denominator."))
        return replace(above, bottom=below)
    return _Quotient(Decimal(1), node)


def _below(node: exp.Expr) -> exp.Expr:
    """The denominator: a division by zero is NULL anyway, with nullif or without."""
    node = node.unnest()
    if isinstance(node, exp.Nullif) and node.expression.name == "0":
        only(node, "this", "expression")
        node = node.this.unnest()
    inner = _quotient(node)
    if inner.scale != 1 or inner.bottom is not None:
        raise RefusedSqlError("aggregate", node, say("A share has one denominator."))
    if constants.is_constant(inner.top):
        raise RefusedSqlError("aggregate", node, say("An aggregate is divided by another aggregate only."))
    return inner.top


def _factor(node: exp.Expr) -> Decimal:
    value, _ = constants.constant(node)
    return Decimal(str(value)) if not isinstance(value, bool | str) else Decimal(0)


def _divided(top: Measure, bottom: Measure, node: exp.Expr) -> Measure:
    if Aggregate.COUNT_PERSONS in {top.aggregate, bottom.aggregate}:
        return _per_person(top, bottom, node)
    above, whole = _argument(top), _argument(bottom)
    if above == whole:
        raise RefusedSqlError("aggregate", node, say("This share is always 1: it needs a condition (FILTER)."))
    binary = top.binary or top.aggregate is Aggregate.COUNT_VALUES
    mean = Measure("", Aggregate.AVG, above, binary=binary)
    if whole == ONE:
        return mean if _never_null(above) else replace(mean, aggregate=Aggregate.SHARE, denominator=ONE)
    inside, around = _counted_condition(above), _counted_condition(whole)
    if inside is not None and around is not None:
        parts = [frozenset(conjuncts(canonical_condition(each))) for each in (inside, around)]
        if parts[1] <= parts[0]:
            return replace(mean, argument=Case(((around, above),), None))
    return replace(mean, aggregate=Aggregate.SHARE, denominator=whole)


def _per_person(top: Measure, bottom: Measure, node: exp.Expr) -> Measure:
    if bottom.aggregate is not Aggregate.COUNT_PERSONS:
        raise RefusedSqlError(
            "aggregate", node, say("Persons are a share of persons: count(DISTINCT …) below as well.")
        )
    if top.aggregate is not Aggregate.COUNT_PERSONS:
        if bottom.argument is not None:
            why = say("A rate per person is per person of the cell: count(DISTINCT …) without FILTER below.")
            raise RefusedSqlError("aggregate", node, why)
        binary = top.binary or top.aggregate is Aggregate.COUNT_VALUES
        return Measure("", Aggregate.SHARE, _argument(top), binary=binary)
    if top.argument is None or top.argument == bottom.argument:
        raise RefusedSqlError("aggregate", node, say("This share is always 1: it needs a condition (FILTER)."))
    return Measure("", Aggregate.SHARE_PERSONS, top.argument, denominator=bottom.argument)


def _argument(measure: Measure) -> Expression:
    """What is added up: 1 per row, per row with a value, or the sum's own argument."""
    if measure.argument is None:
        return ONE
    if measure.aggregate is Aggregate.COUNT_VALUES:
        return Case(((Call("not", (Call("is_null", (measure.argument,)),)), ONE),), ZERO)
    return measure.argument


def _counted_condition(argument: Expression) -> Expression | None:
    """The condition c of CASE WHEN c THEN 1 ELSE 0 END."""
    if isinstance(argument, Case) and argument.otherwise == ZERO and len(argument.whens) == 1:
        ((condition, value),) = argument.whens
        return condition if value == ONE else None
    return None


def _never_null(argument: Expression) -> bool:
    if isinstance(argument, Case):
        results = [*(value for _, value in argument.whens), argument.otherwise]
        return all(isinstance(result, Literal) for result in results)
    return False
