"""What a declaration asks for -> SyntheticSpec, or why there are no such rows. Pure; public facts only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from egress.privacy.filters import Scalar, one_of
from egress.privacy.read import read
from egress.privacy.read_filters import scalar
from egress.privacy.read_steps import steps
from egress.privacy.refused import NoSpecError
from egress.privacy.rows import rows_asked
from egress.privacy.spec import MAX_NUMBERS, DpSpec
from egress.privacy.synthetic import Algorithm, Cut, Domain, Listed, SyntheticSpec
from egress.query.model import QueryRefusal
from hub.catalogue.model import Column, ColumnType
from hub.extracts.manifest import Manifest
from hub.policy.verdict import Refusal
from hub.words import say

# Bounds of this engine. Private-PGM works on the joint table of columns that hang together: this many cells take it
# about a minute. Rows are kept with the answer, packed: at most some 70 kB of the log a column.
MAX_MODEL = 200_000
MAX_ROWS = 20_000
MAX_COLUMNS = 24
# Places of one column; whole numbers within bounds as narrow as this are places of their own.
MAX_PLACES = 200
_NARROW = 30
# Classes of a column with bounds and no published breaks.
_CLASSES = 10


def read_synthetic(
    table: str, columns: Sequence[str], rows: int, algorithm: str, manifest: Manifest
) -> SyntheticSpec | Refusal:
    """The rows that are asked for, or why there are none.

    Columns stand in the catalogue's order, as an order or a number of the author's choice could carry something of the
    data. Where all pairs are too many, those that stand near each other there are measured.
    """
    described = manifest.catalogue.tables.get(table)
    if described is None or table not in manifest.tables:
        return Refusal("dp.table", say("Your extract has no table of the name that the synthetic rows ask for."))
    if algorithm not in set(Algorithm):
        known = ", ".join(Algorithm)
        return Refusal("dp.algorithm", say("Synthetic rows are made by one of: {known}.", known=known))
    if not 2 <= len(columns) <= MAX_COLUMNS or len(set(columns)) != len(columns):
        why = say("Synthetic rows have 2 to {most} columns, each once.", most=MAX_COLUMNS)
        return Refusal("dp.columns", why)
    if not 1 <= rows <= MAX_ROWS:
        return Refusal("dp.rows", say("At most {most} synthetic rows leave at once.", most=MAX_ROWS))
    if str(rows).rstrip("0") not in set("123456789"):
        why = say("The number of synthetic rows is a round one: a digit and zeros, such as 500 or 20000.")
        return Refusal("dp.rows", why)
    asked = rows_asked(table, None, manifest)
    if isinstance(asked, QueryRefusal):
        return Refusal("dp.table", asked.why)
    base = read(asked, manifest)
    if not isinstance(base, DpSpec):
        return base
    try:
        keys = {manifest.catalogue.source.person_key, described.row_key}
        found = {name: _domain(name, None if name in keys else described.columns.get(name)) for name in columns}
        domains = tuple(found[name] for name in described.columns if name in found)
        most = base.rows_per_person
        return _widest(SyntheticSpec(base.source, table, most, domains, 1, rows, Algorithm(algorithm)))
    except NoSpecError as no:
        return no.refusal


def _widest(spec: SyntheticSpec) -> SyntheticSpec:
    """With as many pairs as fit; algorithms that choose pairs themselves may choose any. Raises: NoSpecError."""
    chosen = spec.algorithm is not Algorithm.FIXED
    for width in range(len(spec.columns) - 1, 0, -1):
        found = replace(spec, width=width)
        if found.numbers <= MAX_NUMBERS and (chosen or found.model <= MAX_MODEL):
            return found
    raise NoSpecError(
        "cells",
        say(
            "These columns have more combinations of categories and classes than synthetic rows are made from: ask "
            "for fewer columns, or for coarser ones."
        ),
    )


def _domain(name: str, column: Column | None) -> Domain:
    """Raises: NoSpecError."""
    if column is None:
        why = say("The synthetic rows ask for a key, or for a column that your extract does not describe.")
        raise NoSpecError("column", why)
    if column.identifying:
        raise NoSpecError(
            "identifying",
            say("Column {column} is a potential identifier, and such columns are in no synthetic rows.", column=name),
        )
    found = _listed(name, column) or _cut(name, column)
    if found.size > MAX_PLACES:
        why = say("Column {column} has more than the {most} categories that fit.", column=name, most=MAX_PLACES)
        raise NoSpecError("cells", why)
    return found


def _listed(name: str, column: Column) -> Listed | None:
    if column.type is ColumnType.BOOLEAN:
        return Listed(name, (False, True))
    if not column.categories or column.type is ColumnType.NUMBER:
        return None
    values: list[Scalar] = []
    for value in column.categories:
        known = scalar(value, column.type)
        if known is not None:
            values.append(known)
    return Listed(name, one_of("", values).values)


def _cut(name: str, column: Column) -> Domain:
    if column.bounds is None or column.type not in {ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.DATE}:
        raise NoSpecError(
            "bounds",
            say("The catalogue gives neither categories nor bounds of {column} to make values from.", column=name),
        )
    if column.type is ColumnType.DATE:
        exponent, (low, high) = 0, (bound.toordinal() for bound in column.bounds if isinstance(bound, date))
        breaks = [one.toordinal() for one in column.breaks or () if isinstance(one, date)]
        if low >= high:
            raise NoSpecError("bounds", say("The bounds of {column} leave it no two values.", column=name))
    else:
        exponent, low, high = steps(name, column)
        step = Decimal(1).scaleb(exponent)
        breaks = [
            int((Decimal(str(one)) / step).to_integral_value(ROUND_HALF_EVEN))
            for one in column.breaks or ()
            if not isinstance(one, date)
        ]
    inside = sorted({one for one in breaks if low < one <= high})
    if not inside and column.type is ColumnType.INTEGER and high - low < _NARROW:
        return Listed(name, tuple(range(low, high + 1)))
    if not inside:
        classes = min(_CLASSES, high - low)
        inside = [low + (high - low) * part // classes for part in range(1, classes)]
    return Cut(name, column.type is ColumnType.DATE, exponent, (low, *inside, high))
