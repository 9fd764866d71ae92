"""SQL that runs: generated from a Query alone. Every identifier is quoted, every constant written by us.

That is what each `noqa: S608 -- generated` stands on: no text of an author enters a statement.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from egress.query.functions import FUNCTIONS
from egress.query.model import Aggregate, Case, ColumnRef, Expression, Literal, LiteralValue, Measure, Query

# Aggregates that ask of their argument only whether it is there.
_PRESENCE = frozenset({Aggregate.COUNT_VALUES, Aggregate.COUNT_PERSONS, Aggregate.SHARE_PERSONS})


def quoted(name: str) -> str:
    """An identifier."""
    return '"' + name.replace('"', '""') + '"'


def written(value: LiteralValue) -> str:
    """A constant."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        text = repr(value)
        return text if "e" in text else f"{text}e0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"


def column_sql(ref: ColumnRef) -> str:
    return f"{quoted(ref.alias)}.{quoted(ref.column)}"


def expression_sql(expression: Expression) -> str:
    """A scalar expression, in parentheses where it needs them."""
    if isinstance(expression, ColumnRef):
        return column_sql(expression)
    if isinstance(expression, Literal):
        return written(expression.value)
    if isinstance(expression, Case):
        whens = "".join(
            f" WHEN {expression_sql(test)} THEN {expression_sql(value)}" for test, value in expression.whens
        )
        otherwise = "" if expression.otherwise is None else f" ELSE {expression_sql(expression.otherwise)}"
        return f"(CASE{whens}{otherwise} END)"
    function = FUNCTIONS[expression.function]
    arguments = [expression_sql(argument) for argument in expression.arguments]
    return function.sql.format(*arguments, all=function.join.join(arguments), rest=", ".join(arguments[1:]))


def from_sql(query: Query) -> str:
    """FROM, JOIN and WHERE."""
    first = query.tables[0]
    parts = [f"FROM {quoted(first.table)} AS {quoted(first.alias)}"]
    for join in query.joins:
        on = " AND ".join(f"{column_sql(left)} = {column_sql(right)}" for left, right in join.on)
        word = "LEFT JOIN" if join.kind == "left" else "JOIN"
        parts.append(f"{word} {quoted(join.table.table)} AS {quoted(join.table.alias)} ON {on}")
    if query.where:
        parts.append("WHERE " + " AND ".join(expression_sql(condition) for condition in query.where))
    return " ".join(parts)


def _aggregate(measure: Measure, value: str, below: str, person: str) -> str:
    """The aggregate over the columns `value` and, for a share, `below`. Averages are of doubles: decimals overflow."""
    persons = f"count(DISTINCT {person})"
    with_value = f"{persons} FILTER (WHERE {value} IS NOT NULL)" if value else persons
    whole = f"{persons} FILTER (WHERE {below} IS NOT NULL)" if below else persons
    total = f"sum({below})" if below else persons
    rows = "count(*)" if isinstance(measure.denominator, Literal) else total
    templates = {
        Aggregate.COUNT_ROWS: "count(*)",
        Aggregate.COUNT_PERSONS: with_value,
        Aggregate.COUNT_VALUES: f"count({value})",
        Aggregate.SUM: f"coalesce(sum({value}), 0)" if measure.counted else f"sum({value})",
        Aggregate.AVG: f"avg({value})",
        Aggregate.STDDEV: f"stddev_samp({value})",
        Aggregate.QUANTILE: f"quantile_cont({value}, {measure.parameter})",
        Aggregate.SHARE: f"sum({value}) / {rows}",
        Aggregate.SHARE_PERSONS: f"{with_value} / {whole}",
    }
    return templates[measure.aggregate] if measure.scale == 1 else f"{measure.scale} * ({templates[measure.aggregate]})"


def _argument_columns(query: Query) -> dict[str, str]:
    """What measures are worked out from, written in full, -> its column a0, a1 …; equal ones are one column."""
    parts = [part for measure in query.measures for part in (measure.argument, _summed(measure)) if part is not None]
    return {text: f"a{at}" for at, text in enumerate(dict.fromkeys(map(repr, parts)))}


