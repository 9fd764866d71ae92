"""Columns and constants of an expression: who may stand where, and which constants are public."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from decimal import Decimal

from sqlglot import exp

from egress.query import constants
from egress.query.functions import Kind
from egress.query.model import Literal
from egress.query.refused import RefusedSqlError
from egress.query.scope import Scope, refer
from egress.query.typed import Place, Typed
from hub.catalogue.model import Column, ColumnType
from hub.words import Message, say


@dataclass
class ColumnReader:
    """Reads columns and constants of one place; notes gather in `notes`."""

    scope: Scope
    place: Place
    notes: list[tuple[str, exp.Expr, Message]] = field(default_factory=list)

    def note(self, rule: str, node: exp.Expr, why: Message) -> None:
        self.notes.append((rule, node, why))

    def column(self, node: exp.Column) -> Typed:
        typed, column, name = self.any_column(node)
        if column is None or column.identifying:
            self._identifier(node, column, name)
        return typed

    def any_column(self, node: exp.Column) -> tuple[Typed, Column | None, str]:
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
        facts = self.scope.facts(source, name)
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
