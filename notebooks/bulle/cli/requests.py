"""Requests as lines for people and as JSON for programs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bulle.cli.failure import failed
from egress.checks.model import Finding
from egress.checks.table import plain
from egress.release.entries import RefusedEntry
from egress.release.model import ReleaseRequest
from egress.release.report import OutputReport
from egress.release.reviewing import told_to_author
from egress.release.status import Status
from hub.container import SANDBOX_USER
from hub.words import Message, say
from hub.workspace import StateLayout, Workspace

Text = Callable[[Message], str]
Reports = Mapping[str, OutputReport]

STATUS_WORDS = MappingProxyType(
    {
        Status.SUBMITTED: say("waits for its re-run"),
        Status.RERUN: say("waits for its checks"),
        Status.CHECKED: say("checked"),
        Status.REFUSED: say("refused by the checks"),
        Status.IN_REVIEW: say("waits for output checkers"),
        Status.CONSOLIDATING: say("reviewed, its output checkers differ"),
        Status.RETURNED: say("returned to its author"),
        Status.AWAITS_APPROVAL: say("waits for those who must agree"),
        Status.APPEALED: say("waits for other output checkers"),
        Status.RECALLED: say("recalled"),
        Status.EXPIRED: say("expired"),
        Status.APPROVED: say("approved, package in the making"),
        Status.REJECTED: say("rejected by output checkers"),
        Status.RELEASED: say("released, waits to be fetched"),
        Status.DOWNLOADED: say("fetched"),
        Status.WITHDRAWN: say("withdrawn"),
    }
)


def request_line(request: ReleaseRequest, text: Text) -> str:
    """One line of a list."""
    return f"{request.id:<24} {request.person:<12} {request.submitted_at[:16]:<17} {text(STATUS_WORDS[request.status])}"


def entry_lines(entries: Iterable[RefusedEntry], text: Text) -> list[str]:
    """The submissions refused at the door, with the sentence for their sender."""
    lines = []
    for found in entries:
        place = f"{found.entry.project}/{found.entry.person}/{found.entry.name}"
        lines.append(f"{text(say('not taken in'))}: {place}: {text(found.reason)}")
    return lines


def request_lines(request: ReleaseRequest, reports: Reports, text: Text) -> list[str]:
    """A whole request."""
    lines = [request_line(request, text)]
    lines += [text(reason) for reason in request.reasons]
    if request.failure is not None:
        lines.append(f"{text(say('it waits, because'))}: {text(request.failure.reason)}")
    approved = {output.name for output in request.approved}
    for output in request.outputs:
        mark = f"  -> {text(say('may leave'))}" if output.name in approved else ""
        lines.append(f"  {output.name}: {output.outcome} ({output.assurance}, {output.protect}){mark}")
        lines += [f"      {line}" for line in _finding_lines(reports.get(output.name), text)]
    if request.undeclared:
        lines.append(f"  {text(say('withheld'))}:")
        lines += [f"      {thing.kind} ({thing.count}): {text(thing.why)}" for thing in request.undeclared]
    return [*lines, *_said_lines(request, text)]


def _said_lines(request: ReleaseRequest, text: Text) -> list[str]:
    """What people said of it, as far as its author is told."""
    lines = []
    for review in request.reviews if told_to_author(request) else ():
        lines += [f"  {vote.output}: {vote.choice}: {vote.comment}" for vote in review.votes if vote.comment]
        lines += [f"  {text(say('comment'))}: {review.comment}"] if review.comment else []
    for status, said in ((Status.RETURNED, request.returned), (Status.RECALLED, request.recall)):
        lines += [f"  {text(STATUS_WORDS[status])}: {said.why}"] if said is not None else []
    return lines


def _finding_lines(report: OutputReport | None, text: Text) -> list[str]:
    if report is None:
        return []
    return [f"{found.outcome} {found.check} {found.where}: {_why(found, text)}" for found in report.findings]


def _why(found: Finding, text: Text) -> str:
    return " ".join(text(sentence) for sentence in found.sentences())


def entry_json(found: RefusedEntry) -> dict[str, Any]:
    """One refused submission."""
    entry = found.entry
    return {
        "project": entry.project,
        "person": entry.person,
        "entry": entry.name,
        "at": found.at,
        "reason": str(found.reason),
    }


def request_json(request: ReleaseRequest, reports: Reports | None = None, text: Text = str) -> dict[str, Any]:
    """One request; outputs have findings and the protected table where `reports` hold them."""
    return {
        "request": request.id,
        "project": request.project,
        "person": request.person,
        "title": request.title,
        "entry": request.entry,
        "turn": request.turn,
        "status": str(request.status),
        "waits_for": str(request.owner),
        "submitted_at": request.submitted_at,
        "reasons": [text(reason) for reason in request.reasons],
        "failure": text(request.failure.reason) if request.failure else None,
        "outputs": [_output_json(request, output.name, reports or {}, text) for output in request.outputs],
        "imports": [brought.to_dict() for brought in request.imports],
        "withheld": [
            {"kind": thing.kind, "count": thing.count, "why": text(thing.why)} for thing in request.undeclared
        ],
        "package_sha256": request.package,
    }


def _output_json(request: ReleaseRequest, name: str, reports: Reports, text: Text) -> dict[str, Any]:
    record, report = request.output(name), reports.get(name)
    if record is None:
        return {}
    answer: dict[str, Any] = {
        "name": name,
        "title": record.title,
        "assurance": str(record.assurance),
        "outcome": str(record.outcome),
        "protect": str(record.protect),
        "approved": record in request.approved,
    }
    if report is None:
        return answer
    answer["findings"] = [
        {
            "check": found.check,
            "risk": str(found.risk),
            "outcome": str(found.outcome),
            "where": found.where,
            "why": _why(found, text),
        }
        for found in report.findings
    ]
    if report.text is not None:
        answer["text"] = report.text
    if report.protected is not None:
        rows = [[plain(value) for value in row] for row in report.protected.rows]
        answer["protected"] = {"columns": list(report.protected.columns), "rows": rows}
    return answer


_NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")


def server_outbox(layout: StateLayout, project: str, person: str) -> Path:
    """That person's outbox on that project, made when it is not there. Raises: StopError."""
    if not _NAME.fullmatch(project) or not _NAME.fullmatch(person):
        raise failed(say("On the server, say whose request it is: --project PROJECT --as PERSON."))
    outbox = Path(layout.outbox(Workspace(person, project)))
    if not outbox.is_dir():
        outbox.mkdir(parents=True)
        if os.geteuid() == 0:  # the workspace's user writes there, too
            user, group = (int(number) for number in SANDBOX_USER.split(":"))
            os.chown(outbox, user, group)
    return outbox
