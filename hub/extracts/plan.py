"""From a permit and a catalogue to what an extract will hold. Pure: nothing is read, nothing is built."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from hub.catalogue.model import Catalogue, Column, ColumnType, Table
from hub.events.chain import canonical
from hub.policy.files import Purposes
from hub.policy.issue import purpose_refusals
from hub.policy.model import DataPermit, TableGrant, Years
from hub.policy.verdict import Refusal
from hub.words import Message, say


@dataclass(frozen=True)
class TablePlan:
    """What enters of one table: `columns` in the catalogue's order, the rows of `years` only.

    `dp_rows`: the most rows of one person in the copy that DP releases read, where the permit says so.
    """

    name: str
    columns: tuple[str, ...]
    years: Years | None
    years_type: ColumnType | None
    dp_rows: int | None = None


@dataclass(frozen=True)
class ExtractPlan:
    """What will be built. `catalogue` is restricted to it; `keys` are the columns replaced by pseudonyms."""

    project: str
    source: str
    rules: str
    permit_sha256: str
    catalogue: Catalogue
    tables: tuple[TablePlan, ...]
    keys: frozenset[str]
    warnings: tuple[Message, ...]


def permit_text(permit: DataPermit) -> str:
    """The one spelling of a permit: what events hold and what its digest covers."""
    return canonical(permit.model_dump(mode="json"))


def permit_digest(permit: DataPermit) -> str:
    """SHA-256 of `permit_text`."""
    return hashlib.sha256(permit_text(permit).encode()).hexdigest()


def plan_extract(permit: DataPermit, catalogue: Catalogue, purposes: Purposes) -> ExtractPlan | Refusal:
    """The plan of the permit's extract, or the first reason why there is none."""
    for refusal in (*purpose_refusals(permit, purposes), *data_refusals(permit, catalogue)):
        return refusal
    granted = {name: catalogue.tables[name] for name in catalogue.tables if name in permit.tables}
    keys = frozenset(key for key in _keys(catalogue) if key)
    tables = tuple(_table_plan(name, table, permit.tables[name]) for name, table in granted.items())
    restricted = {plan.name: _restricted(plan, granted[plan.name], keys) for plan in tables}
    return ExtractPlan(
        project=permit.project,
        source=permit.source,
        rules=permit.rules,
        permit_sha256=permit_digest(permit),
        catalogue=catalogue.restricted(restricted),
        tables=tables,
        keys=frozenset(key for key in (_keys(catalogue)) if key),
        warnings=tuple(_warnings(permit, catalogue)),
    )


def data_refusals(permit: DataPermit, catalogue: Catalogue) -> tuple[Refusal, ...]:
    """Every reason why `catalogue` cannot give what `permit` asks for."""
    if permit.source != catalogue.source.name:
        why = say("The permit is for source {asked}, not {source}.", asked=permit.source, source=catalogue.source.name)
        return (Refusal("source.other", why),)
    return tuple(
        refusal for name, grant in permit.tables.items() for refusal in _table_refusals(name, grant, catalogue)
    )


def _table_refusals(name: str, grant: TableGrant, catalogue: Catalogue) -> Iterator[Refusal]:
    table = catalogue.tables.get(name)
    if table is None:
        known = ", ".join(catalogue.tables)
        yield Refusal(
            "table.unknown", say("The source has no table {table}; it has: {known}.", table=name, known=known)
        )
        return
    for column in grant.columns:
        if column == catalogue.source.person_key:
            why = say(
                "Table {table}: {column} is the person key, which no permit grants; a pseudonym replaces it by itself.",
                table=name,
                column=column,
            )
            yield Refusal("column.person_key", why)
        elif column not in table.columns and column != table.row_key:
            why = say("Table {table} has no column {column} in the source's catalogue.", table=name, column=column)
            yield Refusal("column.unknown", why)
    if not set(grant.columns) & set(table.columns):
        why = say("Table {table}: the permit asks for no column that the catalogue describes.", table=name)
        yield Refusal("column.none", why)
    if grant.years is not None:
        yield from _years_refusals(name, grant.years, table)
    asked, most = grant.dp_rows_per_person, table.rows_per_person
    if asked is not None and most is not None and asked > most:
        why = say(
            "Table {table}: dp_rows_per_person is {asked}, but one person has {most} rows at most by the catalogue.",
            table=name,
            asked=asked,
            most=most,
        )
        yield Refusal("dp_rows.above", why)


