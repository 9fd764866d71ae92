"""What people do with requests: look, review, fetch. Each act asks its rule and is an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from egress.airlock.earlier import read_fingerprint
from egress.airlock.following import Following
from egress.airlock.situation import Situation, unknown_request
from egress.checks.model import Audience
from egress.release.conflict import Conflict
from egress.release.decision import completed, due
from egress.release.descriptions import from_bytes
from egress.release.fold import fold
from egress.release.guards import EGRESS, can_download
from egress.release.ledger import Entry
from egress.release.model import OutputRecord, ReleaseRequest
from egress.release.report import OutputReport
from egress.release.review import Decision, Vote
from egress.release.reviewing import can_review
from egress.released.fingerprint import Fingerprint
from egress.store.exports import ExportError, Exports
from egress.store.quarantine import Quarantine, QuarantineError
from hub.events.chain import Event
from hub.events.log import Clock, EventLog, utc_now
from hub.policy.verdict import Grant, Refusal, RefusedError
from hub.words import Message, say

MAX_COMMENT = 2000  # characters; the length of a text in a permit


@dataclass(frozen=True)
class Opened:
    """A request in the hands of somebody who may see it, as it stood at one reading of the log."""

    situation: Situation
    request: ReleaseRequest
    audience: Audience


@dataclass(frozen=True)
class Remarks:
    """What a checker says beside the votes. `comment` is for the author, `note` for checkers only."""

    comment: str = ""
    note: str = ""
    minutes: int | None = None

    def to_body(self, request: str, votes: tuple[Vote, ...], organisation: str) -> dict[str, object]:
        """As the log keeps it; `votes` are complete."""
        shown = [replace(vote, comment=printable(vote.comment), note=printable(vote.note)) for vote in votes]
        body: dict[str, object] = {
            "request": request,
            "votes": [vote.to_dict() for vote in shown],
            "comment": printable(self.comment),
        }
        more = {"note": printable(self.note), "organisation": organisation, "minutes": self.minutes}
        return body | {key: value for key, value in more.items() if value not in {None, ""}}


class Desk:
    """The people's side of the airlock: needs the log, quarantine and exports for reading, and nothing else."""

    def __init__(self, log: EventLog, quarantine: Quarantine, exports: Exports, clock: Clock = utc_now) -> None:
        self._log = log
        self.following = Following(log)
        self._quarantine = quarantine
        self._exports = exports
        self._clock = clock

    def look(self) -> Situation:
        """Everything as it stands now."""
        return self.following.look()

    def accounts(self) -> tuple[Situation, tuple[Event, ...]]:
        """Everything as it stands now, with the events of the privacy ledger."""
        return self.look(), self._log.read(kinds="privacy.")

    def exported_budget(self, person: str, project: str, source: str, channel: str = "") -> None:
        """Say in the log that `person` took the statement of a source's privacy budget away."""
        body = {"source": source, "channel": channel} if channel else {"source": source}
        self._log.append(person, "budget.exported", project, body)

    def show(self, request: str, person: str) -> ReleaseRequest:
        """The request, for somebody who may see it. Raises: RefusedError."""
        return self.open(request, person).request

    def open(self, request: str, person: str) -> Opened:
        """The request with everything else as it stood then, for somebody who may see it. Raises: RefusedError."""
        situation = self.look()
        found = situation.visible(request, person)
        return Opened(situation, found, _audience(situation, found, person))

    def report(self, request: str, output: str, person: str) -> OutputReport:
        """What the checks said about one output. An author reads the findings meant for authors and the protected
        table; an output checker of the project also the exact one, its evidence and its price.

        Raises: RefusedError; QuarantineError when the report is no longer what was kept.
        """
        opened = self.open(request, person)
        record = opened.request.output(output)
        if record is None:
            raise RefusedError(unknown_request(f"{request}/{output}"))
        return self.read(record, opened.audience)

    def reports(self, request: ReleaseRequest, person: str | None) -> Mapping[str, OutputReport]:
        """The reports of all outputs by name, as `person` may read them; None reads what an author reads.

        Raises: QuarantineError when one is no longer what was kept.
        """
        audience = _audience(self.look(), request, person)
        return {output.name: self.read(output, audience) for output in request.outputs}

    def read(self, output: OutputRecord, audience: Audience) -> OutputReport:
        """The report of an output of an opened request. Raises: QuarantineError, ValueError."""
        return OutputReport.from_bytes(self._quarantine.get(output.report)).seen_by(audience)

    def descriptions(self, request: ReleaseRequest) -> Mapping[str, str]:
        """What its author says of the outputs of an opened request, by name; empty where that cannot be read."""
        try:
            return {} if request.descriptions is None else from_bytes(self._quarantine.get(request.descriptions))
        except (QuarantineError, ValueError):
            return {}

    def answer(self, request: ReleaseRequest) -> str:
        """What its author says was changed since the last turn; empty where that cannot be read."""
        try:
            return "" if request.answer is None else self._quarantine.get(request.answer).decode()
        except (QuarantineError, ValueError):
            return ""

    def conflicts(self, situation: Situation, entry: Entry) -> tuple[Conflict, ...] | None:
        """The conflicts of a table of the ledger, for checkers and operators; None where its report cannot be read."""
        record = situation.request(entry.request).output(entry.output)
        try:
            return None if record is None else self.read(record, Audience.CHECKER).conflicts
        except (QuarantineError, ValueError, KeyError, TypeError):
            return None

    def fingerprint(self, entry: Entry) -> Fingerprint | None:
        """The fingerprint of a table of the ledger; None where it is missing or cannot be read."""
        return read_fingerprint(entry, self._quarantine)

    def review(
        self,
        request: str,
        person: str,
        votes: tuple[Vote, ...],
        remarks: Remarks = Remarks(),
        seen: str | None = None,
    ) -> Decision | None:
        """Record one checker's votes; the decision, when they complete it. `seen`: the checks (`ReleaseRequest.checks`)
        that the checker has read; votes on others are refused. None where nobody can tell.

        Raises: RefusedError; the refused vote is an event, too.
        """
        with self.following.deciding() as (situation, transaction):
            now = self._clock()
            found, reviewer = situation.request(request), situation.person(person)
            votes = completed(found, person, votes)
            permit = situation.permit(found.project)
            verdict = can_review(found, votes, reviewer, permit, now.date(), situation.stops)
            if isinstance(verdict, Grant) and seen not in {None, found.checks}:
                verdict = _checked_again(request)
            decision = None
            if isinstance(verdict, Refusal):
                transaction.append(person, "review.refused", found.project, refused_body(request, verdict))
            else:
                organisation = reviewer.organisation if reviewer else None
                body = remarks.to_body(request, votes, organisation or "")
                given = transaction.append(person, "review.given", found.project, body)
                decision = due(fold([given], {request: found})[request])
                if decision is not None:
                    said = {"request": request, **decision.to_dict()}
                    transaction.append(EGRESS, "request.decided", found.project, said)
        if isinstance(verdict, Refusal):
            raise RefusedError(verdict)
        return decision

    def download(self, request: str, person: str) -> bytes:
        """The release package, once. It counts as fetched from here on.

        Raises: RefusedError, also when the package is gone or changed; it is an event.
        """
        package, problem = b"", None
        with self.following.deciding() as (situation, transaction):
            found = situation.request(request)
            permit = situation.permit(found.project)
            today = self._clock().date()
            verdict = can_download(found, situation.person(person), permit, today, situation.stops)
            if isinstance(verdict, Refusal):
                problem = verdict
            else:
                try:
                    package = self._exports.read(request, found.package or "")
                except ExportError as error:
                    problem = Refusal("package.unreadable", error.message)
            if problem is None:
                body = {"request": request, "package": found.package}
                transaction.append(person, "package.downloaded", found.project, body)
            else:
                transaction.append(person, "package.download_refused", found.project, refused_body(request, problem))
        if problem is not None:
            raise RefusedError(problem)
        return package


def _checked_again(request: str) -> Refusal:
    reason = say(
        "The checks of request {request} were repeated since you opened it: other tables of the same source were "
        "released. Read the findings again, then vote.",
        request=request,
    )
    return Refusal("review.changed", reason)


def printable(text: str) -> str:
    """What of it may be shown in a terminal: other characters would be read as commands there."""
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n")[:MAX_COMMENT]


def refused_body(request: str, refusal: Refusal) -> dict[str, object]:
    return {"request": request, "rule": refusal.rule, "reason": refusal.reason.to_dict()}


def reason_of(error: Exception) -> Message | None:
    """The sentence that an error of these rooms carries for its person."""
    if isinstance(error, RefusedError):
        return error.refusal.reason
    message = getattr(error, "message", None)
    return message if isinstance(message, Message) else None


def _audience(situation: Situation, request: ReleaseRequest, person: str | None) -> Audience:
    checker = person is not None and situation.is_checker(person, request.project) and person != request.person
    return Audience.CHECKER if checker else Audience.AUTHOR
