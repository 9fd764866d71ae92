"""What was already taken in from outboxes, and what was refused at the door. Each folder is looked at once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from hub.events.chain import Event
from hub.words import Message


@dataclass(frozen=True)
class Entry:
    """One submission folder in one person's outbox."""

    project: str
    person: str
    name: str

    @property
    def is_plain(self) -> bool:
        """Whether its name is one that may stand in a log, a path and a terminal."""
        return _PLAIN.fullmatch(self.name) is not None

    @property
    def logged(self) -> Entry:
        """As the log remembers it: a strange name by its digest."""
        if self.is_plain:
            return self
        digest = hashlib.sha256(self.name.encode("utf-8", "surrogatepass")).hexdigest()
        return replace(self, name=f"name-{digest[:16]}")


_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@dataclass(frozen=True)
class RefusedEntry:
    """A submission that did not become a request, and the sentence for its sender."""

    entry: Entry
    at: str
    reason: Message


_KINDS = frozenset({"request.submitted", "request.refused_entry"})


def known_entries(events: Iterable[Event]) -> frozenset[Entry]:
    """Every folder that the log remembers, taken in or refused, each `logged`."""
    return frozenset(_entry(event) for event in events if event.kind in _KINDS)


def refused_entries(events: Iterable[Event]) -> tuple[RefusedEntry, ...]:
    """The folders that were refused at the door, oldest first."""
    return tuple(
        RefusedEntry(_entry(event), event.at, Message.from_dict(event.body["reason"]))
        for event in events
        if event.kind == "request.refused_entry" and isinstance(event.body.get("reason"), dict)
    )


def entries_since(events: Iterable[Event], person: str, since: datetime) -> int:
    """How many folders of `person` were looked at since then, over all projects."""
    return sum(
        1
        for event in events
        if event.kind in _KINDS and event.actor == person and datetime.fromisoformat(event.at) >= since
    )


def next_id(project: str, events: Iterable[Event]) -> str:
    """The next request's id: it counts, so that nobody's bytes can be spelled in it."""
    taken = sum(1 for event in events if event.kind == "request.submitted" and event.project == project)
    return f"{project}-{taken + 1}"


def _entry(event: Event) -> Entry:
    return Entry(event.project, event.actor, str(event.body.get("entry", "")))
