"""Bytes per session: what the edge's meter counted, and when it becomes an event. Pure.

A person reads pages, not megabytes. The meter cannot keep anybody from copying what their browser shows; it tells those
who answer for the data that somebody is being shown more than a person reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from hub.events.chain import Event

MB = 1_000_000
Key = tuple[str, str]  # person, project


@dataclass(frozen=True)
class Line:
    """One answer that a workspace gave, or one websocket that closed; `at` in seconds since 1970."""

    at: float
    person: str
    project: str
    size: int


@dataclass(frozen=True)
class Session:
    """A session and what it sent so far; `told` is the step (see `step_of`) that the log knows of."""

    seq: int
    began: float
    sent: int = 0
    told: int = 0


@dataclass(frozen=True)
class Due:
    """A session that must become an event now."""

    person: str
    project: str
    session: int
    sent: int


@dataclass(frozen=True)
class Told:
    """What the log says of one session; `at` as the event has it, `megabytes` rounded down."""

    at: str
    person: str
    project: str
    megabytes: int


def _empty() -> Mapping[Key, tuple[Session, ...]]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Meter:
    """Every session that the log knows, oldest first, by person and project."""

    sessions: Mapping[Key, tuple[Session, ...]] = field(default_factory=_empty)


def read_line(text: str) -> Line | None:
    """The line that stands in `text`; None when it is none. A door that was taken over may write anything."""
    try:
        found = json.loads(text)
        at, person, project, size = (found[name] for name in ("at", "person", "project", "bytes"))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not all(isinstance(name, str) for name in (person, project)):
        return None
    if type(size) is not int or type(at) not in {int, float} or not 0 <= size < 2**63 or not 0 <= at < 2**40:
        return None
    return Line(float(at), person, project, size)


def step_of(sent: int, limit: int) -> int:
    """0 below `limit` bytes, 1 from there on, and one more each time that they have doubled."""
    return (sent // limit).bit_length()


def with_events(meter: Meter, events: Iterable[Event], limit: int) -> Meter:
    """`meter` with the sessions that began, and with what the log tells already."""
    sessions = dict(meter.sessions)
    for event in events:
        if event.kind == "session.started":
            key = (event.actor, event.project)
            began = datetime.fromisoformat(event.at).timestamp()
            sessions[key] = (*sessions.get(key, ()), Session(event.seq, began))
        elif event.kind == "session.volume":
            key, told = (str(event.body.get("person")), event.project), step_of(int(event.body["bytes"]), limit)
            sessions[key] = tuple(
                replace(each, told=max(each.told, told)) if each.seq == event.body.get("session") else each
                for each in sessions.get(key, ())
            )
    return Meter(MappingProxyType(sessions))


def with_lines(meter: Meter, lines: Iterable[Line]) -> Meter:
    """`meter` with what `lines` counted. A line belongs to the last session that began before it; others to none."""
    sessions = dict(meter.sessions)
    for line in lines:
        key = (line.person, line.project)
        known = sessions.get(key, ())
        place = sum(each.began <= line.at for each in known) - 1
        if place >= 0:
            counted = replace(known[place], sent=known[place].sent + line.size)
            sessions[key] = (*known[:place], counted, *known[place + 1 :])
    return Meter(MappingProxyType(sessions))


def due(meter: Meter, limit: int) -> tuple[Due, ...]:
    """The sessions that have passed `limit` bytes, or doubled them, since the log told of them."""
    return tuple(
        Due(person, project, each.seq, each.sent)
        for (person, project), known in sorted(meter.sessions.items())
        for each in known
        if step_of(each.sent, limit) > each.told
    )


def told(events: Iterable[Event], before: Mapping[object, Told] | None = None) -> Mapping[object, Told]:
    """The sessions that became events, each as it was told last, in that order; by the place where they began."""
    latest = dict(before or {})
    for event in events:
        if event.kind == "session.volume":
            body, session = event.body, event.body.get("session")
            latest.pop(session, None)
            latest[session] = Told(event.at, str(body["person"]), event.project, int(body["bytes"]) // MB)
    return MappingProxyType(latest)
