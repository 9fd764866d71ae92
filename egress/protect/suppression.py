"""Suppression: a flagged cell takes all measures of its row with it, as count, sum and mean give each other back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from egress.checks.examined import TABLE, Examined, Rule, row_cells
from egress.checks.model import Finding, Outcome, Protection, Risk
from egress.protect.audit import Vector
from egress.protect.relations import Relation, relations_of
from egress.protect.rounding import rounded
from egress.protect.secondary import protect as protect_totals
from egress.query.model import Aggregate, Measure
from egress.query.table import Table, Value
from hub.policy.model import DisclosureRules
from hub.words import say

SECONDARY = Rule("secondary_suppression", Risk.DIFFERENCING)
LEFT = Rule("suppression", Risk.LOW_COUNT)
SUPPRESSED = say("These values are suppressed.")
NOT_PROTECTED = SECONDARY.found(
    Outcome.FAIL,
    TABLE,
    say("The totals of this table cannot be protected: ask for it without totals, or with coarser keys."),
)


@dataclass(frozen=True)
class Protected:
    """The table as it may leave, and the findings as they stand afterwards. `rows` are the suppressed ones."""

    table: Table
    findings: tuple[Finding, ...]
    rows: frozenset[int]


def protect(
    examined: Examined, findings: tuple[Finding, ...], protection: Protection, rules: DisclosureRules
) -> Protected:
    """What `protection` makes of a table and its findings. Under `none` nothing is suppressed."""
    if protection not in {Protection.SUPPRESS, Protection.ROUND}:
        return Protected(_shown(examined, frozenset(), protection, rules), findings, frozenset())
    primary = primary_rows(findings)
    relations = relations_of(examined.query, examined.evidence.cells) if rules.secondary_suppression.value else ()
    rows = protect_totals(primary, vectors_of(examined, relations, rules), relations)
    if rows is None:
        return Protected(examined.table, (*findings, NOT_PROTECTED), primary)
    about = about_totals(examined, rows - primary, relations)
    return hide(examined, (*findings, *about), rows, protection, rules)


def primary_rows(findings: Iterable[Finding]) -> frozenset[int]:
    """The rows that `findings` want hidden for their own sake."""
    return frozenset(row for finding in findings if finding.outcome is Outcome.FAIL for row, _ in finding.cells)


def hide(
    examined: Examined,
    findings: tuple[Finding, ...],
    rows: frozenset[int],
    protection: Protection,
    rules: DisclosureRules,
) -> Protected:
    """The table without `rows`, and its findings once they are gone."""
    after = tuple(_remedied(finding, rows) for finding in findings)
    if rows and len(rows) == len(examined.table.rows):
        after += (
            LEFT.found(Outcome.FAIL, TABLE, say("Every value would be suppressed: nothing of the table is left.")),
        )
    return Protected(_shown(examined, rows, protection, rules), after, rows)


def about_totals(examined: Examined, further: frozenset[int], relations: tuple[Relation, ...]) -> tuple[Finding, ...]:
    """What there is to say of a pattern: which `further` rows went, or that none had to."""
    if further:
        why = say("{rows} further rows would give suppressed values back, by way of totals.", rows=len(further))
        cells = row_cells(examined, sorted(further))
        return (replace(SECONDARY.passed(TABLE, why), cells=cells, remedy=SUPPRESSED),)
    if relations:
        return (SECONDARY.passed(TABLE, say("No total gives back a suppressed value.")),)
    return ()


def _remedied(finding: Finding, rows: Iterable[int]) -> Finding:
    """A finding all of whose cells are suppressed is dealt with."""
    if finding.outcome is Outcome.PASS or not finding.cells or not {row for row, _ in finding.cells} <= set(rows):
        return finding
    if finding.risk is Risk.INDIVIDUALS:
        return finding
    return replace(finding, outcome=Outcome.PASS, remedy=SUPPRESSED)


def _shown(examined: Examined, rows: frozenset[int], protection: Protection, rules: DisclosureRules) -> Table:
    by_name = {measure.name: measure for measure in examined.query.measures}
    columns = examined.table.columns

    def value(row: int, at: int, exact: Value | None) -> Value | None:
        measure = by_name.get(columns[at])
        if measure is None:
            return exact
        return None if row in rows else rounded(exact, measure, protection, rules)

    return Table(
        columns,
        tuple(
            tuple(value(number, at, exact) for at, exact in enumerate(row))
            for number, row in enumerate(examined.table.rows)
        ),
    )


def vectors_of(examined: Examined, relations: tuple[Relation, ...], rules: DisclosureRules) -> tuple[Vector, ...]:
    """What adds up in the table: the rows behind each cell, and each published count or sum.

    Numbers of persons add up only where nobody stands in two cells; where they do not, no total gives one back.
    """
    cells = examined.evidence.cells
    ones = (1.0,) * len(cells)
    found = [Vector("", tuple(float(cell.rows) for cell in cells), ones, whole=True)]
    ratio = rules.p_ratio.value if rules.p_ratio is not None else 0.0
    for position, measure in enumerate(examined.query.measures):
        values = _values(examined, measure)
        if values is None:
            continue
        if measure.aggregate is Aggregate.SUM and not measure.binary:
            need = tuple(max(ratio * abs(value), 1e-6) for value in values)
            negative = any(
                known is not None and known.negatives for cell in cells for known in (cell.measures[position],)
            )
            found.append(Vector(measure.name, values, need, whole=False, negative=negative))
        elif _adds_up(values, relations):
            found.append(Vector(measure.name, values, ones, whole=True))
    return tuple(found)


def _values(examined: Examined, measure: Measure) -> tuple[float, ...] | None:
    if measure.aggregate not in {Aggregate.SUM, Aggregate.COUNT_VALUES, Aggregate.COUNT_PERSONS}:
        return None
    at = examined.column(measure)
    return tuple(float(row[at] or 0) for row in examined.table.rows)  # type: ignore[arg-type]  # a measure's number


def _adds_up(values: tuple[float, ...], relations: tuple[Relation, ...]) -> bool:
    return all(
        abs(values[relation.parent] - sum(values[child] for child in relation.children)) < 0.5 for relation in relations
    )
