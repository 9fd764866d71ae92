"""SQL for evidence: what is known of each cell by row, by person, and beside a quantile.

Three kinds of statement, all in the order of `table_sql`'s rows: one plain pass for rows; one in two levels (by cell
and person, then by cell) for persons, which costs about one count(DISTINCT person); one per quantile and grouping.
"""

from __future__ import annotations

from egress.query.model import Aggregate, Measure, Query
from egress.query.sql import arguments, distinct_arguments, group_sql, margins, order_sql, selection_sql

ROW_COLUMNS = ("rows", "negatives", "constant")
PERSON_COLUMNS = ("persons", "nonzero", "total", "largest", "second", "zeros")

# The largest is looked at twice only where it may matter: elsewhere it makes less than this part of its cell.
_SMALL_SHARE = "0.25"


def _places(query: Query) -> tuple[list[str], list[str], list[str]]:
    """The columns g0 … with how they are computed, their names where they vary, and the keys k0 …"""
    totals = [f"{margin} AS g{position}" for position, margin in enumerate(margins(query))]
    keys = [f"k{position}" for position in range(len(query.keys))]
    return totals, [f"g{position}" for position in range(len(keys))] if len(query.groupings) > 1 else [], keys


def rows_sql(query: Query) -> str:
    """Columns g0 …, k0 …, rows, then `ROW_COLUMNS` per argument."""
    totals, _, keys = _places(query)
    columns = [*totals, *keys, "count(*)"]
    for name, measure in distinct_arguments(query).items():
        columns.append(f"count({name})")
        if measure.aggregate is Aggregate.COUNT_VALUES:
            columns += ["FALSE", "FALSE"]
        else:
            columns += [f"coalesce(min({name}) < 0, FALSE)", f"coalesce(min({name}) = max({name}), FALSE)"]
    source = f"({selection_sql(query)}) AS selection"
    return f"SELECT {', '.join(columns)} FROM {source} {group_sql(query)} {order_sql(query)}"  # noqa: S608 -- generated


def persons_sql(query: Query) -> str:
    """Columns g0 …, k0 …, persons, then `PERSON_COLUMNS` per argument.

    The second largest total of a cell is looked up only where the largest makes more than a quarter of it; elsewhere
    `second` is its upper bound, the largest.
    """
    totals, varying, keys = _places(query)
    known = distinct_arguments(query)
    inner = [
        *(totals if varying else []),
        *keys,
        "p",
        *(column for item in known.items() for column in _by_person(*item)),
    ]
    cells = [*varying, *keys, "count(p) AS persons", *(column for item in known.items() for column in _by_cell(*item))]
    group = f"GROUP BY {', '.join((*varying, *keys))}" if keys else ""
    people = f"SELECT {', '.join(inner)} FROM ({selection_sql(query, by_person=True)}) AS selection"  # noqa: S608 -- generated
    shown = [*(f"cells.{name}" for name in varying), *(totals if not varying else [])]
    shown += [*(f"cells.{name}" for name in keys), "persons"]
    shown += [column for item in known.items() for column in _shown(*item)]
    tops = _tops(query, [*varying, *keys])
    parts = [
        f"WITH people AS MATERIALIZED ({people} {group_sql(query, person=True)}),",
        f"cells AS MATERIALIZED (SELECT {', '.join(cells)} FROM people {group}){tops[0]}",  # noqa: S608 -- generated
        f"SELECT {', '.join(shown)} FROM cells {tops[1]} {order_sql(query)}",  # noqa: S608 -- generated
    ]
    return " ".join(parts)


def _summed(query: Query) -> list[str]:
    """The arguments whose persons' totals matter."""
    known = distinct_arguments(query).items()
    return [name for name, measure in known if measure.aggregate is not Aggregate.COUNT_VALUES]


def _tops(query: Query, places: list[str]) -> tuple[str, str]:
    """The two largest totals of the cells where one is large: a common table, and how it is joined."""
    names = _summed(query)
    if not names:
        return "", ""
    large = {name: f"cells.{name}_x > {_SMALL_SHARE} * cells.{name}_t" for name in names}
    columns = [f"people.{place} AS {place}" for place in places]
    columns += [f"max(abs({name}_s), 2) FILTER (WHERE {large[name]}) AS {name}_m" for name in names]
    equal = " AND ".join(f"people.{place} IS NOT DISTINCT FROM cells.{place}" for place in places) or "TRUE"
    group = f"GROUP BY {', '.join(f'people.{place}' for place in places)}" if places else ""
    found = f"SELECT {', '.join(columns)} FROM people JOIN cells ON {equal} WHERE {' OR '.join(large.values())} {group}"  # noqa: S608 -- generated
    again = " AND ".join(f"cells.{place} IS NOT DISTINCT FROM tops.{place}" for place in places) or "TRUE"
    return f", tops AS ({found})", f"LEFT JOIN tops ON {again}"


def _by_person(name: str, measure: Measure) -> list[str]:
    counted = f"count({name}) AS {name}_c"
    if measure.aggregate is Aggregate.COUNT_VALUES:
        return [counted]
    total = f"sum(CAST({name} AS DOUBLE)) AS {name}_s"
    return [total, counted] if measure.binary else [total]


def _by_cell(name: str, measure: Measure) -> list[str]:
    if measure.aggregate is Aggregate.COUNT_VALUES:
        return [f"count(p) FILTER (WHERE {name}_c > 0) AS {name}_v"]
    columns = [
        f"count({name}_s) AS {name}_v",
        f"count({name}_s) FILTER (WHERE {name}_s <> 0) AS {name}_z",
        f"sum(abs({name}_s)) AS {name}_t",
        f"max(abs({name}_s)) AS {name}_x",
    ]
    return [*columns, f"count(p) FILTER (WHERE {name}_c > {name}_s) AS {name}_o"] if measure.binary else columns


def _shown(name: str, measure: Measure) -> list[str]:
    if measure.aggregate is Aggregate.COUNT_VALUES:
        return [f"{name}_v", "0", "0", "0", "0", "NULL"]
    second = f"CASE WHEN {name}_m IS NULL THEN {name}_x ELSE {name}_m[2] END"
    return [
        f"{name}_v",
        f"{name}_z",
        f"coalesce({name}_t, 0)",
        f"coalesce({name}_x, 0)",
        f"coalesce({second}, 0)",
        f"{name}_o" if measure.binary else "NULL",
    ]


def quantile_sql(query: Query, position: int, grouping: tuple[int, ...]) -> str:
    """Per cell of one grouping, in its order: persons with a value below, at and above the quantile at `position`."""
    measure, name = query.measures[position], arguments(query)[position]
    keys = ", ".join(f"k{key}" for key in grouping)
    window = f"PARTITION BY {keys}" if keys else ""
    value = f"quantile_cont({name}, {measure.parameter}) OVER ({window})"
    people = f"SELECT *, {value} AS q FROM ({selection_sql(query)}) AS selection"  # noqa: S608 -- generated
    counts = ", ".join(f"count(DISTINCT p) FILTER (WHERE {name} {sign} q)" for sign in ("<", "=", ">"))
    order = ", ".join(f"k{key} NULLS LAST" for key in grouping)
    by = f"GROUP BY {keys} ORDER BY {order}" if keys else ""
    return f"SELECT {counts} FROM ({people}) AS valued {by}"  # noqa: S608 -- generated
