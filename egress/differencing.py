"""Differencing by recomputation: which cells of a table, beside another one, show a group of few persons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from egress.checks.examined import TABLE, Rule
from egress.checks.model import Finding, Outcome, Risk, worst
from egress.protect.suppression import Protected, primary_rows
from egress.query.difference_sql import Difference, Side
from egress.query.engine import Engine, EngineError
from egress.query.table import Value
from egress.released.differencing import Comparison, Told, View, comparisons, told
from egress.released.fingerprint import Fingerprint, Lineage, Status, thresholds_of
from egress.released.joint import Asked, Before, protect_request
from egress.released.lineage import on_extract
from egress.released.within import audit_within
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("differencing", Risk.DIFFERENCING)

# Passes over an extract that the comparisons of one request may take; bounds computing time.
MAX_PASSES = 2_000


class TooManyError(Exception):
    """The comparisons of one request would take more passes than it may have."""


class Differencing:
    """Compares tables on one extract. Equal selections are counted once, whichever tables ask for them.

    Raises, while it works: EngineError, TooManyError.
    """

    def __init__(self, engine: Engine, lineage: Lineage, threshold: int) -> None:
        self._engine = engine
        self._lineage = lineage
        self._threshold = threshold
        self._differences: dict[tuple[Side, Side], tuple[Difference, ...]] = {}
        self._cells: dict[Side, tuple[tuple[Value | None, ...], ...]] = {}

    def told(self, one: Fingerprint, other: Fingerprint) -> tuple[Told, ...] | None:
        """The cells of `one`, a table of this extract, that `other` tells apart; None when it cannot be run here."""
        query = on_extract(other, self._lineage, self._engine.manifest.catalogue, self._engine.persons)
        if query is None:
            return None
        threshold = max(self._threshold, other.rules.min_persons)
        found: dict[tuple[object, ...], Told] = {}
        for comparison in comparisons(one.query, query):
            for cell in self._told(comparison, one, other, threshold):
                found.setdefault((cell.one_rows, cell.other_rows), cell)
        return tuple(found.values())

    def _told(self, comparison: Comparison, one: Fingerprint, other: Fingerprint, threshold: int) -> Iterable[Told]:
        differences = self._difference(comparison.one.side, comparison.other.side)
        if not any(0 < found.apart < threshold or 0 < found.changed < threshold for found in differences):
            return ()
        here, there = self._cells_of(comparison.one), self._cells_of(comparison.other)
        return told(comparison, differences, (one, here), (other, there), threshold)

    def _difference(self, one: Side, other: Side) -> tuple[Difference, ...]:
        if (one, other) not in self._differences:
            self._count()
            self._differences[one, other] = self._engine.difference(one, other)
        return self._differences[one, other]

    def _cells_of(self, view: View) -> Sequence[tuple[Value | None, ...]]:
        if view.cells not in self._cells:
            self._count()
            self._cells[view.cells] = self._engine.cells(view.cells)
        return self._cells[view.cells]

    def _count(self) -> None:
        if len(self._differences) + len(self._cells) >= MAX_PASSES:
            raise TooManyError


# -- within one request


def protect_apart(
    asked: Sequence[Asked], before: Sequence[Before], rules: DisclosureRules, engine: Engine
) -> tuple[Protected, ...]:
    """As `protect_request`, and so that none of the tables, subtracted from another one, shows a group of few persons.

    Of two tables the later one gives way: the cells by which it differs are hidden as if they were small themselves;
    where that does not do, as when cells are only told apart in sum, it is refused.
    """
    protected = protect_request(asked, before, rules)
    if len(asked) < 2:
        return protected
    working = Differencing(engine, _HERE, rules.min_persons.value)
    try:
        found = _within(asked, protected, rules, working, alone=True)
        if found:
            asked = [replace(one, findings=(*one.findings, *found.get(at, ()))) for at, one in enumerate(asked)]
            protected = protect_request(asked, before, rules)
        left = _within(asked, protected, rules, working, alone=False)
    except (EngineError, TooManyError):
        why = say("The tables of this request could not be compared with one another.")
        left = dict.fromkeys(range(1, len(asked)), (RULE.found(Outcome.REVIEW, TABLE, why),))
    protected = tuple(
        replace(one, findings=(*one.findings, *left[at])) if at in left else one for at, one in enumerate(protected)
    )
    return _audited(asked, protected, rules, engine)


def _audited(
    asked: Sequence[Asked], protected: Sequence[Protected], rules: DisclosureRules, engine: Engine
) -> tuple[Protected, ...]:
    """With what an outsider works out from all tables that would leave."""
    shown = [(at, _shown(one, after, rules)) for at, (one, after) in enumerate(zip(asked, protected, strict=True))]
    leaving = [(at, fingerprint) for at, fingerprint in shown if fingerprint is not None]
    tables = engine.manifest.catalogue.tables.items()
    once = frozenset(name for name, table in tables if table.rows_per_person == 1)
    found = audit_within([fingerprint for _, fingerprint in leaving], rules, once)
    told = {leaving[place][0]: finding for place, finding in found.items()}
    return tuple(
        replace(one, findings=(*one.findings, told[at])) if at in told else one for at, one in enumerate(protected)
    )


_HERE = Lineage("", "")


def _within(
    asked: Sequence[Asked],
    protected: Sequence[Protected],
    rules: DisclosureRules,
    working: Differencing,
    *,
    alone: bool,
) -> Mapping[int, tuple[Finding, ...]]:
    """Findings by the later table's place; `alone`: only what hiding single cells mends."""
    shown = [_shown(one, after, rules) for one, after in zip(asked, protected, strict=True)]
    found: dict[int, tuple[Finding, ...]] = {}
    for at, later in enumerate(shown):
        for earlier, first in enumerate(shown[:at]):
            if later is None or first is None or earlier in (found if not alone else ()):
                continue  # one that is refused tells nothing
            told = working.told(later, first) or ()
            chosen = [cell for cell in told if not alone or len(cell.one_rows) == 1]
            if chosen:
                made = _finding(later, asked[earlier].name, chosen, rules)
                found[at] = (*found.get(at, ()), made if alone else replace(made, cells=()))
    return found


