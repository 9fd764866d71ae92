"""Numbers of persons: dense, from 0, the rank of a person's key among all keys of the extract.

Whole numbers join and group many times faster than texts, and rows that lie in their order can be read one range of
persons after the other. A number tells what the stored keys tell, and nothing else: whoever has the keys can sort
them. Where keys are pseudonyms their order is that of a keyed hash.
"""

# ruff: noqa: S608 -- identifiers are quoted by `casts.quote`

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from hub.extracts.casts import quote
from hub.extracts.contradiction import PackInputError
from hub.extracts.person_number import PERSON_NUMBER
from hub.extracts.verify import Verified
from hub.words import say

NUMBER = quote(PERSON_NUMBER)

# Of the mapping; no column of a source can be called so, names have no spaces.
_PERSONS, _KEY = quote("persons of the extract"), quote("its key")


def number_persons(connection: duckdb.DuckDBPyConnection, key: str, tables: Iterable[Verified]) -> int | None:
    """Give each key in column `key` of `tables` its number, for the statements below; how many there are.

    None, and no numbers, where one table has texts and another whole numbers: no row of the one is ever joined to a
    row of the other.
    """
    tables = tuple(tables)
    types = {
        connection.execute(f"DESCRIBE SELECT {quote(key)} FROM ({table.select})").fetchall()[0][1] for table in tables
    }
    if len(types) != 1:
        return None
    union = " UNION ALL ".join(f"SELECT {quote(key)} AS {_KEY} FROM ({table.select})" for table in tables)
    connection.execute(
        f"CREATE TEMP TABLE {_PERSONS} AS SELECT {_KEY}, CAST(row_number() OVER (ORDER BY {_KEY}) - 1 AS UINTEGER)"
        f" AS {NUMBER} FROM (SELECT DISTINCT {_KEY} FROM ({union}))"
    )
    return int((connection.execute(f"SELECT count(*) FROM {_PERSONS}").fetchone() or (0,))[0]) or None


def numbered(table: Verified, key: str) -> str:
    """SQL of the table's rows with their persons' numbers, in the order of persons."""
    columns = [quote(column) for column in table.columns]
    listed = ", ".join(f"t.{column}" for column in columns)
    order = ", ".join(f"t.{column}" for column in columns if column != quote(key))
    return (
        f"SELECT {listed}, persons.{NUMBER} FROM ({table.select}) AS t {of_persons(key)}"
        f" ORDER BY {NUMBER}{', ' if order else ''}{order}"
    )


def of_persons(key: str) -> str:
    """SQL that joins the persons' numbers, as `persons`, to the rows of `t` by their column `key`."""
    return f"JOIN {_PERSONS} AS persons ON persons.{_KEY} = t.{quote(key)}"


def check_numbers(connection: duckdb.DuckDBPyConnection, file: str, key: str, name: str) -> None:
    """Hold what was written to `file` (its SQL) against the mapping. Raises: PackInputError."""
    equal = f"persons.{_KEY} = t.{quote(key)} AND persons.{NUMBER} = t.{NUMBER}"
    wrong = connection.execute(
        f"SELECT count(*) FROM {file} AS t ANTI JOIN {_PERSONS} AS persons ON {equal}"
    ).fetchone()
    if wrong is None or wrong[0]:
        raise PackInputError(say("The numbers of persons in table {table} went wrong; pack again.", table=name))
