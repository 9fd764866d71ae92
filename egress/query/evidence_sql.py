"""SQL for evidence: what is known of each cell by row, by contributor, by class, and beside a quantile.

All statements answer in the order of `table_sql`'s rows: one plain pass for rows; one in two levels (by cell and
contributor, then by cell) for persons or units, which costs about one count(DISTINCT person); one in two levels per
sensitive argument; one per quantile and grouping.
"""

from __future__ import annotations

from collections.abc import Collection

from egress.query.facts import Fact, facts, hashed, selected
from egress.query.model import Query
from egress.query.sql import column_sql, group_sql, margins, order_sql

ROW_COLUMNS = ("rows", "negatives", "constant")
PERSON_COLUMNS = ("persons", "others", "nonzero", "total", "largest", "second", "zeros")

# The largest is looked at twice only where it may matter: elsewhere it makes less than this part of its cell.
_SMALL_SHARE = "0.25"


def _places(query: Query) -> tuple[list[str], list[str], list[str]]:
    """The columns g0 … with how they are computed, their names where they vary, and the keys k0 …"""
    totals = [f"{margin} AS g{position}" for position, margin in enumerate(margins(query))]
    keys = [f"k{position}" for position in range(len(query.keys))]
    return totals, [f"g{position}" for position in range(len(keys))] if len(query.groupings) > 1 else [], keys


def rows_sql(query: Query, *, ordered: bool = True) -> str:
    """Columns g0 …, k0 …, a (rows), then `ROW_COLUMNS` per fact; `ordered` by key."""
    totals, _, keys = _places(query)
    columns = [*totals, *keys, "count(*) AS a"]
    for fact in facts(query).values():
        name = fact.name
        columns.append(f"count({name}) AS {name}_c")
        low, same = (f"min({name}) < 0", f"min({name}) = max({name})") if fact.numeric else ("FALSE", "FALSE")
        columns += [f"coalesce({low}, FALSE) AS {name}_l", f"coalesce({same}, FALSE) AS {name}_e"]
    order = order_sql(query) if ordered else ""
    return f"SELECT {', '.join(columns)} FROM ({_rows(query)}) AS selection {group_sql(query)} {order}"  # noqa: S608 -- generated


def _rows(query: Query) -> str:
    """Rows of nobody are rows of the table as well; here alone they keep their values."""
    return selected(query)


def persons_sql(query: Query, full: Collection[str] = ()) -> str:
    """Columns g0 …, k0 …, persons, then `PERSON_COLUMNS` per fact. `full` names the facts that are never NULL.

    The contributor is `query.person`, which may be a unit. The second largest total of a cell is looked up only where
    the largest makes more than a quarter of it; elsewhere `second` is its upper bound, the largest.
    """
    totals, varying, keys = _places(query)
    known = [(fact, fact.name in full) for fact in facts(query).values()]
    inner = [
        *(totals if varying else []),
        *keys,
        "p",
        *(column for item in known for column in _by_person(item[0], full=item[1])),
    ]
    cells = [
        *varying,
        *keys,
        "count(p) AS persons",
        *(column for item in known for column in _by_cell(item[0], full=item[1])),
    ]
    group = f"GROUP BY {', '.join((*varying, *keys))}" if keys else ""
    people = f"SELECT {', '.join(inner)} FROM ({selected(query, hashed(query.person))}) AS selection"  # noqa: S608 -- generated
    shown = [*(f"cells.{name}" for name in varying), *(totals if not varying else [])]
    shown += [*(f"cells.{name}" for name in keys), "persons"]
    shown += [column for item in known for column in _shown(item[0])]
    tops = _tops(query, [*varying, *keys])
    parts = [
        f"WITH people AS MATERIALIZED ({people} {group_sql(query, person=True)}),",
        f"cells AS MATERIALIZED (SELECT {', '.join(cells)} FROM people {group}){tops[0]}",  # noqa: S608 -- generated
        f"SELECT {', '.join(shown)} FROM cells {tops[1]} {order_sql(query)}",  # noqa: S608 -- generated
    ]
    return " ".join(parts)


def _tops(query: Query, places: list[str]) -> tuple[str, str]:
    """The two largest totals of the cells where one is large: a common table, and how it is joined."""
    names = [fact.name for fact in facts(query).values() if fact.numeric]
    if not names:
        return "", ""
    large = {name: f"cells.{name}_x > {_SMALL_SHARE} * cells.{name}_t" for name in names}
    columns = [f"people.{place} AS {place}" for place in places]
    columns += [f"max(abs({name}_s), 2) FILTER (WHERE {large[name]}) AS {name}_m" for name in names]
    equal = " AND ".join(("people.p IS NOT NULL", *(f"people.{p} IS NOT DISTINCT FROM cells.{p}" for p in places)))
    group = f"GROUP BY {', '.join(f'people.{place}' for place in places)}" if places else ""
    found = f"SELECT {', '.join(columns)} FROM people JOIN cells ON {equal} WHERE {' OR '.join(large.values())} {group}"  # noqa: S608 -- generated
    again = " AND ".join(f"cells.{place} IS NOT DISTINCT FROM tops.{place}" for place in places) or "TRUE"
    return f", tops AS ({found})", f"LEFT JOIN tops ON {again}"


