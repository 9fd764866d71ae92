"""What is news for whom, as the log stands: what became of a person's own requests and imports, and what waits for them
as output checkers and approvers. Pure.

News is where something stands, not an event: what was answered meanwhile is told to nobody, and what became of it is.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from egress.airlock.situation import Situation
from egress.imports.model import ImportRequest
from egress.imports.status import ImportStatus
from egress.release.model import ReleaseRequest
from egress.release.reviewing import asks_look, asks_vote
from egress.release.status import Status
from egress.release.turns import can_approve
from hub.policy.decide import may_decide_import, may_see_imports
from hub.policy.model import Role
from hub.policy.verdict import Grant


class Asks(StrEnum):
    """How a message speaks of it. That something is told says no more of an outcome than that there is one."""

    NOTHING = "nothing"  # there is news on it
    REVIEW = "review"
    AGREEMENT = "agreement"
    APPROVAL = "approval"  # of an import
    LOOK = "look"  # afterwards, by lot


@dataclass(frozen=True)
class Matter:
    """News on `subject`, the id of a request or import (of a refused submission: its project), to be read at `page`.

    `state` and `at` (UTC, ISO 8601): where it stands, since when. They decide what is new and stand in no message.
    """

    at: str
    subject: str
    page: str
    state: str
    asks: Asks = Asks.NOTHING

    @property
    def since(self) -> datetime:
        return datetime.fromisoformat(self.at)

    def digest(self, person: str) -> str:
        """By which the log remembers that `person` was told: 32 hexadecimal digits."""
        spelled = json.dumps([person, self.subject, self.state, self.at, self.asks], separators=(",", ":"))
        return hashlib.sha256(spelled.encode()).hexdigest()[:32]


# What an author did is no news to them; what the machine still does is none yet.
_NEWS = frozenset({Status.REFUSED, Status.RETURNED, Status.REJECTED, Status.RELEASED, Status.RECALLED, Status.EXPIRED})
_IMPORT_NEWS = frozenset({ImportStatus.REFUSED, ImportStatus.REJECTED, ImportStatus.PLACED})
_ID = re.compile(r"[a-z0-9-]{1,80}")  # as the services spell them; what is spelled otherwise is named in no message


def matters(situation: Situation, person: str, after: datetime, today: date) -> tuple[Matter, ...]:
    """What is news for `person` since `after`, the oldest first: nothing for who sees no page of it any more."""
    found = [*_requests(situation, person, today), *_imports(situation, person, today), *_refused(situation, person)]
    new = (each for each in found if each.since >= after and _ID.fullmatch(each.subject))
    return tuple(sorted(new, key=lambda each: (each.at, each.subject)))


def _requests(situation: Situation, person: str, today: date) -> Iterator[Matter]:
    for request in situation.requests.values():
        if not situation.sees(person, request.project):
            continue
        if request.person == person:
            if request.status in _NEWS and not _own_return(request):
                yield _about(request, request.reached[request.status], f"requests/{request.id}")
        elif situation.is_checker(person, request.project) and asks_vote(request, person):
            yield _about(request, request.reached[request.status], f"review/{request.id}", Asks.REVIEW)
        elif request.sample is not None and situation.is_checker(person, request.project):
            if asks_look(request, person):
                yield _about(request, request.sample.at, f"requests/{request.id}", Asks.LOOK)
        elif request.status is Status.AWAITS_APPROVAL:
            known, permit = situation.person(person), situation.permit(request.project)
            if isinstance(can_approve(request, known, permit, today, situation.stops), Grant):
                yield _about(request, request.reached[request.status], f"requests/{request.id}", Asks.AGREEMENT)


def _about(request: ReleaseRequest, at: str, page: str, asks: Asks = Asks.NOTHING) -> Matter:
    return Matter(at, request.id, page, str(request.status), asks)


def _own_return(request: ReleaseRequest) -> bool:
    return request.status is Status.RETURNED and request.returned is not None and request.returned.by == request.person


def _imports(situation: Situation, person: str, today: date) -> Iterator[Matter]:
    known = situation.person(person)
    for found in situation.imports.values():
        permit = situation.permit(found.project)
        if not isinstance(may_see_imports(known, permit, situation.stops), Grant):
            continue
        if found.person == person:
            if found.status in _IMPORT_NEWS:
                yield _brought(found)
        elif found.status is ImportStatus.IN_REVIEW:
            approver = found.approver or Role.OUTPUT_CHECKER
            verdict = may_decide_import(known, permit, found.person, approver, today, situation.stops)
            if isinstance(verdict, Grant):
                yield _brought(found, Asks.APPROVAL)


def _brought(found: ImportRequest, asks: Asks = Asks.NOTHING) -> Matter:
    return Matter(found.reached[found.status], found.id, f"imports/{found.id}", str(found.status), asks)


def _refused(situation: Situation, person: str) -> Iterator[Matter]:
    """Submissions refused at the door. Their names are their sender's words, so the project stands for them."""
    for each in situation.refused_visible_to(person):
        if situation.sees(person, each.entry.project):
            yield Matter(each.at, each.entry.project, "requests", "refused_entry")
