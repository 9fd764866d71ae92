"""The door: submissions in outboxes become requests, frozen by digest, or refused entries with one sentence."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from egress.airlock.failure import record_failure
from egress.airlock.following import Following
from egress.airlock.situation import Situation, unknown_request
from egress.imports.fold import placed_in
from egress.release.descriptions import to_bytes
from egress.release.entries import Entry
from egress.release.model import FrozenFile
from egress.release.turns import can_resubmit
from egress.store.intake import Taken, take, waiting
from egress.store.quarantine import Quarantine, QuarantineError
from egress.store.submission import IntakeError
from hub.events.log import Clock, EventLog
from hub.policy.decide import may_submit
from hub.policy.limits import IntakeLimits
from hub.policy.verdict import Refusal
from hub.words import Message, say

_DAY = timedelta(hours=24)


class Door:
    """Takes each submission folder in once. Who sent it follows from where it lies, never from what it says."""

    def __init__(  # noqa: PLR0913, PLR0917 -- its parts, in the order of a submission's way
        self,
        log: EventLog,
        following: Following,
        quarantine: Quarantine,
        outboxes: Path,
        limits: IntakeLimits,
        clock: Clock,
    ) -> None:
        self._log = log
        self._following = following
        self._quarantine = quarantine
        self._outboxes = outboxes
        self._limits = limits
        self._clock = clock

    def take_in(self) -> tuple[str, ...]:
        """Look at every folder that is new; the ids of the requests made."""
        known, made = self._following.look().entries.looked, []
        for entry in waiting(self._outboxes):
            if entry.logged not in known:
                identity = self._take_in(entry)
                made += [identity] if identity else []
        return tuple(made)

    def _take_in(self, entry: Entry) -> str | None:
        now, situation = self._clock(), self._following.look()
        if situation.entries.since(entry.person, now - _DAY) >= self._limits.entries_per_day:
            return None  # it stays in the outbox and has its turn tomorrow
        person, permit = situation.person(entry.person), situation.permit(entry.project)
        verdict = may_submit(person, permit, now.date(), situation.stops)
        if isinstance(verdict, Refusal):
            return self._refuse(entry, verdict.reason)
        try:
            return self._freeze(take(self._outboxes, entry, self._limits))
        except IntakeError as error:
            return self._refuse(entry, error.message)
        except QuarantineError as error:
            reason = error.message
        except Exception as error:  # noqa: BLE001 -- one folder must not hold up the others; texts of errors may hold data
            reason = say("The submission cannot be taken in for an internal error ({kind}).", kind=type(error).__name__)
        with self._log.transaction() as transaction:
            record_failure(transaction, entry.project, {"entry": entry.logged.name}, reason, now)
        return None

    def _refuse(self, entry: Entry, reason: Message) -> str | None:
        body = {"entry": entry.logged.name, "reason": reason.to_dict()}
        self._log.append(entry.person, "request.refused_entry", entry.project, body)
        return None

    def _freeze(self, taken: Taken) -> str | None:
        entry, submission = taken.entry, taken.submission
        notebook = self._put(submission.notebook, taken.notebook)
        files = [self._put(name, content).to_dict() for name, content in taken.files]
        descriptions = self._quarantine.put(to_bytes(submission.descriptions))
        answer = self._quarantine.put((submission.answer or "").encode())
        with self._following.deciding() as (situation, transaction):
            if entry.logged in situation.entries.looked:
                return None  # another worker was quicker
            body: dict[str, object] = {
                "entry": entry.logged.name,
                "title": submission.title,
                "notebook": notebook.to_dict(),
                "files": files,
                "descriptions": descriptions,
            }
            # What lay in the project then, by digest: the re-run has these and no later ones.
            brought = [each.brought.to_dict() for each in placed_in(situation.imports, entry.project)]
            body |= {"imports": brought} if brought else {}
            if submission.request is None:
                identity = situation.entries.next_id(entry.project)
                transaction.append(entry.person, "request.submitted", entry.project, {**body, "request": identity})
                return identity
            refusal = self._not_again(entry, submission.request, situation)
            if refusal is None:
                body |= {"request": submission.request, "answer": answer}
                transaction.append(entry.person, "request.resubmitted", entry.project, body)
                return submission.request
        return self._refuse(entry, refusal)

    def _not_again(self, entry: Entry, identity: str, situation: Situation) -> Message | None:
        """Why `entry` cannot be another turn of the request called so."""
        found = situation.requests.get(identity)
        if found is None or found.project != entry.project:
            return unknown_request(identity).reason
        person, permit = situation.person(entry.person), situation.permit(entry.project)
        verdict = can_resubmit(found, person, permit, self._clock().date(), situation.stops)
        return verdict.reason if isinstance(verdict, Refusal) else None

    def _put(self, name: str, content: bytes) -> FrozenFile:
        return FrozenFile(name, self._quarantine.put(content), len(content))
