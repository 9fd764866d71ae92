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


@dataclass(frozen=True)
class Recent:
    """Requests and imports that stand since `after` or later where they stand: no other can be news for anybody."""

    situation: Situation
    after: datetime
    requests: tuple[ReleaseRequest, ...]
    imports: tuple[ImportRequest, ...]


def recent(situation: Situation, after: datetime) -> Recent:
    """Looked for once for all people."""

    def moved(at: str | None) -> bool:
        return at is not None and datetime.fromisoformat(at) >= after

    requests = (
        each
        for each in situation.requests.values()
        if moved(each.reached.get(each.status)) or moved(each.sample.at if each.sample else None)
    )
    imports = (each for each in situation.imports.values() if moved(each.reached.get(each.status)))
    return Recent(situation, after, tuple(requests), tuple(imports))


def matters(found: Recent, person: str, today: date) -> tuple[Matter, ...]:
    """What is news for `person`, the oldest first: nothing for who sees no page of it any more."""
    every = [*_requests(found, person, today), *_imports(found, person, today), *_refused(found.situation, person)]
    new = (each for each in every if each.since >= found.after and _ID.fullmatch(each.subject))
    return tuple(sorted(new, key=lambda each: (each.at, each.subject)))


def _requests(found: Recent, person: str, today: date) -> Iterator[Matter]:
    situation = found.situation
    for request in found.requests:
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


def _imports(found: Recent, person: str, today: date) -> Iterator[Matter]:
    situation, known = found.situation, found.situation.person(person)
    for each in found.imports:
        permit = situation.permit(each.project)
        if not isinstance(may_see_imports(known, permit, situation.stops), Grant):
            continue
        if each.person == person:
            if each.status in _IMPORT_NEWS:
                yield _brought(each)
        elif each.status is ImportStatus.IN_REVIEW:
            approver = each.approver or Role.OUTPUT_CHECKER
            verdict = may_decide_import(known, permit, each.person, approver, today, situation.stops)
            if isinstance(verdict, Grant):
                yield _brought(each, Asks.APPROVAL)


def _brought(found: ImportRequest, asks: Asks = Asks.NOTHING) -> Matter:
    return Matter(found.reached[found.status], found.id, f"imports/{found.id}", str(found.status), asks)


def _refused(situation: Situation, person: str) -> Iterator[Matter]:
    """Submissions refused at the door. Their names are their sender's words, so the project stands for them."""
    for each in situation.refused_visible_to(person):
        if situation.sees(person, each.entry.project):
            yield Matter(each.at, each.entry.project, "requests", "refused_entry")
