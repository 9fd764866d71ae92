"""Comparisons: =, <, BETWEEN, IN, IS. A potential identifier may stand there, beside published constants only."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from sqlglot import exp

from egress.query import constants
from egress.query.columns import ColumnReader
from egress.query.functions import Kind
from egress.query.refused import RefusedSqlError, only
from egress.query.typed import Typed, called, one_kind
from hub.words import say

COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "same", "differs"})

# DuckDB does not read a < b < c.
_CHAINED = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)


class ComparisonReader(ColumnReader):
    """Reads comparisons; what stands inside them is read by whoever inherits."""

    @abstractmethod
    def read(self, node: exp.Expr) -> Typed:
        """The expression at `node`. Raises: RefusedSqlError."""

    def _coarse(self, node: exp.Expr, others: Sequence[exp.Expr]) -> Typed:
        """The column beside constants. A potential identifier may stand there with published constants only."""
        node = node.unnest()
        if not isinstance(node, exp.Column):
            return self.read(node)
        typed, column, name = self.any_column(node)
        if column is not None and column.identifying and not column.categories:
            for other in others:
                value = constants.constant(other.unnest(), typed.kind)[0]
                if constants.comparable(value) not in typed.facts:
                    raise RefusedSqlError(
                        "identifying",
                        other,
                        say(
                            "{column} is a potential identifier: only its published breaks stand beside it.",
                            column=name,
                        ),
                    )
        return typed

    def compare(self, name: str, node: exp.Expr, sides: Sequence[exp.Expr]) -> Typed:
        if any(isinstance(side, _CHAINED) for side in sides):
            raise RefusedSqlError("grammar", node, say("Comparisons in comparisons need parentheses."))
        flat = [side.unnest() for side in sides]
        fixed = [constants.is_constant(side) for side in flat]
        if all(fixed):
            raise RefusedSqlError("constant", node, say("A comparison needs a column."))
        if any(fixed):
            at = fixed.index(False)
            beside = self._coarse(flat[at], [flat[1 - at]])
            other = self.constant(flat[1 - at], beside.facts, beside.kind)
            parts = [beside, other] if at == 0 else [other, beside]
        else:
            parts = [self.read(side) for side in flat]
        one_kind(parts, node)
        return called(name, parts)

    def membership(self, node: exp.Expr) -> Typed:
        if isinstance(node, exp.Is):
            return self._is(node)
        if isinstance(node, exp.Between):
            only(node, "this", "low", "high")
            name, others = "between", [node.args["low"], node.args["high"]]
        else:
            only(node, "this", "expressions")
            name, others = "in", list(node.expressions)
        others = [other.unnest() for other in others]
        if not others or not all(constants.is_constant(other) for other in others):
            raise RefusedSqlError("grammar", node, say("IN and BETWEEN take constants."))
        beside = self._coarse(node.this, others)
        parts = [beside, *(self.constant(other, beside.facts, beside.kind) for other in others)]
        one_kind(parts, node)
        return called(name, parts)

    def _is(self, node: exp.Is) -> Typed:
        only(node, "this", "expression")
        subject = node.this.unnest()
        typed = self.any_column(subject)[0] if isinstance(subject, exp.Column) else self.read(subject)
        if isinstance(node.expression, exp.Null):
            return called("is_null", [typed])
        if isinstance(node.expression, exp.Boolean) and typed.kind is Kind.BOOLEAN:
            return called("same", [typed, self.constant(node.expression, frozenset())])
        raise RefusedSqlError("grammar", node, say("IS takes NULL, TRUE or FALSE."))
