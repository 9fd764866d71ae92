"""A table that a notebook made itself: its claimed evidence meets the checks and protections of recomputed tables.

Nothing in it was seen by the enclave. So a contradiction refuses it, a finding acts as for any table, and where nothing
is found people look at it all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from egress.assess import Assessment, Declaration
from egress.checks import declaration as declared
from egress.checks import identifiers
from egress.checks.examined import TABLE, Examined, Rule
from egress.checks.model import Assurance, Finding, Outcome, Protection, Risk, worst
from egress.checks.registry import examine
from egress.checks.table import TOTAL, Table
from egress.claims import contradiction, measure_evidence
from egress.outputs.claimed import Claimed, ClaimedMeasure, Scalar
from egress.protect.rounding import to_digits
from egress.protect.suppression import protect
from egress.query.engine import Engine
from egress.query.evidence import CellEvidence, Evidence
from egress.query.model import Aggregate, ColumnRef, Key, Measure, Query, TableRef
from hub.catalogue.model import Catalogue, Column
from hub.policy.model import DisclosureRules
from hub.words import say

FRAME = "frame"
OWN = Rule("frame", Risk.AUXILIARY_INFORMATION)
CLAIM = Rule("claimed_evidence", Risk.AUXILIARY_INFORMATION)
LABELS = Rule("frame_labels", Risk.COVERT_CHANNEL)
ACRO = Rule("acro", Risk.AUXILIARY_INFORMATION)

_AGGREGATES = {
    "rows": Aggregate.COUNT_ROWS,
    "persons": Aggregate.COUNT_PERSONS,
    "count": Aggregate.COUNT_VALUES,
    "sum": Aggregate.SUM,
    "mean": Aggregate.AVG,
    "std": Aggregate.STDDEV,
    "median": Aggregate.QUANTILE,
    "value": Aggregate.AVG,
}


@dataclass(frozen=True)
class Facts:
    """What an extract tells of a claimed table: published labels, which labels are person keys, how many persons."""

    catalogue: Catalogue | None = None
    pseudonyms: frozenset[str] = frozenset()
    persons: int | None = None


NOTHING = Facts()


def assess_frame(
    claimed: Claimed, rules: DisclosureRules, facts: Facts = NOTHING, *, differs: bool = False
) -> Assessment:
    """The assessment of one claimed table: never better than review.

    `differs`: the notebook as it was handed in showed another table than its re-run made.
    """
    catalogue = facts.catalogue
    declaration = Declaration(claimed.name, claimed.asked, claimed.title, Protection(claimed.protect))
    query = frame_query(claimed, catalogue)
    findings = (*_always(claimed, differs=differs), *_labels(query))
    if catalogue is not None and claimed.origin != "acro":  # there the names are ours
        findings += declared.words(claimed.name, claimed.title, query, catalogue)
    if claimed.origin == "acro":
        return _without_evidence(claimed, declaration, query, findings, rules)
    examined = _examined(claimed, query, facts.pseudonyms)
    wrong = (
        contradiction(claimed, examined, facts.persons)
        if examined is not None
        else say("Its evidence has no readable form.")
    )
    if examined is None or wrong is not None:
        failed = CLAIM.found(Outcome.FAIL, TABLE, wrong or say("Its evidence has no readable form."))
        return Assessment(declaration, Assurance.REPRODUCED, (*findings, failed), query)
    protected = protect(examined, (*findings, *examine(examined, rules)), declaration.protect, rules)
    refused = worst(finding.outcome for finding in protected.findings) is Outcome.FAIL
    return Assessment(
        declaration,
        Assurance.REPRODUCED,
        protected.findings,
        query,
        examined.table,
        examined.evidence,
        None if refused else protected.table,
    )


def assess_on(engine: Engine, claimed: Claimed, rules: DisclosureRules, *, differs: bool = False) -> Assessment:
    """As `assess_frame`, with what the extract of `engine` tells of labels and persons. Raises: EngineError."""
    manifest = engine.manifest
    persons = sum(table.persons or 0 for table in manifest.tables.values())
    facts = Facts(manifest.catalogue, engine.person_keys(labels_of(claimed)), persons)
    return assess_frame(claimed, rules, facts, differs=differs)


def labels_of(claimed: Claimed) -> frozenset[str]:
    """The texts that stand as labels of keys."""
    return frozenset(value for row in claimed.rows for value in row[: len(claimed.keys)] if isinstance(value, str))


def frame_query(claimed: Claimed, catalogue: Catalogue | None = None, units: str = "person") -> Query:
    """The query that a claimed table would be the answer to, over one table called frame."""
    known = _columns(catalogue)
    keys = []
    for at, name in enumerate(claimed.keys):
        values = [row[at] for row, cell in _cells(claimed) if at in cell]
        column = known.get(name)
        listed = column is not None and bool(column.categories) and set(values) <= set(column.categories or ())
        boolean = all(isinstance(value, bool) for value in values)
        sensitive = column is not None and column.sensitive
        keys.append(Key(name, ColumnRef(FRAME, name), sensitive, boolean, listed or boolean))
    groupings = {cell.grouping for cell in claimed.cells} or {tuple(range(len(keys)))}
    return Query(
        tables=(TableRef(FRAME, FRAME),),
        joins=(),
        where=(),
        keys=tuple(keys),
        measures=tuple(_measure(measure, known) for measure in claimed.measures),
        groupings=tuple(sorted(groupings, key=lambda item: (-len(item), item))),
        columns=claimed.columns,
        person=ColumnRef(FRAME, units),
    )


def _measure(measure: ClaimedMeasure, known: Mapping[str, Column]) -> Measure:
    aggregate = _AGGREGATES[measure.agg]
    column = known.get(measure.of or "")
    return Measure(
        measure.name,
        aggregate,
        None if measure.of is None else ColumnRef(FRAME, measure.of),
        0.5 if aggregate is Aggregate.QUANTILE else None,
        binary=measure.binary and aggregate is not Aggregate.COUNT_VALUES,
        whole=measure.whole,
        sensitive=column is not None and column.sensitive,
    )


def _columns(catalogue: Catalogue | None) -> dict[str, Column]:
    """Columns by name; the first table that has one speaks for it."""
    found: dict[str, Column] = {}
    for table in catalogue.tables.values() if catalogue is not None else ():
        for name, column in table.columns.items():
            found.setdefault(name, column)
    return found


def _cells(claimed: Claimed) -> list[tuple[tuple[Scalar, ...], tuple[int, ...]]]:
    """Each row with the positions of its keys that are no totals."""
    every = tuple(range(len(claimed.keys)))
    if not claimed.cells:
        return [(row, every) for row in claimed.rows]
    return [(row, cell.grouping) for row, cell in zip(claimed.rows, claimed.cells, strict=True)]


def _always(claimed: Claimed, *, differs: bool) -> tuple[Finding, ...]:
    if claimed.origin == "acro":
        why = say("This table comes from a folder of ACRO. Verdicts and exceptions in that folder are not read.")
        found = [ACRO.found(Outcome.REVIEW, TABLE, why)]
    else:
        why = say("The table and its evidence come from the notebook's own process: people look at it.")
        found = [OWN.found(Outcome.REVIEW, TABLE, why)]
    if differs:
        why = say("The notebook as it was handed in showed another table than its re-run made.")
        found.append(OWN.found(Outcome.REVIEW, TABLE, why))
    return tuple(found)


def _labels(query: Query) -> tuple[Finding, ...]:
    """Labels that no catalogue lists came from the notebook's process, which may write anything there."""
    why = say("The catalogue does not list these labels; the notebook's process wrote them.")
    return tuple(LABELS.found(Outcome.REVIEW, key.name, why) for key in query.keys if not key.listed)


