"""The table as it leaves under `round`: totals stay sums, nothing but what is shown takes part, averages follow."""

from __future__ import annotations

from egress.checks.examined import Examined
from egress.checks.model import Protection
from egress.protect.shown import shown
from egress.query.evidence import CellEvidence, Evidence
from egress.query.model import Aggregate, ColumnRef, Key, Measure, Query, TableRef
from egress.query.table import TOTAL, Table
from tests.egress.checks.values import ROWS, about, measure
from tests.egress.query.extracts import rules

X = ColumnRef("t", "x")


def table(counts: dict[str | None, int], measures: tuple[Measure, ...] = (ROWS,), totals: bool = True) -> Examined:
    """One key; the total last. Sums are 100 per row."""
    cells, rows = [], []
    for key, count in [*counts.items(), *([(TOTAL, sum(counts.values()))] if totals else [])]:
        grouping = () if key == TOTAL else (0,)
        known = tuple(None if one is ROWS else about(rows=count) for one in measures)
        cells.append(CellEvidence((key,), grouping, count, count, known))
        values = {Aggregate.COUNT_ROWS: count, Aggregate.SUM: 100 * count, Aggregate.AVG: 100.0}
        rows.append((key, *(values[one.aggregate] for one in measures)))
    query = Query(
        tables=(TableRef("t", "t"),),
        joins=(),
        where=(),
        keys=(Key("k", ColumnRef("t", "k")),),
        measures=measures,
        groupings=((0,), ()) if totals else ((0,),),
        columns=("k", *(one.name for one in measures)),
        person=ColumnRef("t", "pid"),
    )
    return Examined(query, Table(query.columns, tuple(rows)), Evidence(tuple(cells)))


def counts(
    examined: Examined, rows: frozenset[int] = frozenset(), protection: Protection = Protection.ROUND
) -> list[object]:
    return [row[1] for row in shown(examined, rows, protection, rules()).rows]


def test_rounded_totals_are_sums() -> None:
    """By itself each 12 would be 10, and their total 48 would be 50."""
    found = counts(table({"a": 12, "b": 12, "c": 12, "d": 12}))
    assert found[4] == sum(found[:4])  # type: ignore[arg-type]  # counts
    assert all(isinstance(one, int) and one % 5 == 0 for one in found)


def test_without_totals_each_is_rounded_by_itself() -> None:
    assert counts(table({"a": 12, "b": 13}, totals=False)) == [10, 15]


def test_under_suppression_counts_are_exact() -> None:
    assert counts(table({"a": 12, "b": 13}), protection=Protection.SUPPRESS) == [12, 13, 25]


def test_what_is_suppressed_does_not_change_what_is_shown() -> None:
    """Two tables that differ in hidden cells only leave alike."""
    one = table({"a": 3, "b": 4, "c": 21, "d": 22})
    other = table({"a": 1, "b": 6, "c": 21, "d": 22})
    assert counts(one, frozenset({0, 1})) == counts(other, frozenset({0, 1}))


def test_an_average_beside_its_sum_gives_no_exact_count_back() -> None:
    total, mean = measure(Aggregate.SUM, whole=True), Measure("mean", Aggregate.AVG, X)
    (row, _) = shown(table({"a": 37}, (ROWS, total, mean)), frozenset(), Protection.ROUND, rules()).rows
    assert row[1:3] == (35, 3700)
    assert row[3] == 105.7  # 3700 / 35, and not 100
    (alone, _) = shown(table({"a": 37}, (ROWS, mean)), frozenset(), Protection.ROUND, rules()).rows
    assert alone[2] == 100.0
