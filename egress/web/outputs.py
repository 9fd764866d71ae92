"""One output as a page shows it: what the log says of it, its report from quarantine, the decision on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from egress.airlock.desk import Desk, Opened, reason_of
from egress.checks.model import Finding, Outcome
from egress.checks.table import Table
from egress.outputs.models import declared_as
from egress.package.noise import Told, read_told
from egress.release.model import OutputRecord
from egress.release.report import OutputReport
from egress.release.review import Choice
from egress.release.reviewing import told_to_author
from egress.store.quarantine import QuarantineError
from egress.web.conflicts import ShownConflict, show_conflict
from egress.web.noise import ShownNoise, ShownPrice, sampled, show_noise, show_price
from egress.web.tables import ShownEvidence, ShownTable, show_evidence, show_exact, show_table
from hub.words import Message, say

MOST_BESIDE = 50  # rows of a table that are shown once more beside a figure; of a longer one there is a link


@dataclass(frozen=True)
class OutputView:
    """What both pages need of one output; `problem` stands in for a report that cannot be read,
    `beside` are the tables that a figure shows, by name.
    """

    record: OutputRecord
    report: OutputReport | None
    findings: tuple[Finding, ...]
    protected: ShownTable | None
    exact: ShownTable | None
    evidence: tuple[ShownEvidence, ...]
    left: bool | None
    comments: tuple[tuple[Choice, str], ...]
    conflicts: tuple[ShownConflict, ...] = ()
    noise: ShownNoise | None = None
    price: ShownPrice | None = None
    description: str = ""
    beside: tuple[tuple[str, ShownTable], ...] = ()
    verdict: Choice | None = None
    problem: Message | None = None


def output_views(desk: Desk, opened: Opened, language: str) -> list[OutputView]:
    """Every output of a request, as far as who opened it may read it."""
    described = desk.descriptions(opened.request)
    views = [_view(desk, opened, record, language) for record in opened.request.outputs]
    tables = {view.record.name: view.protected for view in views if view.protected is not None}
    return [
        replace(
            view,
            description=_said(described, view.record.name),
            verdict=_verdict(opened, view.record.name),
            beside=tuple(
                (name, tables[name])
                for name in view.record.shows
                if name in tables and len(tables[name].rows) <= MOST_BESIDE
            ),
        )
        for view in views
    ]


def _said(described: Mapping[str, str], name: str) -> str:
    """What the author says of an output; of a model's summary, what is said of the model."""
    return described.get(name) or described.get(declared_as(name), "")


def _verdict(opened: Opened, name: str) -> Choice | None:
    """What a decision that sends the request back says of one output."""
    decision = opened.request.decision
    if decision is None or not decision.changes:
        return None
    fates = {Choice.CHANGE: decision.changes, Choice.APPROVE: decision.approved, Choice.REJECT: decision.rejected}
    return next((choice for choice, names in fates.items() if name in names), None)


def _view(desk: Desk, opened: Opened, record: OutputRecord, language: str) -> OutputView:
    request = opened.request
    # A decision that asks for changes lets nothing out yet: it says what is asked of each output.
    open_yet = request.decision is None or bool(request.decision.changes)
    left = None if open_yet else record in request.approved
    comments = tuple(
        (vote.choice, vote.comment)
        for review in request.reviews
        for vote in review.votes
        if vote.output == record.name and told_to_author(request)
    )
    try:
        report = desk.read(record, opened.audience)
        told = read_told(report.dp, report.protected)
        noise = show_noise(request, report, told, language) if told else None
        price = show_price(report.price, language)  # empty in what authors may read
        shown = _shown(report, told, price, language)
    except (QuarantineError, ValueError, KeyError, TypeError) as error:
        problem = reason_of(error) or say("The report on this output cannot be read; an operator must look.")
        return OutputView(record, None, (), None, None, (), left, comments, problem=problem)
    conflicts = tuple(show_conflict(conflict, language) for conflict in report.conflicts)
    return OutputView(record, report, *shown, left, comments, conflicts, noise, price)


def _shown(
    report: OutputReport, told: Told | None, price: ShownPrice | None, language: str
) -> tuple[tuple[Finding, ...], ShownTable | None, ShownTable | None, tuple[ShownEvidence, ...]]:
    # Worst first; the numbers on flagged cells count in this order.
    findings = tuple(sorted(report.findings, key=lambda found: (_ORDER.index(found.outcome), not found.notable)))
    protected = _protected(report, told, language)
    exact = show_exact(report.exact, language, findings, price.cells if price else ()) if report.exact else None
    return findings, protected, exact, show_evidence(report.evidence, report.exact, language)


def _protected(report: OutputReport, told: Told | None, language: str) -> ShownTable | None:
    if report.protected is None:
        return None
    most = sampled(report)
    noisy = told is not None
    if most is None:
        intervals = told.intervals if told else ()
        return show_table(report.protected, language, report.exact, intervals, noisy=noisy)
    return show_table(Table(report.protected.columns, report.protected.rows[:most]), language, noisy=noisy)


_ORDER = (Outcome.FAIL, Outcome.REVIEW, Outcome.PASS)
