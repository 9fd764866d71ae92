"""What one open workspace is told of itself: its permit, its budget, its requests, its end. Pure.

It holds what the pages of the release service show to the same person, and less: no finding, no comment, no name of a
checker. Sentences stand in both languages, as whoever shows them knows the reader's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from egress.privacy.ledger import NANO, Ledger, balance, nano
from egress.privacy.ledger import fold as fold_ledger
from egress.release.entries import RefusedEntry, refused_entries
from egress.release.fold import Requests
from egress.release.fold import fold as fold_requests
from egress.release.model import ReleaseRequest
from egress.web import wording
from hub.events.chain import Event
from hub.events.state import Enclave
from hub.events.state import fold as fold_enclave
from hub.language import LANGUAGES, render
from hub.policy.files import Purposes
from hub.policy.limits import IdleLimits
from hub.policy.model import DataPermit
from hub.words import Message, say
from hub.workspace import Workspace

SCHEMA = "bulle.notices/1"
MOST = 20  # requests, and as many refused submissions: the newest
Notices = Mapping[str, Any]


@dataclass(frozen=True)
class Known:
    """What the log says, as far as workspaces are told of it."""

    enclave: Enclave = field(default_factory=Enclave)
    requests: Requests = field(default_factory=lambda: MappingProxyType({}))
    refused: tuple[RefusedEntry, ...] = ()
    ledger: Ledger = field(default_factory=Ledger)

    def after(self, events: Iterable[Event]) -> Known:
        """With what happened since."""
        events = tuple(events)
        return replace(
            self,
            enclave=fold_enclave(events, self.enclave),
            requests=fold_requests(events, self.requests),
            refused=(*self.refused, *refused_entries(events)),
            ledger=fold_ledger(events, self.ledger),
        )

    @property
    def open(self) -> tuple[Workspace, ...]:
        """The open workspaces."""
        return tuple(Workspace(person, project) for person, project in sorted(self.enclave.sessions))


def notices(known: Known, workspace: Workspace, purposes: Purposes, idle: IdleLimits, now: datetime) -> Notices:
    """What `workspace` is told at `now`."""
    permit = known.enclave.permits.get(workspace.project)
    mine = [each for each in known.refused if (each.entry.person, each.entry.project) == _key(workspace)]
    requests = [each for each in known.requests.values() if each.project == workspace.project]
    return {
        "schema": SCHEMA,
        "project": workspace.project,
        "permit": None if permit is None else _permit(permit, purposes),
        "budget": None if permit is None else _budget(permit, known.ledger),
        "closing": _closing(known, workspace, permit, idle, now),
        "requests": [_request(each, workspace.person) for each in reversed(requests[-MOST:])],
        "refused": [
            {"entry": each.entry.name, "at": each.at, "why": _said(each.reason)} for each in reversed(mine[-MOST:])
        ],
    }


def _key(workspace: Workspace) -> tuple[str, str]:
    return workspace.person, workspace.project


def _permit(permit: DataPermit, purposes: Purposes) -> Notices:
    purpose = purposes.purposes.get(permit.purpose)
    title = {language: getattr(purpose.title, language) if purpose else permit.purpose for language in LANGUAGES}
    return {
        "title": permit.title,
        "statement": permit.statement,
        "purpose": title,
        "valid_until": permit.valid_until.isoformat(),
    }


def _budget(permit: DataPermit, ledger: Ledger) -> Notices:
    held = balance(ledger, permit.source, nano(permit.rho), permit.project)
    return {"rho": _decimal(held.cap), "left": _decimal(held.left)}


def _decimal(nano_rho: int) -> str:
    return f"{(Decimal(nano_rho) / NANO).normalize():f}"


def _request(request: ReleaseRequest, person: str) -> Notices:
    return {
        "id": request.id,
        "title": request.title,
        "entry": request.entry,
        "mine": request.person == person,
        "status": str(request.status),
        "said": _said(wording.STATUS[request.status]),
        "owner": str(request.owner),
        "at": request.reached.get(request.status, request.submitted_at),
        "reasons": [_said(reason) for reason in request.reasons],
    }


def _closing(
    known: Known, workspace: Workspace, permit: DataPermit | None, idle: IdleLimits, now: datetime
) -> Notices | None:
    """When it is closed next and why, once that is near."""
    ends: list[tuple[datetime, Message]] = []
    warned = known.enclave.idle.get(_key(workspace))
    if warned is not None:
        ends.append(
            (warned.until, say("Nobody uses this workspace, and nothing runs in it; use it and it stays open."))
        )
    if permit is not None:
        end = datetime.combine(permit.valid_until + timedelta(days=1), time(), UTC)
        if now >= end - idle.warning:
            ends.append((end, say("The project's permit ends today.")))
    if not ends:
        return None
    at, why = min(ends, key=lambda each: each[0])
    return {"at": at.isoformat(), "why": _said(why)}


def _said(message: Message) -> Mapping[str, str]:
    return {language: render(message, language) for language in LANGUAGES}
