"""A Query as JSON and back, exactly: what fingerprints of releases keep, and what later requests are held against.

Reading trusts nothing: fields that are missing, unknown or of another type, functions outside the grammar, columns of
tables that the query does not name, and nesting beyond what the parser makes are a ValueError.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from egress.query.frozen_expressions import (
    FrozenError,
    column_from_json,
    column_to_json,
    expression_from_json,
    expression_to_json,
    fields_of,
    flag_of,
    many,
    pair_of,
    text_of,
    whole_of,
)
from egress.query.model import Aggregate, ColumnRef, Join, Key, Measure, Note, Query, TableRef, columns_in
from hub.words import Message

SCHEMA = "bulle.query/1"


def query_to_json(query: Query) -> dict[str, Any]:
    """`query` as plain JSON values; `query_from_json` gives back an equal one."""
    return {
        "schema": SCHEMA,
        "tables": [_table(table) for table in query.tables],
        "joins": [
            {"kind": join.kind, "table": _table(join.table), "on": [_both(*pair) for pair in join.on]}
            for join in query.joins
        ],
        "where": [expression_to_json(part) for part in query.where],
        "keys": [
            {
                "name": key.name,
                "expression": expression_to_json(key.expression),
                "sensitive": key.sensitive,
                "boolean": key.boolean,
                "listed": key.listed,
            }
            for key in query.keys
        ],
        "measures": [_measure(measure) for measure in query.measures],
        "groupings": [list(grouping) for grouping in query.groupings],
        "columns": list(query.columns),
        "person": column_to_json(query.person),
        "notes": [{"rule": note.rule, "where": note.where, "why": note.why.to_dict()} for note in query.notes],
    }


def _table(table: TableRef) -> list[str]:
    return [table.table, table.alias]


def _both(left: ColumnRef, right: ColumnRef) -> list[list[str]]:
    return [column_to_json(left), column_to_json(right)]


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        "name": measure.name,
        "aggregate": measure.aggregate.value,
        "argument": None if measure.argument is None else expression_to_json(measure.argument),
        "parameter": measure.parameter,
        "binary": measure.binary,
        "whole": measure.whole,
        "sensitive": measure.sensitive,
        "denominator": None if measure.denominator is None else expression_to_json(measure.denominator),
        "scale": measure.scale,
        "counted": measure.counted,
    }


# -- reading


def query_from_json(raw: object) -> Query:
    """The Query that `query_to_json` wrote. Raises: ValueError on anything else."""
    schema = raw.get("schema") if isinstance(raw, Mapping) else None
    if schema != SCHEMA:
        raise FrozenError(f"a query of schema {SCHEMA} is needed")
    fields = fields_of(raw, "schema tables joins where keys measures groupings columns person notes")
    query = Query(
        tables=many(fields["tables"], _read_table),
        joins=many(fields["joins"], _read_join),
        where=many(fields["where"], expression_from_json),
        keys=many(fields["keys"], _read_key),
        measures=many(fields["measures"], _read_measure),
        groupings=many(fields["groupings"], lambda item: many(item, whole_of)),
        columns=many(fields["columns"], text_of),
        person=column_from_json(fields["person"]),
        notes=many(fields["notes"], _read_note),
    )
    _consistent(query)
    return query


def _read_table(raw: object) -> TableRef:
    table, alias = pair_of(raw)
    return TableRef(text_of(table), text_of(alias))


def _read_both(raw: object) -> tuple[ColumnRef, ColumnRef]:
    left, right = pair_of(raw)
    return column_from_json(left), column_from_json(right)


def _read_join(raw: object) -> Join:
    fields = fields_of(raw, "kind table on")
    on = many(fields["on"], _read_both)
    if text_of(fields["kind"]) not in {"inner", "left"} or not on:
        raise FrozenError("a join is neither inner nor left, or joins on nothing")
    return Join(fields["kind"], _read_table(fields["table"]), on)


def _read_key(raw: object) -> Key:
    fields = fields_of(raw, "name expression sensitive boolean listed")
    flags = [flag_of(fields[name]) for name in ("sensitive", "boolean", "listed")]
    return Key(text_of(fields["name"]), expression_from_json(fields["expression"]), *flags)


def _read_measure(raw: object) -> Measure:
    fields = fields_of(raw, "name aggregate argument parameter binary whole sensitive denominator scale counted")
    argument, parameter, denominator = fields["argument"], fields["parameter"], fields["denominator"]
    if parameter is not None and not (type(parameter) is float and 0 < parameter < 1):
        raise FrozenError("a quantile is not between 0 and 1")
    measure = Measure(
        name=text_of(fields["name"]),
        aggregate=Aggregate(text_of(fields["aggregate"])),
        argument=None if argument is None else expression_from_json(argument),
        parameter=parameter,
        binary=flag_of(fields["binary"]),
        whole=flag_of(fields["whole"]),
        sensitive=flag_of(fields["sensitive"]),
        denominator=None if denominator is None else expression_from_json(denominator),
        scale=whole_of(fields["scale"]),
        counted=flag_of(fields["counted"]),
    )
    if not _complete(measure):
        raise FrozenError("a measure lacks a part, or has one that it does not use")
    return measure


def _complete(measure: Measure) -> bool:
    """Whether the measure has the parts that its aggregate needs, and no other."""
    aggregate = measure.aggregate
    bare = aggregate is Aggregate.COUNT_ROWS
    over = aggregate in {Aggregate.SHARE, Aggregate.SHARE_PERSONS}
    return (
        (aggregate is Aggregate.COUNT_PERSONS or (measure.argument is None) is bare)
        and (measure.parameter is not None) is (aggregate is Aggregate.QUANTILE)
        and (over or measure.denominator is None)
        and measure.scale >= 1
    )


def _read_note(raw: object) -> Note:
    fields = fields_of(raw, "rule where why")
    return Note(text_of(fields["rule"]), text_of(fields["where"]), _read_message(fields["why"]))


def _read_message(raw: object) -> Message:
    fields = fields_of(raw, "text values")
    values = fields["values"]
    if not isinstance(values, Mapping):
        raise FrozenError("a sentence has values by name")
    for name, value in values.items():
        known = isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
        if not isinstance(name, str) or not known or isinstance(value, bool):
            raise FrozenError("a sentence has texts and numbers in its places")
    return Message(text_of(fields["text"]), MappingProxyType(dict(values)))


def _consistent(query: Query) -> None:
    """Positions, names and aliases lead somewhere inside the query."""
    aliases = {table.alias for table in query.tables}
    expressions = [*query.where, *(key.expression for key in query.keys)]
    expressions += [part for each in query.measures for part in (each.argument, each.denominator) if part is not None]
    refs = [query.person, *(ref for join in query.joins for pair in join.on for ref in pair)]
    refs += [ref for expression in expressions for ref in columns_in(expression)]
    if not {ref.alias for ref in refs} <= aliases or tuple(join.table for join in query.joins) != query.tables[1:]:
        raise FrozenError("a column is of no table of the query")
    names = [*(key.name for key in query.keys), *(measure.name for measure in query.measures)]
    if sorted(names) != sorted(query.columns) or len(set(names)) != len(names) or len(aliases) != len(query.tables):
        raise FrozenError("columns or tables have no or two names")
    places = {place for grouping in query.groupings for place in grouping}
    if not query.groupings or not places <= set(range(len(query.keys))):
        raise FrozenError("a grouping has a key that is not there")
