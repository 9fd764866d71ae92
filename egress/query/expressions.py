"""Scalar expressions: the syntax tree becomes Expression values, typed, with every constant judged."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, auto

from sqlglot import exp

from egress.query import constants
from egress.query.calls import arguments_of
from egress.query.functions import DATE_PARTS, FUNCTIONS, Kind
from egress.query.model import Call, Case, Expression, Literal
from egress.query.refused import RefusedSqlError, only
from egress.query.scope import Scope, refer
from hub.catalogue.model import Column, ColumnType
from hub.words import Message, say

MAX_DEPTH = 40

_COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "same", "differs"})
_REPLACING = frozenset({"coalesce", "least", "greatest", "nullif"})
_SCALING = frozenset({"mul", "div", "intdiv", "mod"})
_ADDING = frozenset({"add", "sub"})


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


@dataclass
class Reader:
    """Reads expressions of one place; notes gather in `notes`."""

    scope: Scope
    place: Place
    notes: list[tuple[str, exp.Expr, Message]] = field(default_factory=list)
    depth: int = 0

    def note(self, rule: str, node: exp.Expr, why: Message) -> None:
        self.notes.append((rule, node, why))

    def read(self, node: exp.Expr) -> Typed:
        """The expression at `node`. Raises: RefusedSqlError."""
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
            return self._column(node)
        if constants.is_constant(node):
            return self.constant(node, frozenset())
        if isinstance(node, exp.Null):
            return NULL
        if isinstance(node, exp.Case | exp.If):
            return self._case(node)
        if isinstance(node, exp.Between | exp.In | exp.Is):
            return self._membership(node)
        if isinstance(node, exp.And | exp.Or):
            parts = [self.condition(part) for part in node.flatten()]
            return _call(node.key, parts)
        if isinstance(node, exp.Not):
            return _call("not", [self.condition(node.this)])
        if isinstance(node, exp.Cast):
            return self._cast(node)
        name, arguments = arguments_of(node)
        return self._compare(name, node, arguments) if name in _COMPARISONS else self._apply(name, node, arguments)

    def condition(self, node: exp.Expr) -> Typed:
        typed = self.read(node)
        if typed.kind not in {Kind.BOOLEAN, Kind.NULL}:
            raise RefusedSqlError("type", node, say("A condition is needed here, not {kind}.", kind=typed.kind.value))
        return typed

    # -- columns

    def _column(self, node: exp.Column) -> Typed:
        typed, column, name = self._any_column(node)
        if column is None or column.identifying:
            self._identifier(node, column, name)
        return typed

    def _any_column(self, node: exp.Column) -> tuple[Typed, Column | None, str]:
        source, name = self.scope.find(node)
        if self.scope.is_person(source, name):
            raise RefusedSqlError(
                "person_key",
                node,
                say("The person key {key} stands only in joins and in count(DISTINCT {key}).", key=name),
            )
        column = self.scope.column(source, name)
        if column is None or (name == source.row_key and not (column.unit or column.categories)):
            raise RefusedSqlError("row_key", node, say("The row key {key} stands only in joins.", key=name))
        # Establishments that the holder lists in the catalogue are published names.
        if column.unit and not column.categories and self.place in {Place.KEY, Place.FILTER}:
            self.note("unit", node, say("{column} tells single establishments apart.", column=name))
        kind = constants.kind_of(column)
        facts = constants.published(column)
        integer = column.type in {ColumnType.INTEGER, ColumnType.DATE, ColumnType.BOOLEAN}
        domain = column.categories or column.bounds
        zero_one = bool(domain) and facts <= constants.RESULTS and (bool(column.categories) or integer)
        typed = Typed(
            refer(source, name),
            kind,
            discrete=integer or column.categories is not None,
            bounded=domain is not None,
            binary=column.type is ColumnType.BOOLEAN or (kind is Kind.NUMBER and zero_one),
            sensitive=column.sensitive,
            unit=column.unit,
            steady=False,
            facts=facts,
        )
        return typed, column, name

    def _identifier(self, node: exp.Column, column: Column | None, name: str) -> None:
        if column is None or column.categories:
            return
        if self.place is Place.NUMBERS and column.type in {ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.BOOLEAN}:
            return
        raise RefusedSqlError(
            "identifying",
            node,
            say(
                "{column} is a potential identifier: compare it with published breaks, or sum, average or count it.",
                column=name,
            ),
        )

    # -- constants

    def constant(self, node: exp.Expr, facts: Container[object], wanted: Kind | None = None) -> Typed:
        value, kind = constants.constant(node, wanted)
        known = kind is Kind.BOOLEAN or constants.comparable(value) in facts
        if not known:
            self.note("constant", node, say("This constant is no category, break or bound of the catalogue."))
        binary = constants.comparable(value) in constants.RESULTS or kind is Kind.BOOLEAN
        whole = not isinstance(value, float | Decimal) or value == int(value)
        return Typed(Literal(value, known), kind, discrete=whole, bounded=True, binary=binary)

    def _beside(self, node: exp.Expr, facts: Container[object], wanted: Kind | None) -> Typed:
        """An operand: constants are judged against `facts`."""
        node = node.unnest()
        return self.constant(node, facts, wanted) if constants.is_constant(node) else self.read(node)

    # -- comparisons

    def _coarse(self, node: exp.Expr, others: Sequence[exp.Expr]) -> Typed:
        """The column beside constants. A potential identifier may stand there with published constants only."""
        node = node.unnest()
        if not isinstance(node, exp.Column):
            return self.read(node)
        typed, column, name = self._any_column(node)
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

    def _compare(self, name: str, node: exp.Expr, sides: Sequence[exp.Expr]) -> Typed:
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
        _one_kind(parts, node)
        return _call(name, parts)

    def _membership(self, node: exp.Expr) -> Typed:
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
        _one_kind(parts, node)
        return _call(name, parts)

    def _is(self, node: exp.Is) -> Typed:
        only(node, "this", "expression")
        subject = node.this.unnest()
        typed = self._any_column(subject)[0] if isinstance(subject, exp.Column) else self.read(subject)
        if isinstance(node.expression, exp.Null):
            return _call("is_null", [typed])
        if isinstance(node.expression, exp.Boolean) and typed.kind is Kind.BOOLEAN:
            return _call("same", [typed, self.constant(node.expression, frozenset())])
        raise RefusedSqlError("grammar", node, say("IS takes NULL, TRUE or FALSE."))

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
        kind = _one_kind([*results, otherwise], node)
        conditions = [condition for condition, _ in branches]
        whens = tuple((test.expression, result.expression) for test, result in zip(conditions, results, strict=True))
        expression = Case(whens, None if default is None else otherwise.expression)
        return _merged(expression, kind, [*results, otherwise], conditions)

    def _when(self, subject: exp.Expr | None, branch: exp.If) -> Typed:
        if subject is None:
            return self.condition(branch.this)
        return self._compare("eq", branch, [subject, branch.this])

    def _labels(self, node: exp.Expr) -> Container[object]:
        """What a CASE may answer without a note: 0, 1, and texts that are categories of a table in the query."""
        flat = node.unnest()
        if isinstance(flat, exp.Literal) and flat.is_string:
            return frozenset(
                category
                for source in self.scope.sources
                for column in source.table.columns.values()
                for category in column.categories or ()
                if isinstance(category, str)
            )
        return constants.RESULTS

    def _cast(self, node: exp.Cast) -> Typed:
        only(node, "this", "to", "safe", "_type")
        inner = self.read(node.this)
        if node.to.is_type(*exp.DataType.INTEGER_TYPES):
            name = "flag" if inner.kind is Kind.BOOLEAN else "to_integer"
        elif node.to.is_type(exp.DType.DOUBLE, exp.DType.FLOAT):
            name = "to_double"
            if inner.kind is Kind.BOOLEAN:
                inner = _call("flag", [inner])
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
            facts = _Either(constants.RESULTS, columns[0].facts if name in _REPLACING else frozenset())
        else:
            facts = constants.DIGITS if name in {"round", "trunc"} else frozenset()
        rest = iter(columns)
        kind = columns[0].kind
        parts = [self.constant(part, facts, kind) if constants.is_constant(part) else next(rest) for part in flat]
        if name == "sub" and parts[0].expression == parts[1].expression:
            self.note("constant", node, say("This expression has the same value in every row."))
        return self._checked(name, node, parts)

    def _checked(self, name: str, node: exp.Expr, parts: Sequence[Typed]) -> Typed:
        function = FUNCTIONS[name]
        if not function.least <= len(parts) <= function.most:
            raise RefusedSqlError("function", node, say("{name} has a wrong number of arguments.", name=name))
        kind = _one_kind(parts, node)
        if function.takes is not None and kind not in {function.takes, Kind.NULL}:
            raise RefusedSqlError(
                "type",
                node,
                say("{name} needs {wanted}, not {kind}.", name=name, wanted=function.takes.value, kind=kind.value),
            )
        return _call(name, parts)


@dataclass(frozen=True)
class _Either:
    """In one or the other."""

    one: Container[object]
    other: Container[object]

    def __contains__(self, value: object) -> bool:
        return value in self.one or value in self.other


def _one_kind(parts: Sequence[Typed], node: exp.Expr) -> Kind:
    kinds = {part.kind for part in parts} - {Kind.NULL}
    if len(kinds) > 1:
        first, second = sorted(kind.value for kind in kinds)[:2]
        raise RefusedSqlError("type", node, say("{first} and {second} stand together.", first=first, second=second))
    return kinds.pop() if kinds else Kind.NULL


def _merged(expression: Expression, kind: Kind, values: Sequence[Typed], others: Sequence[Typed] = ()) -> Typed:
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


def _call(name: str, parts: Sequence[Typed]) -> Typed:
    function = FUNCTIONS[name]
    expression = Call(name, tuple(part.expression for part in parts))
    kind = function.gives or next((part.kind for part in parts if part.kind is not Kind.NULL), Kind.NULL)
    plain = _merged(expression, kind, parts)
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