def _summed(measure: Measure) -> Expression | None:
    """The denominator, where it is not the number of rows."""
    return None if isinstance(measure.denominator, Literal) else measure.denominator


def arguments(query: Query) -> dict[int, str]:
    """The arguments of measures as columns a0, a1 …; equal arguments are one column."""
    names = _argument_columns(query)
    return {
        position: names[repr(measure.argument)]
        for position, measure in enumerate(query.measures)
        if measure.argument is not None
    }


def selection_sql(query: Query, *, by_person: bool = False) -> str:
    """One row per row of the join: keys k0 …, person p, arguments a0 …

    With `by_person` p is a hash of the person key, as 64 bits group far faster than texts: in a table about 1.5
    million persons the odds that any two count as one are below one in ten million, and then fewer are counted, never
    more. Values of rows without a person are left out there: they are nobody's contribution.
    """
    person = column_sql(query.person)
    columns = [f"{expression_sql(key.expression)} AS k{position}" for position, key in enumerate(query.keys)]
    columns.append(f"CASE WHEN {person} IS NOT NULL THEN hash({person}) END AS p" if by_person else f"{person} AS p")
    names = _argument_columns(query)
    for measure in query.measures:
        for part in (measure.argument, None if by_person else _summed(measure)):
            name = names.pop(repr(part), None)
            if name is not None and part is not None:
                value = expression_sql(part)
                value = f"CASE WHEN {person} IS NOT NULL THEN {value} END" if by_person else value
                columns.append(f"{value} AS {name}")
    return f"SELECT {', '.join(columns)} {from_sql(query)}"


def group_sql(query: Query, *, person: bool = False) -> str:
    """GROUP BY with the grouping sets; with `person`, each is broken down by person."""
    sets = []
    for grouping in query.groupings:
        names = [f"k{position}" for position in grouping] + (["p"] if person else [])
        sets.append(f"({', '.join(names)})")
    if len(sets) == 1:
        return f"GROUP BY {sets[0][1:-1]}" if sets[0] != "()" else ""
    return f"GROUP BY GROUPING SETS ({', '.join(sets)})"


def margins(query: Query) -> list[str]:
    """Per key, 1 where it is a total; constants when there is one grouping only."""
    if len(query.groupings) == 1:
        return ["0"] * len(query.keys)
    return [f"GROUPING(k{position})" for position in range(len(query.keys))]


def order_sql(query: Query) -> str:
    """The sorted order: by key, missing keys after others, totals last."""
    parts = [f"g{position}, k{position} NULLS LAST" for position in range(len(query.keys))]
    return f"ORDER BY {', '.join(parts)}" if parts else ""


def table_sql(query: Query) -> str:
    """Columns g0 …, k0 …, m0 …: per key whether it is a total, the keys, the measures; in the sorted order."""
    names = _argument_columns(query)
    totals = [f"{margin} AS g{position}" for position, margin in enumerate(margins(query))]
    keys = [f"k{position}" for position in range(len(query.keys))]
    measures = []
    for position, measure in enumerate(query.measures):
        value, below = names.get(repr(measure.argument), ""), names.get(repr(_summed(measure)), "")
        measures.append(f"{_aggregate(measure, value, below, 'p')} AS m{position}")
    columns = ", ".join((*totals, *keys, *measures))
    return f"SELECT {columns} FROM ({selection_sql(query)}) AS selection {group_sql(query)} {order_sql(query)}"  # noqa: S608 -- generated


def distinct_arguments(query: Query) -> dict[str, Measure]:
    """Argument column -> the measure that needs most to be known of it."""
    found: dict[str, Measure] = {}
    for position, name in arguments(query).items():
        measure = query.measures[position]
        if name not in found or found[name].aggregate in _PRESENCE:
            found[name] = measure
    return found


def argument_of(query: Query, position: int) -> str | None:
    """The argument column of the measure at `position`."""
    return arguments(query).get(position)
