"""The hash chain: what an event is, what its digest covers, and where a log stops being what was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.words import Message, say

GENESIS = "0" * 64


@dataclass(frozen=True)
class Event:
    """One act. `at` is UTC in ISO 8601; `body` holds names, digests and outcomes, never values from the data."""

    seq: int
    at: str
    actor: str
    kind: str
    project: str
    body: Mapping[str, Any]
    previous: str
    digest: str


@dataclass(frozen=True)
class Tampering:
    """The first event that is not what was written. `seq` is the place where it stands or should stand."""

    seq: int
    why: Message


def canonical(body: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no free space: the one spelling that is hashed and stored."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(  # noqa: PLR0913, PLR0917 -- the seven sealed fields, in their order
    seq: int, at: str, actor: str, kind: str, project: str, body: str, previous: str
) -> str:
    """SHA-256 over all sealed fields as one JSON list, so that no two events share a spelling."""
    sealed = json.dumps([seq, at, actor, kind, project, body, previous], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(sealed.encode()).hexdigest()


class TamperedError(Exception):
    """Carries the first Tampering out of a reading."""

    def __init__(self, tampering: Tampering) -> None:
        super().__init__(str(tampering.why))
        self.tampering = tampering


def checked(events: Iterable[Event], after: Event | None = None) -> Iterator[Event]:
    """`events` one by one, each once it was found to follow the one before it; the first follows `after`, or begins.

    Raises: TamperedError at the first that does not.
    """
    place, previous = (0, GENESIS) if after is None else (after.seq, after.digest)
    for event in events:
        place += 1
        if event.seq != place:
            why = say("Entry {seq} is missing or out of order: {found} stands there.", seq=place, found=event.seq)
            raise TamperedError(Tampering(place, why))
        if event.previous != previous:
            raise TamperedError(Tampering(place, say("Entry {seq} does not follow the entry before it.", seq=place)))
        if not intact(event):
            raise TamperedError(Tampering(place, say("Entry {seq} was changed after it was written.", seq=place)))
        previous = event.digest
        yield event


def intact(event: Event) -> bool:
    """Whether the digest of `event` is that of its fields."""
    spelled = canonical(event.body)
    return event.digest == digest_of(
        event.seq, event.at, event.actor, event.kind, event.project, spelled, event.previous
    )


def verify(events: Iterable[Event], head: str | None = None) -> Tampering | None:
    """The first tampering in `events` (in order of their place), or None.

    With `head`, a digest kept elsewhere, also a cut-off tail or a log rewritten from its start:
    the digest must stand somewhere in the chain.
    """
    place, seen_head = 0, head is None or head == GENESIS
    try:
        for event in checked(events):
            place = event.seq
            seen_head = seen_head or event.digest == head
    except TamperedError as error:
        return error.tampering
    if not seen_head:
        return Tampering(
            place + 1,
            say(
                "The head kept elsewhere is not in this log: entries after {seq} were cut off, "
                "or the log was rewritten.",
                seq=place,
            ),
        )
    return None