def _by_person(fact: Fact, *, full: bool) -> list[str]:
    name = fact.name
    columns = [f"sum(CAST({name} AS DOUBLE)) AS {name}_s"] if fact.numeric else []
    if not full or fact.binary or not fact.numeric:
        columns.append(f"count({name}) AS {name}_c")
    if fact.conditional:
        columns.append(f"bool_or({name}_n) AS {name}_o")
    elif not full:
        columns.append(f"count(*) > count({name}) AS {name}_o")
    return columns


def _by_cell(fact: Fact, *, full: bool) -> list[str]:
    name = fact.name
    columns = [f"count({name}_s) AS {name}_v" if fact.numeric else f"count(p) FILTER (WHERE {name}_c > 0) AS {name}_v"]
    columns.append(
        f"count(p) FILTER (WHERE {name}_o) AS {name}_o" if fact.conditional or not full else f"0 AS {name}_o"
    )
    if not fact.numeric:
        return columns
    columns += [
        f"count({name}_s) FILTER (WHERE {name}_s <> 0) AS {name}_z",
        f"sum(abs({name}_s)) AS {name}_t",
        f"max(abs({name}_s)) AS {name}_x",
    ]
    return [*columns, f"count(p) FILTER (WHERE {name}_c > {name}_s) AS {name}_y"] if fact.binary else columns


def _shown(fact: Fact) -> list[str]:
    name = fact.name
    if not fact.numeric:
        return [f"{name}_v", f"{name}_o", "0", "0", "0", "0", "NULL"]
    second = f"CASE WHEN {name}_m IS NULL THEN {name}_x ELSE {name}_m[2] END"
    return [
        f"{name}_v",
        f"{name}_o",
        f"{name}_z",
        f"coalesce({name}_t, 0)",
        f"coalesce({name}_x, 0)",
        f"coalesce({second}, 0)",
        f"{name}_y" if fact.binary else "NULL",
    ]


def classes_sql(query: Query, fact: Fact) -> str:
    """Columns g0 …, k0 …, then per cell how many values of `fact` its persons have, and how many have the usual one."""
    totals, varying, keys = _places(query)
    name, places = fact.name, [*varying, *keys]
    sets = [f"({', '.join([*(f'k{key}' for key in grouping), name])})" for grouping in query.groupings]
    columns = [*(totals if varying else []), *keys, name, "count(DISTINCT p) AS a"]
    found = f"SELECT {', '.join(columns)} FROM ({selected(query, hashed(query.person))}) AS selection"  # noqa: S608 -- generated
    found += f" GROUP BY GROUPING SETS ({', '.join(sets)})"
    shown = [*(varying or totals), *keys, f"count({name})", f"coalesce(max(a) FILTER (WHERE {name} IS NOT NULL), 0)"]
    group = f"GROUP BY {', '.join(places)}" if places else ""
    return f"SELECT {', '.join(shown)} FROM ({found}) AS classes {group} {order_sql(query)}"  # noqa: S608 -- generated


def quantile_sql(query: Query, position: int, grouping: tuple[int, ...]) -> str:
    """Per cell of one grouping, in its order: persons with a value below, at and above the quantile at `position`."""
    measure = query.measures[position]
    name = {fact.expression: fact.name for fact in facts(query).values()}[measure.argument]  # type: ignore[index]  # a quantile has one
    keys = [f"k{key}" for key in grouping]
    source = selected(query, column_sql(query.person))
    columns = ", ".join([*keys, f"quantile_cont({name}, {measure.parameter}) AS q"])
    cuts = f"SELECT {columns} FROM ({selected(query)}) AS selection {_by(keys)}"  # noqa: S608 -- generated
    equal = " AND ".join(f"people.{key} IS NOT DISTINCT FROM cells.{key}" for key in keys) or "TRUE"
    counts = ", ".join(f"count(DISTINCT p) FILTER (WHERE {name} {sign} q)" for sign in ("<", "=", ">"))
    listed = [f"cells.{key}" for key in keys]
    order = f"ORDER BY {', '.join(f'{key} NULLS LAST' for key in listed)}" if keys else ""
    return f"SELECT {counts} FROM cells JOIN people ON {equal} {_by(listed)} {order}".replace(  # noqa: S608 -- generated
        "SELECT", f"WITH people AS ({source}), cells AS ({cuts}) SELECT", 1
    )


def _by(names: list[str]) -> str:
    return f"GROUP BY {', '.join(names)}" if names else ""
