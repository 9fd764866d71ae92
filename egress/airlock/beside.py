"""What tables show beside those that were published before.

What follows from the request alone was told to its author by `egress.assess`. What follows from earlier releases is
for checkers; authors read one sentence that names nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from egress.airlock.earlier import Earlier, Known
from egress.airlock.judged import Judged
from egress.checks.examined import TABLE
from egress.checks.model import Audience, Finding, Outcome, Risk
from egress.checks.table import Table, Value
from egress.differencing import Differencing, TooManyError, cells_of
from egress.query.engine import Engine, EngineError
from egress.query.model import Aggregate
from egress.release.conflict import Conflict, ConflictCell
from egress.released.bounds import EARLIER, bounds_audit
from egress.released.differencing import Told
from egress.released.fingerprint import Fingerprint, Lineage
from hub.policy.model import DisclosureRules
from hub.words import Message, say

CHECK = "differencing"
UNREAD = say("Not every earlier release could be held against this table; a checker sees why.")

# Earlier tables that are compared where the rules set no limit of their own, and cells that a conflict keeps; both
# bound computing time and the size of a report.
MOST_TABLES = 500
MOST_CELLS = 100

_ADDS_UP = frozenset({Aggregate.COUNT_ROWS, Aggregate.COUNT_PERSONS, Aggregate.COUNT_VALUES, Aggregate.SUM})


@dataclass(frozen=True)
class Beside:
    """Compares the outputs of one request with `earlier`."""

    engine: Engine
    lineage: Lineage
    rules: DisclosureRules
    earlier: Earlier

    def look(self, judged: Sequence[Judged]) -> list[Judged]:
        """The outputs, with what there is to say of them together. Raises: EngineError."""
        working = Differencing(self.engine, self.lineage, self.rules.min_persons.value)
        beside = [
            self._with_earlier(working, output) if output.fingerprint is not None and output.may_leave else output
            for output in judged
        ]
        return self._audited(beside)

    def _audited(self, judged: Sequence[Judged]) -> list[Judged]:
        """What an outsider can work out from these tables and all earlier ones, without any row of the extract."""
        asked = [output.fingerprint for output in judged if output.fingerprint is not None and output.may_leave]
        tables = self.engine.manifest.catalogue.tables.items()
        once = frozenset(name for name, table in tables if table.rows_per_person == 1)
        found = bounds_audit(asked, [known.fingerprint for known in self.compared], self.rules, once)
        return [
            output.with_findings(_new(output, found[output.report.name])) if output.report.name in found else output
            for output in judged
        ]

    @property
    def compared(self) -> tuple[Known, ...]:
        """The earlier tables that are compared: the newest, as many as the rules allow."""
        most = self.rules.audit.value.tables if self.rules.audit is not None else MOST_TABLES
        return self.earlier.known[-most:]

    def _with_earlier(self, working: Differencing, output: Judged) -> Judged:
        if output.fingerprint is None:
            return output
        findings, conflicts, failed, elsewhere = [], [], [], 0
        for known in self.compared:
            try:
                told = working.told(output.fingerprint, known.fingerprint)
            except (TooManyError, EngineError):
                failed.append(known)
                continue
            elsewhere += told is None
            if told:
                conflicts.append(_conflict(known, output.fingerprint, told))
                findings.append(_checkers(self._conflicting(told, known), cells_of(output.fingerprint, told)))
        if findings:
            findings.append(_review(EARLIER, ()))
        if elsewhere:
            findings.append(_elsewhere(elsewhere))
        reasons = [*self._unread(), *_failed(failed)]
        if reasons:
            findings += [*(_checkers(reason) for reason in reasons), _review(UNREAD, ())]
        return output.with_findings(findings, conflicts) if findings else output

    def _conflicting(self, told: Sequence[Told], known: Known) -> Message:
        return say(
            "Subtracted from {output} of request {request} (project {project}), this table shows {cells} groups of "
            "fewer than {threshold} persons.",
            output=known.entry.output,
            request=known.entry.request,
            project=known.entry.project,
            cells=len(told),
            threshold=max(self.rules.min_persons.value, known.fingerprint.rules.min_persons),
        )

    def _unread(self) -> Iterable[Message]:
        for entry in self.earlier.unread:
            yield say(
                "The fingerprint of {output} of request {request} (project {project}) is missing or cannot be read: "
                "nothing compares this table with it.",
                output=entry.output,
                request=entry.request,
                project=entry.project,
            )
        left = len(self.earlier.known) - len(self.compared)
        if left > 0:
            yield say(
                "{left} older tables of this source are not compared: the rules limit the comparison to {most}.",
                left=left,
                most=len(self.compared),
            )


def _new(output: Judged, findings: Iterable[Finding]) -> list[Finding]:
    """Those of `findings` that were not said yet: an author reads one sentence once."""
    said = {finding.why for finding in output.report.findings if finding.audience is Audience.AUTHOR}
    told = [finding for finding in findings if finding.audience is Audience.CHECKER or finding.why not in said]
    notable = any(finding.notable for finding in told)
    if notable and not said & {EARLIER, UNREAD} and all(finding.audience is Audience.CHECKER for finding in told):
        told.append(_review(UNREAD, ()))  # a review has a reason that its author may read
    return told


def _elsewhere(tables: int) -> Finding:
    why = say(
        "{tables} earlier tables of this source hold columns or rows that this extract lacks: they are held against "
        "this table by their published numbers only.",
        tables=tables,
    )
    return replace(_checkers(why), outcome=Outcome.PASS)


def _failed(failed: Sequence[Known]) -> Iterable[Message]:
    if failed:
        yield say(
            "{tables} earlier tables could not be recomputed on this extract, among them {output} of request "
            "{request}.",
            tables=len(failed),
            output=failed[0].entry.output,
            request=failed[0].entry.request,
        )


def _review(why: Message, cells: tuple[tuple[int, int], ...]) -> Finding:
    return Finding(CHECK, Risk.DIFFERENCING, Outcome.REVIEW, TABLE, why, cells)


def _checkers(why: Message, cells: tuple[tuple[int, int], ...] = ()) -> Finding:
    return replace(_review(why, cells), audience=Audience.CHECKER)


def _conflict(known: Known, here: Fingerprint, told: Sequence[Told]) -> Conflict:
    """Cells with the same keys and columns as the first, which are those of the finest comparison."""
    there = known.fingerprint
    first = max(told, key=lambda cell: len(cell.keys))
    chosen = [cell for cell in told if cell.key_places == first.key_places]
    return Conflict(
        project=known.entry.project,
        request=known.entry.request,
        output=known.entry.output,
        fate=str(known.entry.fate),
        at=known.entry.at,
        keys=tuple(here.query.keys[place].name for place in first.key_places),
        here=here.query.measures[first.one_measure].name,
        there=there.query.measures[first.other_measure].name,
        cells=tuple(_cell(cell, here, there) for cell in chosen[:MOST_CELLS]),
        all_cells=len(told),
    )


def _cell(cell: Told, here: Fingerprint, there: Fingerprint) -> ConflictCell:
    return ConflictCell(
        labels=cell.keys,
        here=_value(here, cell.one_rows, cell.one_measure),
        there=_value(there, cell.other_rows, cell.other_measure),
        persons=cell.persons,
        cells=cells_of(here, [cell]),
    )


def _value(fingerprint: Fingerprint, rows: Sequence[int], measure: int) -> Value | None:
    """The number that a cell shows; of several that are added up, their sum where they add up."""
    query, table = fingerprint.query, fingerprint.table
    values = [_number(table, row, query.columns.index(query.measures[measure].name)) for row in rows]
    if len(values) == 1:
        return values[0]
    if query.measures[measure].aggregate not in _ADDS_UP or any(value is None for value in values):
        return None
    return sum(value for value in values if value is not None)


def _number(table: Table, row: int, column: int) -> int | float | None:
    value = table.rows[row][column]
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, int | float) else None
