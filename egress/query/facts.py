"""Facts: the expressions of a query whose values evidence is about, each one once, and the rows they are read from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from egress.query.model import Aggregate, Call, Case, ColumnRef, Expression, Join, Literal, Query, TableRef
from egress.query.sql import column_sql, expression_sql, from_sql
from hub.catalogue.model import Catalogue
from hub.extracts.person_number import PERSON_NUMBER

_NUMERIC = frozenset({Aggregate.SUM, Aggregate.AVG, Aggregate.STDDEV, Aggregate.QUANTILE, Aggregate.SHARE})

# The table that names a person's household or establishment; no alias of a query can be called so.
_UNIT_ALIAS = "its unit"


@dataclass(frozen=True)
class Fact:
    """One expression as the column `name`. `numeric`: its totals matter; `sensitive`: so do the persons' classes.

    `conditional`: it is a CASE, whose other side is where no WHEN holds.
    """

    name: str
    expression: Expression
    numeric: bool
    binary: bool
    sensitive: bool

    @property
    def conditional(self) -> bool:
        return isinstance(self.expression, Case)


def facts(query: Query) -> dict[Expression, Fact]:
    """The arguments and denominators of a query's measures, as columns a0, a1 …"""
    found: dict[Expression, Fact] = {}
    for measure in query.measures:
        for expression in (measure.argument, measure.denominator):
            if expression is None:
                continue
            known = found.get(expression)
            numeric = measure.aggregate in _NUMERIC
            argument = expression is measure.argument
            found[expression] = Fact(
                name=known.name if known else f"a{len(found)}",
                expression=expression,
                numeric=numeric or (known is not None and known.numeric),
                binary=(measure.binary and argument) or (known is not None and known.binary),
                sensitive=(measure.sensitive and argument and numeric) or (known is not None and known.sensitive),
            )
    return found


def selected(query: Query, who: str = "", *, sure: bool = False) -> str:
    """One row per row of the join: keys k0 …, `who` (SQL of a contributor; none: it does not matter) as p, and per fact
    its value, NULL in rows of nobody, with `a0_n` where it is conditional: whether none of its conditions holds.

    `sure`: every row is somebody's.
    """
    columns = [f"{expression_sql(key.expression)} AS k{position}" for position, key in enumerate(query.keys)]
    columns.append(f"{who or 'NULL'} AS p")
    somebody = f"{who} IS NOT NULL" if who and not sure else ""
    for fact in facts(query).values():
        value = expression_sql(fact.expression)
        columns.append(f"{f'CASE WHEN {somebody} THEN {value} END' if somebody else value} AS {fact.name}")
        if isinstance(fact.expression, Case):
            tests = " OR ".join(f"coalesce({expression_sql(test)}, FALSE)" for test, _ in fact.expression.whens)
            columns.append(f"({f'{somebody} AND ' if somebody else ''}NOT ({tests})) AS {fact.name}_n")
    return f"SELECT {', '.join(columns)} {from_sql(query)}"


def hashed(ref: ColumnRef) -> str:
    """SQL of a contributor as 64 bits, which group far faster than texts; a number stays one.

    In a table about 1.5 million persons the odds that any two count as one are below one in ten million, and then
    fewer are counted, never more.
    """
    if ref.column == PERSON_NUMBER:
        return column_sql(ref)
    return f"CASE WHEN {column_sql(ref)} IS NOT NULL THEN hash({column_sql(ref)}) END"


def by_unit(query: Query, catalogue: Catalogue) -> Query | None:
    """`query` with the source's unit in the person's place; None where no table tells it.

    The unit stands in a table of the query, or else in the one table that has one row per person and names it: that
    one is joined, and adds no rows.
    """
    unit, key = catalogue.source.unit, catalogue.source.person_key
    if unit is None:
        return None
    for table in (query.tables[0], *(join.table for join in query.joins), *query.tables[1:]):
        if unit in catalogue.tables[table.table].columns:
            return replace(query, person=ColumnRef(table.alias, unit))
    holders = [name for name, table in catalogue.tables.items() if unit in table.columns and table.rows_per_person == 1]
    person = query.person
    if len(holders) != 1 or person.column not in {key, PERSON_NUMBER}:
        return None
    join = Join("left", TableRef(holders[0], _UNIT_ALIAS), ((person, ColumnRef(_UNIT_ALIAS, person.column)),))
    return replace(query, joins=(*query.joins, join), person=ColumnRef(_UNIT_ALIAS, unit))


def columns_of(expression: Expression) -> frozenset[ColumnRef]:
    """The columns that an expression reads."""
    if isinstance(expression, ColumnRef):
        return frozenset({expression})
    if isinstance(expression, Literal):
        return frozenset()
    if isinstance(expression, Call):
        parts: tuple[Expression, ...] = expression.arguments
    else:
        otherwise = () if expression.otherwise is None else (expression.otherwise,)
        parts = (*(part for when in expression.whens for part in when), *otherwise)
    return frozenset(ref for part in parts for ref in columns_of(part))
