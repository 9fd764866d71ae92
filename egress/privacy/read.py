"""A Query and the extract's catalogue -> DpSpec, or why it gets no DP release. Pure; only public facts decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from egress.privacy.filters import Joined, Predicate, Scalar, columns_of, compared, holds, joined, one_of
from egress.privacy.keys import Plain, to_json
from egress.privacy.spec import MAX_NUMBERS, DpKey, DpSpec, Kind, OutputColumn, Shape, Statistic
from egress.query.model import Aggregate, Call, ColumnRef, Expression, Literal, Measure, Query
from hub.catalogue.model import Column, ColumnType, Table
from hub.extracts.manifest import Manifest
from hub.policy.verdict import Refusal
from hub.words import Message, say

# Sums are kept in whole steps. Above this, k rows of one person could leave the whole numbers that a double holds.
_MAX_REACH = 10**12
_MAX_ROWS_PER_PERSON = 4096
# A number column is summed in steps of its bounds' width over ten million to a million: rounding to a step is
# thousands of times smaller than any noise that a person's whole range asks for.
_STEPS = 6

_MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


class _NoSpecError(Exception):
    def __init__(self, rule: str, reason: Message) -> None:
        super().__init__(rule)
        self.refusal = Refusal(f"dp.{rule}", reason)


def read(query: Query, manifest: Manifest) -> DpSpec | Refusal:
    """The DP release that `query` asks for. Two spellings of one release give specs with one digest."""
    try:
        return _Reader(query, manifest).spec()
    except _NoSpecError as no:
        return no.refusal


@dataclass
class _Reader:
    query: Query
    manifest: Manifest

    def spec(self) -> DpSpec:
        name, table, most = self._table()
        parts = [self._predicate(part, table) for part in self.query.where]
        where = joined("all", parts) if parts else None
        written = [self._key(key.expression, table, where) for key in self.query.keys]
        keys = tuple(sorted(written, key=lambda key: repr(to_json(key.expression))))
        if self.query.groupings != (tuple(range(len(keys))),):
            raise _NoSpecError("margins", say("A DP table has no margins: add up its cells."))
        if not self.query.measures:
            raise _NoSpecError("measure", say("A DP table needs at least one count, sum or mean."))
        made = {measure.name: self._statistics(measure, table) for measure in self.query.measures}
        statistics = tuple(
            sorted(
                {one for _, ones in made.values() for one in ones}, key=lambda one: (one.kind, one.column, one.centre)
            )
        )
        columns = tuple(self._column(name, written, keys, made, statistics) for name in self.query.columns)
        source = self.manifest.catalogue.source
        spec = DpSpec(source.name, (name,), (), source.person_key, most, keys, where, statistics, columns)
        if spec.cells * len(statistics) > MAX_NUMBERS:
            raise _NoSpecError(
                "cells",
                say(
                    "This DP table would have {cells} cells; with {count} statistics each at most {most} fit.",
                    cells=spec.cells,
                    count=len(statistics),
                    most=MAX_NUMBERS // len(statistics),
                ),
            )
        return spec

    def _table(self) -> tuple[str, Table, int]:
        if self.query.joins or len(self.query.tables) != 1:
            raise _NoSpecError("join", say("A DP release reads one table, without joins."))
        name = self.query.tables[0].table
        table, packed = self.manifest.catalogue.tables.get(name), self.manifest.tables.get(name)
        if table is None or packed is None:
            raise _NoSpecError("table", say("Table {table} is not in this extract.", table=name))
        if packed.persons is None:
            raise _NoSpecError(
                "persons", say("Table {table} holds no person key; differential privacy protects persons.", table=name)
            )
        if table.rows_per_person is None:
            raise _NoSpecError(
                "rows_per_person",
                say(
                    "The catalogue does not say how many rows of {table} one person may have (rows_per_person); "
                    "without it no noise is large enough.",
                    table=name,
                ),
            )
        if table.rows_per_person > _MAX_ROWS_PER_PERSON:
            raise _NoSpecError(
                "rows_per_person",
                say("{table}: so many rows per person leave nothing but noise in a DP table.", table=name),
            )
        return name, table, table.rows_per_person

    def _resolve(self, expression: Expression | None, table: Table) -> tuple[str, Column]:
        if not isinstance(expression, ColumnRef):
            raise _NoSpecError("expression", say("A DP release takes plain columns, not expressions."))
        column = table.columns.get(expression.column)
        if (
            column is None
            or expression.alias != self.query.tables[0].alias
            or expression.column in {self.manifest.catalogue.source.person_key, table.row_key}
        ):
            raise _NoSpecError(
                "column", say("Column {column} cannot be used in a DP release.", column=expression.column)
            )
        return f"{self.query.tables[0].table}.{expression.column}", column

    # -- filters

    def _predicate(self, expression: Expression, table: Table) -> Predicate:
        if isinstance(expression, ColumnRef):
            name, column = self._resolve(expression, table)
            if column.type is ColumnType.BOOLEAN:
                return one_of(name, [True])
        if isinstance(expression, Call):
            arguments = expression.arguments
            if expression.function in {"and", "or"} and arguments:
                parts = [self._predicate(part, table) for part in arguments]
                return joined("all" if expression.function == "and" else "any", parts)
            if expression.function in _MIRRORED and len(arguments) == 2:
                return self._comparison(expression.function, arguments[0], arguments[1], table)
            if expression.function == "between" and len(arguments) == 3:
                bounds = [
                    self._comparison(name, arguments[0], end, table)
                    for name, end in zip(("ge", "le"), arguments[1:], strict=True)
                ]
                return joined("all", bounds)
            if expression.function == "in" and len(arguments) > 1:
                name, column = self._resolve(arguments[0], table)
                return one_of(name, [self._constant(value, name, column) for value in arguments[1:]])
        raise _NoSpecError(
            "filter", say("A DP release filters by columns beside constants (=, <, IN, BETWEEN), joined by AND and OR.")
        )

    def _comparison(self, operator: str, left: Expression, right: Expression, table: Table) -> Predicate:
        if isinstance(left, Literal):
            left, right, operator = right, left, _MIRRORED[operator]
        name, column = self._resolve(left, table)
        return compared(name, operator, self._constant(right, name, column))

    def _constant(self, expression: Expression, name: str, column: Column) -> Scalar:
        if not isinstance(expression, Literal):
            raise _NoSpecError("filter", say("Column {column} is compared with constants only.", column=name))
        value = _scalar(expression.value, column.type)
        if value is None:
            raise _NoSpecError(
                "constant",
                say(
                    "Column {column} is compared with a constant that is no {type}.", column=name, type=str(column.type)
                ),
            )
        return value

    # -- keys

    def _key(self, expression: Expression, table: Table, where: Predicate | None) -> DpKey:
        name, column = self._resolve(expression, table)
        values = self._domain(name, column)
        for part in _conjuncts(where):
            if columns_of(part) == {name}:
                values = tuple(value for value in values if holds(part, {name: value}))
        if not values:
            raise _NoSpecError("empty", say("The filter leaves no category of {column}.", column=name))
        return DpKey(Plain(name), values)

    def _domain(self, name: str, column: Column) -> tuple[Scalar, ...]:
        """Every value the column can have, by the catalogue. A number column has too many, whatever its categories."""
        if column.type is ColumnType.BOOLEAN:
            return (False, True)
        if column.categories and column.type is not ColumnType.NUMBER:
            values = [_scalar(value, column.type) for value in column.categories]
            return one_of(name, [value for value in values if value is not None]).values
        if column.type is ColumnType.INTEGER and column.bounds:
            low, high = (int(bound) for bound in column.bounds if isinstance(bound, int))
            if high - low < MAX_NUMBERS:
                return tuple(range(low, high + 1))
        raise _NoSpecError(
            "categories",
            say(
                "The catalogue publishes no categories of {column}; a DP table needs every value it groups by.",
                column=name,
            ),
        )

    # -- measures

    def _statistics(self, measure: Measure, table: Table) -> tuple[Shape, tuple[Statistic, ...]]:
        if measure.aggregate is Aggregate.COUNT_ROWS:
            return Shape.COUNT, (Statistic(Kind.ROWS),)
        if measure.aggregate is Aggregate.COUNT_PERSONS and measure.argument is None:
            return Shape.COUNT, (Statistic(Kind.PERSONS),)
        if measure.aggregate not in {Aggregate.SUM, Aggregate.AVG} or measure.scale != 1:
            raise _NoSpecError(
                "aggregate",
                say("A DP release has counts, sums and means; {name} is none of them.", name=measure.name),
            )
        name, column = self._resolve(measure.argument, table)
        exponent, low, high = _steps(name, column)
        if measure.aggregate is Aggregate.SUM:
            return Shape.SUM, (Statistic(Kind.TOTAL, name, exponent, low, high),)
        centre = (low + high) // 2  # a value then moves the sum by half its range at most
        return Shape.MEAN, (Statistic(Kind.TOTAL, name, exponent, low, high, centre), Statistic(Kind.VALUES, name))

    def _column(
        self,
        name: str,
        written: list[DpKey],
        keys: tuple[DpKey, ...],
        made: dict[str, tuple[Shape, tuple[Statistic, ...]]],
        statistics: tuple[Statistic, ...],
    ) -> OutputColumn:
        if name in made:
            shape, ones = made[name]
            return OutputColumn(name, shape, tuple(statistics.index(one) for one in ones))
        names = [key.name for key in self.query.keys]
        return OutputColumn(name, Shape.KEY, (keys.index(written[names.index(name)]),))


def _scalar(value: object, kind: ColumnType) -> Scalar | None:
    """`value` as a constant of a column of type `kind`; None when it is not one."""
    match kind:
        case ColumnType.BOOLEAN:
            return value if isinstance(value, bool) else None
        case ColumnType.STRING:
            return value if isinstance(value, str) else None
        case ColumnType.DATE:
            return value if type(value) is date else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(str(value))
    if not number.is_finite() or abs(number.adjusted()) > 40:
        return None
    if kind is ColumnType.NUMBER:
        return number
    return int(number) if number == number.to_integral_value() and abs(number) < 2**62 else None


def _steps(name: str, column: Column) -> tuple[int, int, int]:
    """The step's exponent, and the bounds in whole steps, outwards."""
    if column.type not in {ColumnType.INTEGER, ColumnType.NUMBER} or column.bounds is None:
        raise _NoSpecError(
            "bounds",
            say("The catalogue gives no bounds of {column}; without them no noise is large enough.", column=name),
        )
    low, high = (Decimal(str(bound)) for bound in column.bounds)
    if not (low.is_finite() and high.is_finite()) or low >= high:
        raise _NoSpecError("bounds", say("The bounds of {column} leave it no two values.", column=name))
    exponent = 0 if column.type is ColumnType.INTEGER else (high - low).adjusted() - _STEPS
    step = Decimal(1).scaleb(exponent)
    first = int((low / step).to_integral_value(ROUND_FLOOR))
    last = int((high / step).to_integral_value(ROUND_CEILING))
    if max(abs(first), abs(last)) > _MAX_REACH:
        raise _NoSpecError("bounds", say("The bounds of {column} are too wide for a DP sum.", column=name))
    return exponent, first, last


def _conjuncts(where: Predicate | None) -> tuple[Predicate, ...]:
    """The conditions that every row of the table passes."""
    if where is None:
        return ()
    return where.parts if isinstance(where, Joined) and where.word == "all" else (where,)
