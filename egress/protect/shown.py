"""The table as it may leave: suppressed rows without numbers, the others rounded as the protection asks.

Under `round` in a table with totals, counts are rounded together so that totals that can stay sums do (controlled
rounding); where no such table is found, each by itself. Only cells that are shown take part: what leaves is worked out
from the suppressed table alone, so that it says no more than that one. An average that stands beside the sum of the
same column is worked out of rounded sum and count, as its reader would: otherwise sum and average give the count back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from egress.checks.examined import Examined
from egress.checks.model import Protection
from egress.protect.controlled import controlled
from egress.protect.relations import Relation, relations_of
from egress.protect.rounding import is_count, rounded, to_base, to_digits
from egress.protect.system import System
from egress.query.model import Aggregate, Measure
from egress.query.table import Table, Value
from hub.policy.model import DisclosureRules

# A limit of computing time: larger tables are rounded cell by cell.
_MOST_TOGETHER = 3_000


def shown(examined: Examined, rows: frozenset[int], protection: Protection, rules: DisclosureRules) -> Table:
    """`examined.table` without the numbers of `rows`, rounded."""
    by_name = {measure.name: measure for measure in examined.query.measures}
    together = _together(examined, rows, rules) if protection is Protection.ROUND else {}
    measures = [by_name.get(column) for column in examined.table.columns]

    def value(row: int, at: int, exact: Value | None) -> Value | None:
        measure = measures[at]
        if measure is None:
            return exact
        if row in rows:
            return None
        column = together.get(measure.name)
        return column[row] if column is not None else rounded(exact, measure, protection, rules)

    return Table(
        examined.table.columns,
        tuple(
            tuple(value(number, at, exact) for at, exact in enumerate(row))
            for number, row in enumerate(examined.table.rows)
        ),
    )


def _together(examined: Examined, rows: frozenset[int], rules: DisclosureRules) -> Mapping[str, Sequence[Value | None]]:
    """The columns whose rounded values depend on one another."""
    found: dict[str, Sequence[Value | None]] = {}
    left = [row for row in range(len(examined.table.rows)) if row not in rows]
    place = {row: at for at, row in enumerate(left)}
    relations = [
        Relation(place[one.parent], tuple(place[child] for child in one.children))
        for one in relations_of(examined.query, examined.evidence.cells)
        if not rows & set(one.rows())
    ]
    for measure in examined.query.measures:
        if relations and is_count(measure):
            counts = _additive(_column(examined, measure), left, relations, rules.rounding_base.value)
            if counts is not None:
                found[measure.name] = counts
        elif measure.aggregate is Aggregate.AVG and (total := _sum_beside(examined, measure)) is not None:
            found[measure.name] = _averages(examined, measure, total, rules)
    return found


def _additive(
    exact: Sequence[Value | None], left: Sequence[int], relations: Sequence[Relation], base: int
) -> Sequence[Value | None] | None:
    """Counts rounded so that those of `relations` (over places of `left`) that held still hold; None: not found."""
    if len(left) > _MOST_TOGETHER or any(exact[row] is None for row in left):
        return None
    values = np.array([float(exact[row]) for row in left])  # type: ignore[arg-type]  # a count
    system = System.of([one for one in relations if values[one.parent] == values[list(one.children)].sum()], len(left))
    table = controlled(values, system, base) if system.sums.shape[0] else None
    if table is None:
        return None
    found: list[Value | None] = [None] * len(exact)
    for row, value in zip(left, table.tolist(), strict=True):
        found[row] = int(value)
    return found


def _sum_beside(examined: Examined, average: Measure) -> Measure | None:
    return next(
        (
            one
            for one in examined.query.measures
            if one.aggregate is Aggregate.SUM and one.argument == average.argument and not one.binary
        ),
        None,
    )


def _averages(examined: Examined, average: Measure, total: Measure, rules: DisclosureRules) -> Sequence[Value | None]:
    at = examined.query.measures.index(average)
    found: list[Value | None] = []
    for cell, value in zip(examined.evidence.cells, _column(examined, total), strict=True):
        known = cell.measures[at]
        shown_sum = rounded(value, total, Protection.ROUND, rules)
        count = to_base(known.rows, rules.rounding_base.value) if known is not None else 0
        if shown_sum is None or not count:
            found.append(None)
        else:
            found.append(to_digits(float(shown_sum) / count * average.scale, rules.significant_digits.value))  # type: ignore[arg-type]  # a sum
    return found


def _column(examined: Examined, measure: Measure) -> Sequence[Value | None]:
    at = examined.column(measure)
    return [row[at] for row in examined.table.rows]
