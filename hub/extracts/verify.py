"""Holds a table against its catalogue entry: every rule counted, each column read once."""

# ruff: noqa: S608 -- identifiers are quoted by `casts.quote`, literals come from a validated catalogue

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from hub.catalogue.model import Column, ColumnType, Table
from hub.extracts.casts import STORED, Cast, key_kind, lossless, quote
from hub.extracts.contradiction import Contradiction
from hub.words import Message, say


@dataclass(frozen=True)
class Verified:
    """A table as it may be written: `select` gives the stored columns, keys first; unusable with contradictions."""

    select: str
    columns: tuple[str, ...]
    rows: int
    persons: int | None
    contradictions: tuple[Contradiction, ...]


@dataclass(frozen=True)
class _Rule:
    """A row breaks it where `condition` is true."""

    name: str
    column: str
    condition: str
    found: str = ""


# The sentences' places are filled by `_message`; they stand here as literals for the translation test.
_SENTENCES = {
    "type": say("Table {table}, column {column}: the file has {found} where {expected} is expected (rows: {count})."),
    "lossless": say(
        "Table {table}, column {column}: values that cannot become {expected} without loss (rows: {count})."
    ),
    "categories": say("Table {table}, column {column}: values outside its categories (rows: {count})."),
    "bounds": say("Table {table}, column {column}: values outside its bounds (rows: {count})."),
    "person_key": say("Table {table}, column {column}: no person key (rows: {count})."),
    "row_key": say("Table {table}, column {column}: no row key (rows: {count})."),
}


@dataclass(frozen=True)
class Scan:
    """A file as DuckDB sees it: the SQL that reads it, and the type of each column."""

    connection: duckdb.DuckDBPyConnection
    source: str
    types: Mapping[str, str]

    def one(self, sql: str) -> tuple[Any, ...]:
        """The one row that an aggregate without GROUP BY always has."""
        return self.connection.execute(sql).fetchone() or ()


def verify_table(scan: Scan, name: str, table: Table, person_key: str) -> Verified:
    """Hold the rows of `scan` against `table`, the catalogue's entry called `name`."""
    casts, contradictions, rules = _casts(name, table, scan.types, person_key)
    rules += [rule for column, cast in casts.items() for rule in _rules(scan.connection, column, cast, table)]
    rules += _key_rules(casts, table, person_key)
    rows, counts = _count(scan, rules)
    for rule, count in zip(rules, counts, strict=True):
        if count:
            expected = str(table.columns[rule.column].type) if rule.column in table.columns else "integer"
            why = _message(rule.name, table=name, column=rule.column, count=count, found=rule.found, expected=expected)
            contradictions.append(Contradiction(name, rule.column, rule.name, count, why))
    persons = None
    if person_key in casts:
        persons, over = _persons(scan, casts[person_key].value, table.rows_per_person)
        contradictions.extend(_over(name, person_key, table, over))
    if table.row_key in casts and table.row_key is not None:
        contradictions.extend(_duplicates(scan, casts[table.row_key].value, name, table.row_key))
    listed = ", ".join(f"{cast.value} AS {quote(column)}" for column, cast in casts.items())
    return Verified(f"SELECT {listed} FROM {scan.source}", tuple(casts), rows, persons, tuple(contradictions))


def _message(rule: str, **values: str | int) -> Message:
    return Message(_SENTENCES[rule].text, values)


def _casts(
    name: str, table: Table, types: Mapping[str, str], person_key: str
) -> tuple[dict[str, Cast], list[Contradiction], list[_Rule]]:
    """Casts of the columns that enter, keys first; what is missing; and the rules that wrong types break."""
    casts: dict[str, Cast] = {}
    missing: list[Contradiction] = []
    wrong: list[_Rule] = []
    keys = [
        key for key in (person_key, table.row_key) if key and (key in types or key in {table.row_key, *table.columns})
    ]
    for column in dict.fromkeys([*keys, *table.columns]):
        found = types.get(column)
        if found is None:
            why = say(
                "Table {table}: its file has no column {column}, or two that differ only by case.",
                table=name,
                column=column,
            )
            missing.append(Contradiction(name, column, "column", None, why))
            continue
        kind = table.columns[column].type if column in table.columns else key_kind(found)
        cast = lossless(column, found, kind) if kind else None
        if cast is None:
            plain = found if len(found) < 40 else found[:30] + "..."
            wrong.append(_Rule("type", column, f"{quote(column)} IS NOT NULL", plain))
        else:
            casts[column] = cast
    return casts, missing, wrong


