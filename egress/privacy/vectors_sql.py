"""The one statement behind the exact vectors. Constants are parameters, names are quoted: no text of a spec is SQL.

What `egress.privacy.measure` relies on is made here, whatever the files hold:
- key, filter and condition are expressions of one joined row, so a row is counted in one cell at most;
- ROWS and VALUES count it once there; TOTAL adds a whole number within [low, high] of the spec, or nothing; QUANTILE
  counts it at one candidate;
- columns that are joined are of one type, so equal means the same value;
- nothing looks at other rows: no window, no sub-select, no order, and no comparison with NaN, which is as good as
  NULL everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

from egress.privacy.filters import IsNull, Joined, OneOf, Predicate, Scalar
from egress.privacy.keys import Bins, Cases, KeyExpression, Part, Plain, Test
from egress.privacy.spec import DpJoin, DpSpec, Kind, Statistic
from egress.query.functions import FUNCTIONS
from hub.extracts.person_number import PERSON_NUMBER

_OPERATORS = {"ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_DOUBLES = {"DOUBLE", "FLOAT"}

Parameter = Scalar | float | list[int]


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


@dataclass
class Statement:
    """`types`: each column's type in its file. `small`: sums of steps stay whole numbers of a double."""

    spec: DpSpec
    types: Mapping[str, str]
    small: bool
    values: list[Parameter] = field(default_factory=list)
    measures: dict[str, int] = field(default_factory=dict)

    def build(self, files: Mapping[str, str]) -> str:
        """SELECT keys, measures: `measures` says at which place each one stands, after the keys."""
        spec = self.spec
        keys = [f"{self._key(key.expression)} AS {quoted(f'key {at}')}" for at, key in enumerate(spec.keys)]
        where = f" WHERE {self.predicate(spec.where)}" if spec.where is not None else ""
        from_ = f"read_parquet({self._value(files[spec.tables[0]])}) AS {quoted(spec.tables[0])}"
        for join in spec.joins:
            self._comparable(join)
            on = " AND ".join(f"{_column(left)} = {_column(right)}" for left, right in join.on)
            word = {"inner": "JOIN", "left": "LEFT JOIN"}[join.kind]
            from_ += f" {word} read_parquet({self._value(files[join.table])}) AS {quoted(join.table)} ON {on}"
        for one in spec.statistics:
            for sql in self.parts(one):
                self.measures.setdefault(sql, len(keys) + len(self.measures))
        selected = ", ".join([*keys, *self.measures])
        grouped = f" GROUP BY {', '.join(str(at + 1) for at in range(len(keys)))}" if keys else ""
        return f"SELECT {selected} FROM {from_}{where}{grouped}"  # noqa: S608 -- quoted names and parameters only

    def parts(self, one: Statistic) -> tuple[str, ...]:
        """The aggregates that a statistic is made of: for TOTAL the sum of steps, and how many there are."""
        only = "" if one.where is None else f" FILTER (WHERE {self.predicate(one.where)})"
        match one.kind:
            case Kind.ROWS:
                return (f"count(*){only}",)
            case Kind.PERSONS:
                return (f"count(DISTINCT {quoted(self.spec.tables[0])}.{quoted(PERSON_NUMBER)}){only}",)
            case Kind.VALUES:
                return (f"{self._count(one.column)}{only}",)
            case Kind.TOTAL:
                total = f"sum({self._steps(one)}){only}"
                return (total, f"{self._count(one.column)}{only}") if one.centre else (total,)
        # 2 v is at most the sum of two neighbours where v is nearer to the lower one, or as near
        between = self._value([left + right for left, right in pairwise(one.candidates)])
        return (f"histogram(2 * CAST({self._steps(one)} AS BIGINT), {between}::BIGINT[]){only}",)

    def _count(self, column: str) -> str:
        """The number of values. Steps are NULL where values are: where there is a sum of steps, they are made once."""
        steps = (self._steps(one) for one in self.spec.statistics if (one.kind, one.column) == (Kind.TOTAL, column))
        return f"count({next(steps, self._there(column))})"

    def predicate(self, predicate: Predicate) -> str:
        """SQL with the predicate's truth, in all three values."""
        if isinstance(predicate, Joined):
            word = " AND " if predicate.word == "all" else " OR "
            return "(" + word.join(self.predicate(part) for part in predicate.parts) + ")"
        column = self._there(predicate.column)
        if isinstance(predicate, IsNull):
            return f"({column} IS {'' if predicate.truth else 'NOT '}NULL)"
        if isinstance(predicate, OneOf):
            return f"({column} IN ({', '.join(self._value(value) for value in predicate.values)}))"
        return f"({column} {_OPERATORS[predicate.operator]} {self._value(predicate.value)})"

    def _comparable(self, join: DpJoin) -> None:
        """Raises: ValueError("types") where DuckDB would cast to compare: several texts or whole numbers become one
        value then, so that a row meets several, and a cast that fails for one row tells that the row is there.
        """
        if any(self.types[left] != self.types[right] for left, right in join.on):
            raise ValueError("types")

    def _key(self, key: KeyExpression) -> str:
        match key:
            case Plain(column):
                return _column(column)
            case Bins(column, width):
                return f"TRY_CAST(floor({self._there(column)} / {width:d}) AS BIGINT)"  # NULL for infinity
            case Part(column, unit):
                return FUNCTIONS[unit].sql.format(_column(column))
            case Cases():
                places = labels(key)
                whens = " ".join(f"WHEN {self.predicate(test)} THEN {places.index(label)}" for test, label in key.whens)
                return f"CASE {whens} {'' if key.otherwise is None else f'ELSE {places.index(key.otherwise)} '}END"
            case Test(predicate):
                return self.predicate(predicate)

    def _there(self, column: str) -> str:
        """The column, NULL in the place of NaN.

        Which side of a constant NaN is on may depend on other rows: DuckDB skips parts of a file by their smallest and
        largest value, which NaN does not enter.
        """
        name = _column(column)
        return f"CASE WHEN NOT isnan({name}) THEN {name} END" if self._double(column) else name

    def _double(self, column: str) -> bool:
        return self.types.get(column) in _DOUBLES

    def _steps(self, one: Statistic) -> str:
        """The value in whole steps within [low, high]; NULL where there is none.

        Doubles are clamped, then scaled: bounds in steps are below 10^12, so rounding errors are below 0.001 and the
        scaled bounds round to `low` and `high` themselves; `round` is monotone, so nothing lies beyond them.
        """
        name = _column(one.column)
        if not self._double(one.column):
            bounded = f"WHEN {name} < {one.low:d} THEN {one.low:d} WHEN {name} > {one.high:d} THEN {one.high:d}"
            return f"CASE {bounded} ELSE {name} END"
        step = Decimal(1).scaleb(one.exponent)
        low, high, factor = (f"{self._value(number)}::DOUBLE" for number in (one.low * step, one.high * step, 1 / step))
        steps = (
            f"CASE WHEN isnan({name}) THEN NULL WHEN {name} < {low} THEN {one.low:d}::DOUBLE"
            f" WHEN {name} > {high} THEN {one.high:d}::DOUBLE ELSE round({name} * {factor}) END"
        )
        return steps if self.small else f"CAST({steps} AS BIGINT)"

    def _value(self, value: Parameter) -> str:
        given: Parameter = float(value) if isinstance(value, Decimal) else value
        for at, known in enumerate(self.values):
            if type(known) is type(given) and known == given:
                return f"${at + 1}"
        self.values.append(given)
        return f"${len(self.values)}" if not isinstance(given, date) else f"${len(self.values)}::DATE"


def labels(cases: Cases) -> tuple[Scalar, ...]:
    """The distinct labels: the statement answers their places."""
    found = [label for _, label in cases.whens] + ([] if cases.otherwise is None else [cases.otherwise])
    return tuple(dict.fromkeys(found))


def _column(name: str) -> str:
    table, _, column = name.partition(".")
    return f"{quoted(table)}.{quoted(column)}"
