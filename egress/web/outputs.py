"""One output as a page shows it: what the log says of it, its report from quarantine, the decision on it."""

from __future__ import annotations

from dataclasses import dataclass

from egress.airlock.desk import Desk, Opened, reason_of
from egress.checks.model import Finding, Outcome
from egress.release.model import Choice, OutputRecord
from egress.release.report import OutputReport
from egress.store.quarantine import QuarantineError
from egress.web.conflicts import ShownConflict, show_conflict
from egress.web.tables import ShownEvidence, ShownTable, show_evidence, show_exact, show_table
from hub.words import Message, say


@dataclass(frozen=True)
class OutputView:
    """What both pages need of one output; `problem` stands in for a report that cannot be read."""

    record: OutputRecord
    report: OutputReport | None
    findings: tuple[Finding, ...]
    protected: ShownTable | None
    exact: ShownTable | None
    evidence: tuple[ShownEvidence, ...]
    left: bool | None
    comments: tuple[tuple[Choice, str], ...]
    conflicts: tuple[ShownConflict, ...] = ()
    problem: Message | None = None


def output_views(desk: Desk, opened: Opened, language: str) -> list[OutputView]:
    """Every output of a request, as far as who opened it may read it."""
    return [_view(desk, opened, record, language) for record in opened.request.outputs]


def _view(desk: Desk, opened: Opened, record: OutputRecord, language: str) -> OutputView:
    request = opened.request
    left = record in request.approved if request.decision else None
    # What a checker says reaches the author with the decision, not before.
    comments = tuple(
        (vote.choice, vote.comment)
        for review in request.reviews
        for vote in review.votes
        if vote.output == record.name and request.decision
    )
    try:
        report = desk.read(record, opened.audience)
        shown = _shown(report, language)
    except (QuarantineError, ValueError, KeyError, TypeError) as error:
        problem = reason_of(error) or say("The report on this output cannot be read; an operator must look.")
        return OutputView(record, None, (), None, None, (), left, comments, problem=problem)
    conflicts = tuple(show_conflict(conflict, language) for conflict in report.conflicts)
    return OutputView(record, report, *shown, left, comments, conflicts)


def _shown(
    report: OutputReport, language: str
) -> tuple[tuple[Finding, ...], ShownTable | None, ShownTable | None, tuple[ShownEvidence, ...]]:
    # Worst first; the numbers on flagged cells count in this order.
    findings = tuple(sorted(report.findings, key=lambda found: (_ORDER.index(found.outcome), not found.notable)))
    widths = report.dp.get("half_widths", ())
    protected = show_table(report.protected, language, report.exact, widths) if report.protected else None
    exact = show_exact(report.exact, language, findings) if report.exact else None
    return findings, protected, exact, show_evidence(report.evidence, report.exact, language)


_ORDER = (Outcome.FAIL, Outcome.REVIEW, Outcome.PASS)
