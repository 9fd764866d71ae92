"""Scalar expressions: the syntax tree becomes Expression values, typed, with every constant judged."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from sqlglot import exp

from egress.query import constants
from egress.query.calls import arguments_of
from egress.query.comparisons import COMPARISONS, ComparisonReader
from egress.query.functions import FUNCTIONS, Kind
from egress.query.model import Case
from egress.query.refused import RefusedSqlError, only
from egress.query.typed import NULL, Either, Typed, called, merged, one_kind
from hub.words import say

MAX_DEPTH = 40

_REPLACING = frozenset({"coalesce", "least", "greatest", "nullif"})
_SCALING = frozenset({"mul", "div", "intdiv", "mod"})
_ADDING = frozenset({"add", "sub"})


@dataclass
class Reader(ComparisonReader):
    """Reads expressions of one place."""

    depth: int = 0

    def read(self, node: exp.Expr | None) -> Typed:
        """The expression at `node`. Raises: RefusedSqlError."""
        if node is None:
            raise RefusedSqlError("syntax", None, say("This is not SQL that can be read."))
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise RefusedSqlError("size", node, say("Expressions are nested too deeply."))
        try:
            return self._read(node)
        finally:
            self.depth -= 1

    def _read(self, node: exp.Expr) -> Typed:
        if isinstance(node, exp.Paren):
            only(node, "this")
            return self.read(node.this)
        if isinstance(node, exp.Column):
            return self.column(node)
        if constants.is_constant(node):
            return self.constant(node, frozenset())
        if isinstance(node, exp.Null):
            return NULL
        if isinstance(node, exp.Case | exp.If):
            return self._case(node)
        if isinstance(node, exp.Between | exp.In | exp.Is):
            return self.membership(node)
        if isinstance(node, exp.And | exp.Or):
            parts = [self.condition(part) for part in node.flatten()]
            return called(node.key, parts)
        if isinstance(node, exp.Not):
            return called("not", [self.condition(node.this)])
        if isinstance(node, exp.Cast):
            return self._cast(node)
        name, arguments = arguments_of(node)
        return self.compare(name, node, arguments) if name in COMPARISONS else self._apply(name, node, arguments)

    def condition(self, node: exp.Expr) -> Typed:
        typed = self.read(node)
        if typed.kind not in {Kind.BOOLEAN, Kind.NULL}:
            raise RefusedSqlError("type", node, say("A condition is needed here, not {kind}.", kind=typed.kind.value))
        return typed

    # -- CASE, casts, functions

    def _case(self, node: exp.Expr) -> Typed:
        only(node, "this", "ifs", "default", "true", "false")
        if isinstance(node, exp.If):
            branches = [(self.condition(node.this), node.args["true"])]
            default = node.args.get("false")
        else:
            branches = [(self._when(node.this, branch), branch.args["true"]) for branch in node.args.get("ifs") or []]
            default = node.args.get("default")
        results = [self._beside(result, self._labels(result), None) for _, result in branches]
        otherwise = self._beside(default, self._labels(default), None) if default is not None else NULL
        kind = one_kind([*results, otherwise], node)
        conditions = [condition for condition, _ in branches]
        whens = tuple((test.expression, result.expression) for test, result in zip(conditions, results, strict=True))
        expression = Case(whens, None if default is None else otherwise.expression)
        return merged(expression, kind, [*results, otherwise], conditions)

    def _when(self, subject: exp.Expr | None, branch: exp.If) -> Typed:
        if subject is None:
            return self.condition(branch.this)
        return self.compare("eq", branch, [subject, branch.this])

    def _labels(self, node: exp.Expr) -> Container[object]:
        """What a CASE may answer without a note: 0, 1, categories of the tables, classes by published breaks."""
        flat = node.unnest()
        if not isinstance(flat, exp.Literal) or not flat.is_string:
            return constants.RESULTS
        if self.scope.labels is None:
            places = [(source, name) for source in self.scope.sources for name in source.table.columns]
            facts = [self.scope.facts(source, name) for source, name in places]
            texts = frozenset(each for one in facts for each in one if isinstance(each, str))
            self.scope.labels = Either(texts, constants.ClassLabels(facts))
        return self.scope.labels

    def _cast(self, node: exp.Cast) -> Typed:
        only(node, "this", "to", "safe", "_type")
        inner = self.read(node.this)
        if node.to.is_type(exp.DType.DATE) and inner.kind is Kind.DATE:
            return inner
        if node.to.is_type(*exp.DataType.INTEGER_TYPES):
            name = "flag" if inner.kind is Kind.BOOLEAN else "to_integer"
        elif node.to.is_type(exp.DType.DOUBLE, exp.DType.FLOAT):
            name = "to_double"
            if inner.kind is Kind.BOOLEAN:
                inner = called("flag", [inner])
        else:
            raise RefusedSqlError("function", node, say("A cast goes to INTEGER, BIGINT or DOUBLE."))
        return self._checked(name, node, [inner])

    def _apply(self, name: str, node: exp.Expr, arguments: Sequence[exp.Expr]) -> Typed:
        flat = [argument.unnest() for argument in arguments]
        columns = [self.read(part) for part in flat if not constants.is_constant(part)]
        if not columns:
            raise RefusedSqlError("constant", node, say("An expression needs a column."))
        if name in _SCALING:
            facts: Container[object] = constants.FACTORS
        elif name in _ADDING or name in _REPLACING:
            facts = Either(constants.RESULTS, columns[0].facts if name in _REPLACING else frozenset())
        else:
            facts = constants.DIGITS if name in {"round", "trunc"} else frozenset()
        rest = iter(columns)
        kind = columns[0].kind
        parts = [self.constant(part, facts, kind) if constants.is_constant(part) else next(rest) for part in flat]
        if name == "sub" and all(part.kind is Kind.DATE for part in parts):
            return self._checked("date_diff_day", node, parts[::-1])
        if name == "sub" and parts[0].expression == parts[1].expression:
            self.note("constant", node, say("This expression has the same value in every row."))
        return self._checked(name, node, parts)

    def _checked(self, name: str, node: exp.Expr, parts: Sequence[Typed]) -> Typed:
        function = FUNCTIONS[name]
        if not function.least <= len(parts) <= function.most:
            raise RefusedSqlError("function", node, say("{name} has a wrong number of arguments.", name=name))
        kind = one_kind(parts, node)
        if function.takes is not None and kind not in {function.takes, Kind.NULL}:
            raise RefusedSqlError(
                "type",
                node,
                say("{name} needs {wanted}, not {kind}.", name=name, wanted=function.takes.value, kind=kind.value),
            )
        return called(name, parts)

    def _beside(self, node: exp.Expr, facts: Container[object], wanted: Kind | None) -> Typed:
        """An operand: constants are judged against `facts`."""
        node = node.unnest()
        return self.constant(node, facts, wanted) if constants.is_constant(node) else self.read(node)