def _rules(connection: duckdb.DuckDBPyConnection, column: str, cast: Cast, table: Table) -> Iterator[_Rule]:
    if cast.lost:
        yield _Rule("lossless", column, cast.lost)
    entry = table.columns.get(column)
    if entry is None:
        return
    if entry.categories is not None:
        # A join against a table: with a list, DuckDB compares each row with each category.
        allowed = _category_table(connection, column, entry)
        yield _Rule("categories", column, f"{cast.value} NOT IN (SELECT value FROM {allowed})")
    if entry.bounds is not None:
        low, high = (_literal(bound, entry.type) for bound in entry.bounds)
        yield _Rule("bounds", column, f"({cast.value} < {low} OR {cast.value} > {high})")


def _category_table(connection: duckdb.DuckDBPyConnection, column: str, entry: Column) -> str:
    allowed = quote("categories of " + column)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {allowed} (value {STORED[entry.type]})")
    connection.execute(
        f"INSERT INTO {allowed} SELECT unnest(?::{STORED[entry.type]}[])", [list(entry.categories or ())]
    )
    return allowed


def _literal(bound: object, kind: ColumnType) -> str:
    # Only numbers and dates of a validated catalogue come here; their spelling holds no quote.
    return f"CAST('{bound}' AS {STORED[kind]})"


def _key_rules(casts: dict[str, Cast], table: Table, person_key: str) -> list[_Rule]:
    keys = {"person_key": person_key, "row_key": table.row_key}
    return [
        _Rule(rule, column, f"{quote(column)} IS NULL") for rule, column in keys.items() if column and column in casts
    ]


def _count(scan: Scan, rules: list[_Rule]) -> tuple[int, tuple[int, ...]]:
    """Rows, and how many of them break each rule, in one scan."""
    broken = ", ".join(f"({rule.condition}) AS r{place}" for place, rule in enumerate(rules)) or "true AS nothing"
    counts = "".join(f", count(*) FILTER (WHERE r{place})" for place in range(len(rules)))
    rows, *found = scan.one(f"SELECT count(*){counts} FROM (SELECT {broken} FROM {scan.source})")
    return rows, tuple(found)


def _persons(scan: Scan, key: str, limit: int | None) -> tuple[int, int]:
    """Persons, and how many of them have more rows than `limit`."""
    over = "0" if limit is None else f"count(*) FILTER (WHERE entries > {limit:d})"
    keyed = f"SELECT {key} AS person FROM {scan.source}"
    grouped = f"SELECT count(*) AS entries FROM ({keyed}) WHERE person IS NOT NULL GROUP BY person"
    persons, beyond = scan.one(f"SELECT count(*), {over} FROM ({grouped})")
    return persons, beyond


def _over(name: str, person_key: str, table: Table, over: int) -> Iterator[Contradiction]:
    if over and table.rows_per_person is not None:
        why = say(
            "Table {table}: more than {limit} rows of one person (persons: {count}).",
            table=name,
            count=over,
            limit=table.rows_per_person,
        )
        yield Contradiction(name, person_key, "rows_per_person", over, why)


def _duplicates(scan: Scan, key: str, name: str, column: str) -> Iterator[Contradiction]:
    (count,) = scan.one(f"SELECT count({key}) - count(DISTINCT {key}) FROM {scan.source}")
    if count:
        why = say(
            "Table {table}, column {column}: a row key that stands more than once (rows too many: {count}).",
            table=name,
            column=column,
            count=count,
        )
        yield Contradiction(name, column, "row_key", count, why)
