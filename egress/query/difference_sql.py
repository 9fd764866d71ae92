"""SQL for differencing: per cell, the persons by whom two selections of rows differ. Generated from queries alone.

The two selections need not come from the same tables: what is compared is, for each cell and person, the multiset of
rows of the tables that both read. A person is *changed* when it differs, and *apart* when one side has no row of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from egress.query.model import ColumnRef, Expression, Query
from egress.query.sql import column_sql, expression_sql, from_sql
from egress.query.table import Value


@dataclass(frozen=True)
class Side:
    """One of two selections: its query (whose own keys and measures do not matter here) and the keys of the cells."""

    query: Query
    keys: tuple[Expression, ...]


@dataclass(frozen=True)
class Difference:
    """One cell in which two selections differ, in persons: with rows in one side only, with more rows in one side
    (those included), and with other rows at all.
    """

    keys: tuple[Value | None, ...]
    only_one: int
    only_other: int
    more_one: int
    more_other: int
    changed: int

    @property
    def apart(self) -> int:
        """Persons in exactly one of the two."""
        return self.only_one + self.only_other


def nested(differences: Iterable[Difference]) -> bool:
    """Whether one side holds all rows of the other, in every cell: subtracting then leaves a count of persons."""
    listed = tuple(differences)
    return all(found.more_one == found.changed for found in listed) or all(
        found.more_other == found.changed for found in listed
    )


def shared_tables(one: Query, other: Query) -> tuple[str, ...]:
    """The tables that both read, by name."""
    return tuple(sorted(_tables(one).keys() & _tables(other).keys()))


def difference_sql(one: Side, other: Side, rows: tuple[tuple[str, str], ...]) -> str:
    """Columns k0 … and those of `Difference`; cells in which nobody differs are left out.

    `rows` are (table, column): by what a row of the shared tables is known.
    """
    names = [f"k{position}" for position in range(len(one.keys))]
    both = f"{_selection(one, rows, 1)} UNION ALL {_selection(other, rows, -1)}"
    by = ", ".join(names)
    listed = f"{by}, " if names else ""
    people = (
        f"SELECT {listed}p, count(*) FILTER (WHERE side > 0) AS here, count(*) FILTER (WHERE side < 0) AS there, "  # noqa: S608 -- generated
        f"sum(side * known) AS known FROM ({both}) AS selections GROUP BY {listed}p"
    )
    changed = "count(*) FILTER (WHERE here <> there OR known <> 0)"
    counts = [
        f"count(*) FILTER (WHERE {test})" for test in ("there = 0", "here = 0", "here > there", "here < there")
    ] + [changed]
    return (
        f"SELECT {listed}{', '.join(counts)} "  # noqa: S608 -- generated
        f"FROM ({people}) AS people {f'GROUP BY {by}' if names else ''} HAVING {changed} > 0 "
        f"{'ORDER BY ' + ', '.join(f'{name} NULLS LAST' for name in names) if names else ''}"
    )


def one_source(one: Side, other: Side) -> bool:
    """Whether both choose among the rows of the same tables, joined alike: only their conditions differ."""
    return (one.query.tables, one.query.joins, one.query.person, one.keys) == (
        other.query.tables,
        other.query.joins,
        other.query.person,
        other.keys,
    )


def filters_sql(one: Side, other: Side) -> str:
    """As `difference_sql`, for `one_source`: by the rows that one condition takes and the other leaves, which are few
    where somebody tries to tell few persons apart.
    """
    names = [f"k{position}" for position in range(len(one.keys))]
    listed = "".join(f"{name}, " for name in names)
    keys = "".join(f"{expression_sql(key)} AS {name}, " for key, name in zip(one.keys, names, strict=True))
    person = column_sql(one.query.person)
    flagged = (
        f"SELECT {keys}hash({person}) AS p, {_meets(one)} AS a, {_meets(other)} AS b "
        f"{from_sql(replace(one.query, where=()))} WHERE {person} IS NOT NULL"
    )
    differing = (
        f"SELECT {listed}p, count(*) FILTER (WHERE a) AS here, count(*) FILTER (WHERE b) AS there "  # noqa: S608 -- generated
        f"FROM flagged WHERE a <> b GROUP BY {listed}p"
    )
    equal = " AND ".join(f"flagged.{name} IS NOT DISTINCT FROM differing.{name}" for name in [*names, "p"])
    both = (
        f"SELECT DISTINCT {', '.join(f'flagged.{name}' for name in [*names, 'p'])} "  # noqa: S608 -- generated
        f"FROM flagged SEMI JOIN differing ON {equal} WHERE a AND b"
    )
    again = equal.replace("flagged.", "shared.")
    counts = [
        f"count(*) FILTER (WHERE {test})"
        for test in ("there = 0 AND shared.p IS NULL", "here = 0 AND shared.p IS NULL", "here > there", "here < there")
    ]
    shown = "".join(f"differing.{name} AS {name}, " for name in names)
    return (
        f"WITH flagged AS ({flagged}), differing AS MATERIALIZED ({differing}), shared AS ({both}) "  # noqa: S608 -- generated
        f"SELECT {shown}{', '.join(counts)}, count(*) FROM differing LEFT JOIN shared ON {again} "
        f"{'GROUP BY ' + ', '.join(f'differing.{name}' for name in names) if names else 'HAVING count(*) > 0'} "
        f"{'ORDER BY ' + ', '.join(f'differing.{name} NULLS LAST' for name in names) if names else ''}"
    )


def _meets(side: Side) -> str:
    """Whether a row meets all conditions of one side: TRUE or FALSE, never NULL."""
    conditions = " AND ".join(expression_sql(condition) for condition in side.query.where)
    return f"coalesce({conditions}, FALSE)" if conditions else "TRUE"


def cells_sql(side: Side) -> str:
    """The keys of the cells of one side, each once."""
    columns = ", ".join(f"{expression_sql(key)} AS k{at}" for at, key in enumerate(side.keys))
    return f"SELECT DISTINCT {columns or '1'} {from_sql(side.query)}"


def _selection(side: Side, rows: tuple[tuple[str, str], ...], sign: int) -> str:
    tables = _tables(side.query)
    names = [f"k{at}" for at in range(len(side.keys))]
    columns = [f"{expression_sql(key)} AS {name}" for key, name in zip(side.keys, names, strict=True)]
    held = ", ".join(column_sql(ColumnRef(tables[table], column)) for table, column in rows)
    # Of 64 bits, summed with their sign: two multisets of rows with one sum are as rare as two equal hashes.
    known = f"CAST(hash({held}) AS HUGEINT)" if held else "CAST(0 AS HUGEINT)"
    columns += [f"{column_sql(side.query.person)} AS person", f"{known} AS known"]
    inner = f"SELECT {', '.join(columns)} {from_sql(side.query)}"
    listed = ", ".join((*names, "hash(person) AS p", "known", f"{sign} AS side"))
    return f"SELECT {listed} FROM ({inner}) AS selection WHERE person IS NOT NULL"  # noqa: S608 -- generated


def _tables(query: Query) -> dict[str, str]:
    """Table -> the first alias under which the query reads it."""
    found: dict[str, str] = {}
    for table in query.tables:
        found.setdefault(table.table, table.alias)
    return found
