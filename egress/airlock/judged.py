"""One output after the checks, with the fingerprint by which later requests are held against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from egress.assess import Assessment
from egress.checks.model import Audience, Finding, Outcome, Protection, Risk, worst
from egress.checks.table import Table
from egress.query.model import Query
from egress.release.conflict import Conflict
from egress.release.report import OutputReport
from egress.released.bounds import EARLIER
from egress.released.fingerprint import Fingerprint, Lineage, Status, Thresholds

SECONDARY, EMPTY, DIFFERENCING = "secondary_suppression", "suppression", "differencing"


@dataclass(frozen=True)
class Judged:
    """`fingerprint` is None for what cannot be compared by recomputing: noise, claims, and what has no query."""

    report: OutputReport
    fingerprint: Fingerprint | None = None

    @property
    def may_leave(self) -> bool:
        return self.report.outcome is not Outcome.FAIL

    def with_findings(self, findings: Iterable[Finding], conflicts: Iterable[Conflict] = ()) -> Judged:
        """The same output, with more said of it. What is refused now shows nothing any more."""
        every = (*self.report.findings, *findings)
        outcome = worst((self.report.outcome, *(found.outcome for found in every)))
        refused = outcome is Outcome.FAIL
        report = replace(
            self.report,
            findings=every,
            outcome=outcome,
            protected=None if refused else self.report.protected,
            pictures=() if refused else self.report.pictures,
            figure=None if refused else self.report.figure,
            conflicts=(*self.report.conflicts, *conflicts),
        )
        shown = self.fingerprint
        return Judged(report, unvalued(shown) if refused and shown is not None else shown)


def discreet(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What protection beside earlier releases leads to is for checkers as well; its author reads the one sentence.

    A table of which nothing is left once earlier releases are looked at is refused for their sake.
    """
    hidden = any(found.check == SECONDARY and found.audience is Audience.CHECKER and found.remedy for found in findings)
    empty = [found for found in findings if found.check == EMPTY and found.outcome is Outcome.FAIL]
    if not hidden or not empty:
        return tuple(findings)
    told = [replace(found, audience=Audience.CHECKER) if found in empty else found for found in findings]
    return (*told, replace(empty[0], check=DIFFERENCING, risk=Risk.DIFFERENCING, why=EARLIER, cells=(), remedy=None))


def fingerprint_of(
    assessment: Assessment, request: str, project: str, lineage: Lineage, rules: Thresholds
) -> Fingerprint | None:
    """The fingerprint of a recomputed exact table; of a refused one, without its values."""
    query, exact, evidence = assessment.query, assessment.exact, assessment.evidence
    if query is None or exact is None or evidence is None or assessment.declaration.protect is Protection.DP:
        return None
    table = assessment.protected or exact
    primary = _primary(assessment.findings, query, exact, table)
    few = {row for row in primary if evidence.cells[row].persons < rules.min_persons}
    made = Fingerprint(
        request=request,
        project=project,
        output=assessment.declaration.name,
        lineage=lineage,
        query=query,
        table=table,
        groupings=tuple(cell.grouping for cell in evidence.cells),
        status=Status.PENDING,
        rules=rules,
        protect=assessment.declaration.protect,
        primary=primary,
        large=tuple(row for row in primary if row not in few),
    )
    return made if assessment.protected is not None and assessment.outcome is not Outcome.FAIL else unvalued(made)


def unvalued(fingerprint: Fingerprint) -> Fingerprint:
    """A table that showed nothing but that it was asked for: its keys stay, its values are gone."""
    measures = {fingerprint.query.columns.index(measure.name) for measure in fingerprint.query.measures}
    rows = tuple(
        tuple(None if at in measures else value for at, value in enumerate(row)) for row in fingerprint.table.rows
    )
    return replace(fingerprint, table=Table(fingerprint.table.columns, rows))


def _primary(findings: Iterable[Finding], query: Query, exact: Table, shown: Table) -> tuple[int, ...]:
    """The rows that were suppressed for their own sake: a finding names them that is not secondary suppression's."""
    measures = [query.columns.index(measure.name) for measure in query.measures]
    named = {row for finding in findings if finding.check != SECONDARY and finding.remedy for row, _ in finding.cells}
    return tuple(
        row
        for row in sorted(named)
        if all(shown.rows[row][at] is None for at in measures)
        and any(exact.rows[row][at] is not None for at in measures)
    )
