"""What reproducibility reviewers do: ask that an approved request is run again, and read what came of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from egress.airlock.following import Following
from egress.airlock.situation import Situation, unknown_request
from egress.dossier.certificate import read_certificate
from egress.release.model import ReleaseRequest
from egress.store.quarantine import Quarantine
from hub.events.log import Clock, EventLog, utc_now
from hub.policy.decide import may_reproduce
from hub.policy.verdict import Grant, Refusal, RefusedError
from hub.words import Message, say


class ReviewerDesk:
    """Needs the log, and quarantine for reading."""

    def __init__(self, log: EventLog, quarantine: Quarantine, clock: Clock = utc_now) -> None:
        self._following = Following(log)
        self._quarantine = quarantine
        self._clock = clock

    def ask(self, request: str, person: str) -> int:
        """Ask that an approved request is run again: the log's entry that asked. Asked again while the first waits, it
        is the same. Raises: RefusedError; the refusal is an event, too.
        """
        with self._following.deciding() as (situation, transaction):
            found = situation.requests.get(request)
            verdict = can_reproduce(found, request, situation, person, self._clock().date())
            waiting = [asked for asked in _asked(situation, request, person) if situation.reproductions[asked].waits]
            if isinstance(verdict, Refusal):
                body = {"request": request[:80], "rule": verdict.rule, "reason": verdict.reason.to_dict()}
                transaction.append(person, "reproduction.refused", found.project if found else "", body)
            elif not waiting:
                event = transaction.append(person, "reproduction.asked", verdict.project, {"request": request})
                waiting = [event.seq]
        if isinstance(verdict, Refusal):
            raise RefusedError(verdict)
        return waiting[0]

    def last(self, request: str, person: str) -> int:
        """The last re-run of `request` that `person` asked for. Raises: RefusedError when there is none."""
        asked = _asked(self._following.look(), request, person)
        if not asked:
            reason = say("You have asked for no re-run of request {request}.", request=request[:80])
            raise RefusedError(Refusal("reproduce.none", reason))
        return asked[-1]

    def certificate(self, asked: int) -> dict[str, Any] | Message | None:
        """The certificate of a re-run, or why there is none; None while it waits. Raises: QuarantineError."""
        found = self._following.look().reproductions.get(asked)
        if found is None or found.certificate is None:
            return found.refused if found else None
        return read_certificate(self._quarantine.get(found.certificate))


def can_reproduce(
    request: ReleaseRequest | None, identity: str, situation: Situation, person: str, today: date
) -> Grant | Refusal:
    """A reproducibility reviewer has an approved request run again that has a dossier."""
    if request is None:
        return unknown_request(identity)
    permits, original = situation.enclave.permits.values(), situation.permit(request.project)
    standing = may_reproduce(situation.person(person), permits, original, today, situation.stops)
    if isinstance(standing, Grant) and request.dossier is None:
        reason = say("Request {request} has no reproduction dossier; only what was released has one.", request=identity)
        return Refusal("reproduce.no_dossier", reason)
    return standing


def _asked(situation: Situation, request: str, person: str) -> list[int]:
    found = situation.reproductions.values()
    return [each.asked for each in found if (each.request, each.person) == (request, person)]
