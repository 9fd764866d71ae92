"""What is signed, and when: one package for one decision, found in a log that holds together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from egress.release.fold import fold as fold_requests
from egress.release.guards import can_release
from hub.events.chain import Event, verify
from hub.events.state import fold as fold_enclave
from hub.policy.verdict import Grant, Refusal
from hub.words import say

SCHEMA = "bulle.release/1"


def statement(request: str, digest: str) -> bytes:
    """The bytes that are signed: three lines of ASCII. `digest` is that of the package's SHA256SUMS."""
    return f"{SCHEMA}\n{request}\n{digest}\n".encode("ascii")


def may_sign(events: Sequence[Event], request: str, digest: str, today: date) -> Grant | Refusal:
    """Leave to sign `digest` as the package of `request`: the whole log as it was written, the request approved by its
    reviews and free to leave, and no other package signed for this decision.
    """
    tampering = verify(events)
    if tampering is not None:
        reason = say("The event log was changed at entry {seq}; nothing is signed.", seq=tampering.seq)
        return Refusal("signer.log_changed", reason)
    found = fold_requests(events).get(request)
    if found is None:
        return Refusal("signer.no_request", say("The event log knows no such request; nothing is signed."))
    enclave = fold_enclave(events)
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