def _years_refusals(name: str, years: Years, table: Table) -> Iterator[Refusal]:
    column = table.columns.get(years.column)
    if column is None or column.type not in {ColumnType.INTEGER, ColumnType.DATE}:
        why = say(
            "Table {table}: years are asked by {column}, which is not a column of whole numbers or dates.",
            table=name,
            column=years.column,
        )
        yield Refusal("years.column", why)
    elif _within(column, years) is None:
        why = say(
            "Table {table}: the years {first} to {last} lie outside what the catalogue says of {column}.",
            table=name,
            first=years.first,
            last=years.last,
            column=years.column,
        )
        yield Refusal("years.outside", why)


def _keys(catalogue: Catalogue) -> tuple[str | None, ...]:
    # A row key (a stay's number) leads back to the source as a person key does, also where another table refers to it.
    return (catalogue.source.person_key, *(table.row_key for table in catalogue.tables.values()))


def _table_plan(name: str, table: Table, grant: TableGrant) -> TablePlan:
    known = dict.fromkeys([*([table.row_key] if table.row_key else []), *table.columns])
    years_type = table.columns[grant.years.column].type if grant.years else None
    columns = tuple(column for column in known if column in grant.columns)
    return TablePlan(name, columns, grant.years, years_type, grant.dp_rows_per_person)


def _restricted(plan: TablePlan, table: Table, keys: frozenset[str]) -> Table:
    columns = {
        name: _pseudonymous(column) if name in keys else column
        for name, column in table.columns.items()
        if name in plan.columns
    }
    if plan.years is not None and plan.years.column in columns:
        columns[plan.years.column] = _within(columns[plan.years.column], plan.years) or columns[plan.years.column]
    row_key = table.row_key if table.row_key in plan.columns else None
    return table.model_copy(update={"columns": columns, "row_key": row_key})


def _pseudonymous(column: Column) -> Column:
    """What is left of a key's description once pseudonyms stand in the column."""
    return column.model_copy(update={"type": ColumnType.STRING, "categories": None, "bounds": None, "breaks": None})


def _within(column: Column, years: Years) -> Column | None:
    """The column's public facts cut to `years`; None when nothing is left of them."""
    low: Any = years.first
    high: Any = years.last
    if column.type is ColumnType.DATE:
        if not (date.min.year <= years.first and years.last <= date.max.year):
            return None
        low, high = date(years.first, 1, 1), date(years.last, 12, 31)
    values: tuple[Any, ...] = column.categories or ()
    inside = [value for value in values if low <= value <= high]
    bounds: tuple[Any, Any] | None = column.bounds
    if bounds is not None:
        bounds = (max(low, bounds[0]), min(high, bounds[1]))
    if (values and not inside) or (bounds is not None and bounds[0] > bounds[1]):
        return None
    return column.model_copy(update={"categories": tuple(inside) or None, "bounds": bounds})


def _warnings(permit: DataPermit, catalogue: Catalogue) -> Iterator[Message]:
    for name, grant in permit.tables.items():
        table = catalogue.tables[name]
        identifying = [
            column for column in grant.columns if column in table.columns and table.columns[column].identifying
        ]
        if len(identifying) > 1:
            # CNAM grants potential identifiers one at a time unless the request says why (requirements R25)
            columns = ", ".join(identifying)
            yield say(
                "Table {table}: {columns} together may single persons out; each should have its reason in the permit.",
                table=name,
                columns=columns,
            )
        if grant.years is None:
            yield say("Table {table}: all years are granted.", table=name)
    if catalogue.source.rules and catalogue.source.rules != permit.rules:
        yield say(
            "The source's holder set the rules {holder}; the permit names {permit}.",
            holder=catalogue.source.rules,
            permit=permit.rules,
        )
