"""What is signed, and when: one package for one decision, found in a log that holds together. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from egress.release.fold import Requests
from egress.release.fold import fold as fold_requests
from egress.release.guards import can_release
from hub.events.chain import Event, Tampering
from hub.events.state import Enclave
from hub.events.state import fold as fold_enclave
from hub.policy.verdict import Grant, Refusal
from hub.words import say

SCHEMA = "bulle.release/1"


def statement(request: str, digest: str) -> bytes:
    """The bytes that are signed: three lines of ASCII. `digest` is that of the package's SHA256SUMS."""
    return f"{SCHEMA}\n{request}\n{digest}\n".encode("ascii")


@dataclass(frozen=True)
class Known:
    """What the signer knows of the log."""

    enclave: Enclave = field(default_factory=Enclave)
    requests: Requests = field(default_factory=lambda: MappingProxyType({}))


def known_after(events: Iterable[Event], before: Known) -> Known:
    """What is known after `events`."""
    each = tuple(events)
    return Known(fold_enclave(each, before.enclave), fold_requests(each, before.requests)) if each else before


def may_sign(known: Known | Tampering, request: str, digest: str, today: date) -> Grant | Refusal:
    """Leave to sign `digest` as the package of `request`: the log as it was written, the request approved by its
    reviews and free to leave, and no other package signed for this decision.
    """
    if isinstance(known, Tampering):
        reason = say("The event log was changed at entry {seq}; nothing is signed.", seq=known.seq)
        return Refusal("signer.log_changed", reason)
    found = known.requests.get(request)
    if found is None:
        return Refusal("signer.no_request", say("The event log knows no such request; nothing is signed."))
    enclave = known.enclave
    author, permit = enclave.persons.get(found.person), enclave.permits.get(found.project)
    leave = can_release(found, author, permit, today, enclave.stops)
    if isinstance(leave, Refusal):
        return leave
    if found.signed not in {None, digest}:
        reason = say(
            "Another package of request {request} was signed for this decision; an operator must look.",
            request=found.id,
        )
        return Refusal("signer.other_package", reason)
    return leave
