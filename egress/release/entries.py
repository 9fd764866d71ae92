"""What was already taken in from outboxes, and what was refused at the door. Each folder is looked at once."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

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


_KINDS = frozenset({"request.submitted", "request.resubmitted", "request.refused_entry"})


@dataclass(frozen=True)
class Entries:
    """What the log says of folders. `looked`: when each was taken in or refused (UTC, ISO 8601), by how it is `logged`;
    `refused`: those refused, oldest first; `submitted`: how many were taken in, by project.
    """

    looked: Mapping[Entry, str] = field(default_factory=lambda: MappingProxyType({}))
    refused: tuple[RefusedEntry, ...] = ()
    submitted: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def since(self, person: str, moment: datetime) -> int:
        """How many folders of `person` were looked at since then, over all projects."""
        return sum(
            1 for entry, at in self.looked.items() if entry.person == person and datetime.fromisoformat(at) >= moment
        )

    def next_id(self, project: str) -> str:
        """The next request's id: it counts, so that nobody's bytes can be spelled in it."""
        return f"{project}-{self.submitted.get(project, 0) + 1}"


def refused_entries(events: Iterable[Event]) -> tuple[RefusedEntry, ...]:
    """The folders that were refused at the door, oldest first."""
    return tuple(
        RefusedEntry(_entry(event), event.at, Message.from_dict(event.body["reason"]))
        for event in events
        if event.kind == "request.refused_entry" and isinstance(event.body.get("reason"), dict)
    )


def fold(events: Iterable[Event], before: Entries | None = None) -> Entries:
    """The folders after `events`."""
    before, seen = before or Entries(), [event for event in events if event.kind in _KINDS]
    if not seen:
        return before
    taken = Counter(event.project for event in seen if event.kind == "request.submitted")
    return Entries(
        MappingProxyType({**before.looked, **{_entry(event): event.at for event in seen}}),
        (*before.refused, *refused_entries(seen)),
        MappingProxyType(Counter(before.submitted) + taken),
    )


def _entry(event: Event) -> Entry:
    return Entry(event.project, event.actor, str(event.body.get("entry", "")))
