"""The operators and functions a query may use: deterministic, and none builds text, reads files or knows the time.

`sql` is the DuckDB text, with `{0}`, `{1}` … for arguments; `{all}` stands for all of them with `join` between.
Where DuckDB would answer infinity, NaN or an error that depends on data (ln, sqrt, casts), ours answers NULL:
an error that some rows cause would tell that such rows exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The types of expressions."""

    NUMBER = "number"
    STRING = "text"
    DATE = "date"
    BOOLEAN = "true or false"
    NULL = "NULL"


@dataclass(frozen=True)
class Function:
    """One entry. `takes` None: any one kind, the same for all arguments; `gives` None: that kind."""

    sql: str
    takes: Kind | None
    gives: Kind | None
    least: int = 1
    most: int = 1
    join: str = ", "
    discrete: bool | None = None  # True: whole results; False: not; None: as the arguments are


_NUMBER, _BOOLEAN, _DATE = Kind.NUMBER, Kind.BOOLEAN, Kind.DATE

MANY = 1000


def _comparison(operator: str) -> Function:
    return Function(f"({{0}} {operator} {{1}})", None, _BOOLEAN, 2, 2)


def _arithmetic(operator: str, *, discrete: bool | None = None) -> Function:
    return Function(f"({{0}} {operator} {{1}})", _NUMBER, _NUMBER, 2, 2, discrete=discrete)


def _date_part(name: str) -> Function:
    return Function(f"date_part('{name}', {{0}})", _DATE, _NUMBER, discrete=True)


def _date_span(name: str, unit: str) -> Function:
    """From the first date to the second in whole units: `date_diff` counts boundaries, `date_sub` full units."""
    return Function(f"{name}('{unit}', {{0}}, {{1}})", _DATE, _NUMBER, 2, 2, discrete=True)


def _date_start(unit: str) -> Function:
    return Function(f"CAST(date_trunc('{unit}', {{0}}) AS DATE)", _DATE, _DATE, discrete=True)


# The values of each part; a year's are the years of the date's own bounds.
DATE_PARTS = {
    "year": range(0),
    "isoyear": range(0),
    "quarter": range(1, 5),
    "month": range(1, 13),
    "week": range(1, 54),
    "day": range(1, 32),
    "isodow": range(1, 8),
    "dow": range(7),
    "doy": range(1, 367),
}
DATE_UNITS = ("year", "quarter", "month", "week")
SPAN_UNITS = ("year", "quarter", "month", "week", "day")

FUNCTIONS: dict[str, Function] = {
    "eq": _comparison("="),
    "ne": _comparison("<>"),
    "lt": _comparison("<"),
    "le": _comparison("<="),
    "gt": _comparison(">"),
    "ge": _comparison(">="),
    "same": _comparison("IS NOT DISTINCT FROM"),
    "differs": _comparison("IS DISTINCT FROM"),
    "between": Function("({0} BETWEEN {1} AND {2})", None, _BOOLEAN, 3, 3),
    "in": Function("({0} IN ({rest}))", None, _BOOLEAN, 2, MANY),
    "is_null": Function("({0} IS NULL)", None, _BOOLEAN),
    "and": Function("({all})", _BOOLEAN, _BOOLEAN, 2, MANY, " AND "),
    "or": Function("({all})", _BOOLEAN, _BOOLEAN, 2, MANY, " OR "),
    "not": Function("(NOT {0})", _BOOLEAN, _BOOLEAN),
    "null": Function("NULL", None, Kind.NULL, 0, 0),
    "add": _arithmetic("+"),
    "sub": _arithmetic("-"),
    "mul": _arithmetic("*"),
    "div": _arithmetic("/", discrete=False),
    "intdiv": _arithmetic("//"),
    "mod": _arithmetic("%"),
    "neg": Function("(- {0})", _NUMBER, _NUMBER),
    "abs": Function("abs({0})", _NUMBER, _NUMBER),
    "sign": Function("sign({0})", _NUMBER, _NUMBER, discrete=True),
    "round": Function("round({all})", _NUMBER, _NUMBER, 1, 2),
    "floor": Function("floor({0})", _NUMBER, _NUMBER, discrete=True),
    "ceil": Function("ceil({0})", _NUMBER, _NUMBER, discrete=True),
    "trunc": Function("trunc({0})", _NUMBER, _NUMBER, discrete=True),
    "sqrt": Function("CASE WHEN {0} >= 0 THEN sqrt({0}) END", _NUMBER, _NUMBER, discrete=False),
    "ln": Function("CASE WHEN {0} > 0 THEN ln({0}) END", _NUMBER, _NUMBER, discrete=False),
    "log10": Function("CASE WHEN {0} > 0 THEN log10({0}) END", _NUMBER, _NUMBER, discrete=False),
    "coalesce": Function("coalesce({all})", None, None, 1, MANY),
    "least": Function("least({all})", None, None, 1, MANY),
    "greatest": Function("greatest({all})", None, None, 1, MANY),
    "nullif": Function("nullif({0}, {1})", None, None, 2, 2),
    "to_integer": Function("TRY_CAST({0} AS BIGINT)", _NUMBER, _NUMBER, discrete=True),
    "to_double": Function("TRY_CAST({0} AS DOUBLE)", _NUMBER, _NUMBER),
    "flag": Function("CAST({0} AS INTEGER)", _BOOLEAN, _NUMBER, discrete=True),
    **{part: _date_part(part) for part in DATE_PARTS},
    **{f"date_trunc_{unit}": _date_start(unit) for unit in DATE_UNITS},
    **{f"date_diff_{unit}": _date_span("date_diff", unit) for unit in SPAN_UNITS},
    **{f"date_sub_{unit}": _date_span("date_sub", unit) for unit in SPAN_UNITS},
}

# sqlglot's class (its `key`) or, for what it does not know, the name as written -> our name.
SPELLINGS: dict[str, str] = {
    "eq": "eq",
    "neq": "ne",
    "lt": "lt",
    "lte": "le",
    "gt": "gt",
    "gte": "ge",
    "nullsafeeq": "same",
    "nullsafeneq": "differs",
    "add": "add",
    "sub": "sub",
    "mul": "mul",
    "div": "div",
    "intdiv": "intdiv",
    "mod": "mod",
    "abs": "abs",
    "sign": "sign",
    "round": "round",
    "floor": "floor",
    "ceil": "ceil",
    "trunc": "trunc",
    "sqrt": "sqrt",
    "ln": "ln",
    "coalesce": "coalesce",
    "least": "least",
    "greatest": "greatest",
    "nullif": "nullif",
    "year": "year",
    "quarter": "quarter",
    "month": "month",
    "week": "week",
    "weekofyear": "week",
    "day": "day",
    "dayofmonth": "day",
    "dayofweekiso": "isodow",
    "dayofweek": "dow",
    "dayofyear": "doy",
}
