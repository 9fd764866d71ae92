"""Aggregates: the columns of results. Each is one aggregate, alone in its column."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from sqlglot import exp

from egress.query import constants
from egress.query.calls import REFUSED_AGGREGATES, arguments_of
from egress.query.expressions import Reader
from egress.query.functions import Kind
from egress.query.model import Aggregate, Call, Case, Expression, Measure
from egress.query.refused import RefusedSqlError, only
from egress.query.scope import refer
from egress.query.shares import ONE, ZERO, is_share, read_share
from egress.query.typed import Place, Typed
from hub.words import say

_AGGREGATES: dict[str, Aggregate] = {
    "sum": Aggregate.SUM,
    "avg": Aggregate.AVG,
    "stddev": Aggregate.STDDEV,
    "stddevsamp": Aggregate.STDDEV,
}


@dataclass
class MeasureReader:
    """Reads one aggregate. `reader` judges what stands below it."""

    reader: Reader

    def read(self, node: exp.Expr) -> Measure:
        """The measure at `node`, not named yet. Raises: RefusedSqlError."""
        node = node.unnest()
        if is_share(node):
            return read_share(node, self.read)
        condition: Typed | None = None
        if isinstance(node, exp.Filter):
            only(node, "this", "expression")
            self.reader.place = Place.FILTER
            condition = self.reader.condition(node.expression.this)
            node = node.this
        if isinstance(node, exp.Count | exp.CountIf):
            return self._count(node, condition)
        if isinstance(node, exp.Median | exp.PercentileCont | exp.WithinGroup):
            return self._quantile(node, condition)
        name = "avg" if isinstance(node, exp.Anonymous) and node.name.lower() == "mean" else node.key
        if name not in _AGGREGATES:
            self._refuse(node)
        argument = self._only_argument(node)
        self.reader.place = Place.NUMBERS
        return self._over(_AGGREGATES[name], self._number(argument, flags=name in {"sum", "avg"}), condition, node)

    def _refuse(self, node: exp.Expr) -> None:
        if isinstance(node, exp.Quantile):
            raise RefusedSqlError("aggregate", node, say("Use quantile_cont: quantile shows one person's value."))
        if isinstance(node, exp.AggFunc) and node.key not in REFUSED_AGGREGATES:
            raise RefusedSqlError(
                "aggregate", node, say("{name} is not among the aggregates.", name=node.sql_name().lower())
            )
        if isinstance(node, exp.AggFunc | exp.Anonymous | exp.Window):
            arguments_of(node)
        why = say("A column of results is one key, one aggregate, or one aggregate divided by another.")
        raise RefusedSqlError("aggregate", node, why)

    def _only_argument(self, node: exp.Expr) -> exp.Expr:
        only(node, "this", "expressions", "big_int")
        arguments = [part for part in (node.this, *node.expressions) if isinstance(part, exp.Expr)]
        if len(arguments) != 1:
            raise RefusedSqlError("aggregate", node, say("This aggregate takes one argument."))
        if isinstance(arguments[0], exp.Distinct):
            raise RefusedSqlError("aggregate", node, say("DISTINCT stands only in count(DISTINCT person key)."))
        if isinstance(arguments[0], exp.Order):
            raise RefusedSqlError("aggregate", node, say("ORDER BY has no place inside this aggregate."))
        return arguments[0]

    def _number(self, node: exp.Expr, *, flags: bool) -> Typed:
        typed = self.reader.read(node)
        if typed.kind is Kind.BOOLEAN and flags:
            return replace(typed, expression=Call("flag", (typed.expression,)), kind=Kind.NUMBER, discrete=True)
        if typed.kind is not Kind.NUMBER:
            raise RefusedSqlError("type", node, say("This aggregate needs numbers, not {kind}.", kind=typed.kind.value))
        return typed

    def _over(
        self,
        aggregate: Aggregate,
        typed: Typed,
        condition: Typed | None,
        node: exp.Expr,
        parameter: float | None = None,
    ) -> Measure:
        if typed.steady:
            self.reader.note("constant_aggregate", node, say("This aggregate does not depend on any column."))
        expression: Expression = typed.expression
        sensitive = typed.sensitive
        if condition is not None:
            expression = Case(((condition.expression, expression),), None)
            sensitive = sensitive or condition.sensitive
        return Measure("", aggregate, expression, parameter, typed.binary, typed.discrete, sensitive)

    # -- count

    def _count(self, node: exp.Expr, condition: Typed | None) -> Measure:
        only(node, "this", "expressions", "big_int")
        inside = node.this
        if isinstance(node, exp.CountIf):
            self.reader.place = Place.FILTER
            test = self.reader.condition(inside)
            # unlike count(*) FILTER it is NULL, and not 0, where the condition is NULL in every row
            flag = replace(test, expression=Call("flag", (test.expression,)), kind=Kind.NUMBER, discrete=True)
            return self._over(Aggregate.SUM, flag, condition, node)
        if isinstance(inside, exp.Distinct):
            return self._persons(inside, condition)
        if node.expressions:
            raise RefusedSqlError("aggregate", node, say("This aggregate takes one argument."))
        if inside is None or isinstance(inside, exp.Star) or (isinstance(inside, exp.Literal) and inside.name == "1"):
            if isinstance(inside, exp.Star):
                only(inside)
            return Measure("", Aggregate.COUNT_ROWS) if condition is None else self._ones(condition)
        self.reader.place = Place.NUMBERS
        typed = self._row_key(inside) or self.reader.read(inside)
        measure = self._over(Aggregate.COUNT_VALUES, typed, condition, node)
        return replace(measure, binary=False, whole=True)

    def _row_key(self, node: exp.Expr) -> Typed | None:
        """A row key below count: how many rows a left join found. Its values do not show."""
        if not isinstance(node, exp.Column):
            return None
        source, name = self.reader.scope.find(node) if self.reader.scope.is_column(node) else (None, "")
        if source is None or name != source.row_key:
            return None
        return Typed(refer(source, name), Kind.NUMBER, steady=False)

    def _ones(self, test: Typed) -> Measure:
        """count(*) FILTER (WHERE test) is the sum of 1 where it holds and 0 elsewhere."""
        case = Case(((test.expression, ONE),), ZERO)
        return Measure("", Aggregate.SUM, case, binary=True, whole=True, sensitive=test.sensitive, counted=True)

    def _persons(self, node: exp.Distinct, condition: Typed | None) -> Measure:
        scope = self.reader.scope
        column = node.expressions[0] if len(node.expressions) == 1 else None
        if isinstance(column, exp.Column):
            source, name = scope.find(column)
            person = scope.person(node)
            if scope.is_person(source, name):
                if source.optional and source.ref.alias != person.alias:
                    why = say("Count the persons of {alias}, of which all rows are kept.", alias=person.alias)
                    raise RefusedSqlError("person_key", column, why)
                if condition is None:
                    return Measure("", Aggregate.COUNT_PERSONS)
                case = Case(((condition.expression, ONE),), None)
                return Measure("", Aggregate.COUNT_PERSONS, case, whole=True, sensitive=condition.sensitive)
        key = scope.catalogue.source.person_key
        raise RefusedSqlError("aggregate", node, say("Only the person key may be counted as DISTINCT: {key}.", key=key))

    # -- quantiles

    def _quantile(self, node: exp.Expr, condition: Typed | None) -> Measure:
        share: exp.Expr | None = None
        if isinstance(node, exp.WithinGroup):
            only(node, "this", "expression")
            order = node.expression.expressions
            if not isinstance(node.this, exp.PercentileCont) or len(order) != 1 or order[0].args.get("desc"):
                raise RefusedSqlError("aggregate", node, say("WITHIN GROUP takes percentile_cont, in rising order."))
            share, argument = node.this.this, order[0].this
        elif isinstance(node, exp.Median):
            argument = self._only_argument(node)
        else:
            only(node, "this", "expression")
            share, argument = node.args.get("expression"), node.this
        self.reader.place = Place.VALUES
        typed = self._number(argument, flags=False)
        return self._over(Aggregate.QUANTILE, typed, condition, node, 0.5 if share is None else self._share(share))

    def _share(self, node: exp.Expr) -> float:
        if constants.is_constant(node):
            value, kind = constants.constant(node)
            if kind is Kind.NUMBER and 0 < Decimal(str(value)) < 1:
                if constants.comparable(value) not in constants.QUANTILES:
                    self.reader.note("constant", node, say("This quantile is not among the usual ones."))
                return float(value)  # type: ignore[arg-type]  # a number
        raise RefusedSqlError("constant", node, say("A quantile is one number between 0 and 1."))