def _without_evidence(
    claimed: Claimed, declaration: Declaration, query: Query, findings: tuple[Finding, ...], rules: DisclosureRules
) -> Assessment:
    least = rules.min_persons.value
    order = sorted(range(len(claimed.rows)), key=lambda at: _place(claimed.rows[at][: len(claimed.keys)], None))
    table = Table(claimed.columns, tuple(claimed.rows[at] for at in order))
    why = say("Nothing is known of the persons behind its cells.")
    found = [ACRO.found(Outcome.REVIEW, TABLE, why)]
    first = len(claimed.keys)
    low = tuple(
        (row, column)
        for row, values in enumerate(table.rows)
        for column, value in enumerate(values)
        if column >= first and isinstance(value, int) and not isinstance(value, bool) and 0 < abs(value) < least
    )
    if low:
        why = say("{cells} values are whole numbers below {least}: counts, perhaps.", cells=len(low), least=least)
        found.append(ACRO.found(Outcome.REVIEW, TABLE, why, low))
    found += identifiers.check(Examined(query, table, Evidence(()), claimed.title), rules)
    digits = rules.significant_digits.value
    shown = Table(
        table.columns,
        tuple(
            tuple(to_digits(value, digits) if isinstance(value, float) else value for value in row)
            for row in table.rows
        ),
    )
    everything = (*findings, *found)
    refused = worst(finding.outcome for finding in everything) is Outcome.FAIL
    return Assessment(declaration, Assurance.UNVERIFIED, everything, query, table, None, None if refused else shown)


def _examined(claimed: Claimed, query: Query, pseudonyms: frozenset[str]) -> Examined | None:
    """The table and its evidence in the sorted order; None when a fact has no form that evidence may have."""
    count = len(claimed.keys)
    order = sorted(
        range(len(claimed.rows)), key=lambda at: _place(claimed.rows[at][:count], claimed.cells[at].grouping)
    )
    rows, cells = [], []
    for at in order:
        row, cell = claimed.rows[at], claimed.cells[at]
        known = [None if facts is None else measure_evidence(facts) for facts in cell.measures]
        if any((facts is None) != (one is None) for facts, one in zip(cell.measures, known, strict=True)):
            return None
        keys = row[:count]
        shown = tuple(TOTAL if position not in cell.grouping else key for position, key in enumerate(keys))
        rows.append((*shown, *row[count:]))
        cells.append(CellEvidence(keys, cell.grouping, cell.rows, cell.persons, tuple(known)))
    return Examined(query, Table(claimed.columns, tuple(rows)), Evidence(tuple(cells)), claimed.title, pseudonyms)


def _place(keys: tuple[Scalar, ...], grouping: tuple[int, ...] | None) -> tuple[tuple[bool, int, float, str], ...]:
    """Where a row stands: by key, totals last."""

    def one(position: int, key: Scalar) -> tuple[bool, int, float, str]:
        if isinstance(key, str):
            return False, 1, 0.0, key
        total = key is None or (grouping is not None and position not in grouping)
        return total, 0, float(key or 0), ""

    return tuple(one(position, key) for position, key in enumerate(keys))