def _finding(later: Fingerprint, other: str, told: Sequence[Told], rules: DisclosureRules) -> Finding:
    why = say(
        "Subtracted from {other} of this request, this table shows {cells} groups of fewer than {threshold} persons. "
        "Ask for both tables with the same filter, or for one of the two.",
        other=other,
        cells=len(told),
        threshold=rules.min_persons.value,
    )
    return RULE.found(Outcome.FAIL, TABLE, why, cells_of(later, told))


def cells_of(fingerprint: Fingerprint, told: Iterable[Told]) -> tuple[tuple[int, int], ...]:
    """The (row, column) of the first table by which cells are told."""
    columns, measures = fingerprint.query.columns, fingerprint.query.measures
    places = {(row, columns.index(measures[cell.one_measure].name)) for cell in told for row in cell.one_rows}
    return tuple(sorted(places))


def _shown(one: Asked, protected: Protected, rules: DisclosureRules) -> Fingerprint | None:
    """The table as it would leave; None when it is refused."""
    if worst(finding.outcome for finding in protected.findings) is Outcome.FAIL:
        return None
    examined = one.examined
    cells = examined.evidence.cells
    primary = tuple(sorted(primary_rows(one.findings) & protected.rows))
    return Fingerprint(
        request="",
        project="",
        output=one.name,
        lineage=_HERE,
        query=examined.query,
        table=protected.table,
        groupings=tuple(cell.grouping for cell in cells),
        status=Status.PENDING,
        rules=thresholds_of(rules),
        protect=one.protection,
        primary=primary,
        large=tuple(row for row in primary if cells[row].persons >= rules.min_persons.value),
    )
