"""Alarms: what doors, hub and engine refused, counted by day, person and project, and when the log is told. Pure.

The log is told of the first of its kind on a day and then at each power of ten, so that nobody can fill it by trying,
and nobody hides a hundred attempts behind one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType

from pydantic import Field, TypeAdapter, ValidationError

from hub.events.chain import Event
from hub.events.state import Enclave
from hub.policy.alarms import AlarmPolicy, Place
from hub.policy.base import Frozen

KIND, ANSWERED = "alarm.raised", "alarm.answered"


class Refused(Frozen):
    """One refusal, a line in the folder of who refused. `at` in seconds since 1970; names are "" where unknown."""

    at: float = Field(ge=0, lt=2**40)
    tried: str = Field(pattern=r"^[a-z][a-z-]{0,31}$")
    person: str = Field(max_length=64)
    project: str = Field(max_length=64)

    @property
    def line(self) -> str:
        """As it stands in a file, without the line's end."""
        return self.model_dump_json()


_REFUSED: TypeAdapter[Refused] = TypeAdapter(Refused)


@dataclass(frozen=True, order=True)
class Kind:
    """What is counted as one: the same thing tried on the same day (UTC) by the same person on the same project."""

    day: str
    door: str
    tried: str
    person: str
    project: str

    @property
    def id(self) -> str:
        """As people name it on the command line and in forms."""
        return "/".join((self.day, self.door, self.tried, self.person or "-", self.project or "-"))


def _empty() -> Mapping[Kind, int]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Tally:
    """How often each was counted, and how often the log says that it was."""

    counted: Mapping[Kind, int] = field(default_factory=_empty)
    told: Mapping[Kind, int] = field(default_factory=_empty)


def read_refused(text: str) -> Refused | None:
    """The refusal that stands in `text`; None when it is none. A door that was taken over may write anything."""
    try:
        return _REFUSED.validate_json(text)
    except ValidationError:
        return None


def with_told(tally: Tally, events: Iterable[Event]) -> Tally:
    """`tally` with what the log tells already."""
    told = dict(tally.told)
    for event in events:
        if event.kind == KIND:
            kind = _kind_of(event)
            told[kind] = max(told.get(kind, 0), int(event.body["times"]))
    return Tally(tally.counted, MappingProxyType(told))


def with_refused(tally: Tally, door: Place, refused: Iterable[Refused], enclave: Enclave, policy: AlarmPolicy) -> Tally:
    """`tally` with what the policy calls abnormal among what `door` refused.

    Names that the enclave does not know count as "": an address holds whatever somebody writes into it.
    """
    counted = dict(tally.counted)
    for each in refused:
        person = each.person if each.person in enclave.persons else ""
        project = each.project if each.project in enclave.permits else ""
        stranger = door is Place.EDGE and not person
        if not stranger and policy.raises(door, each.tried):
            day = datetime.fromtimestamp(each.at, UTC).date().isoformat()
            kind = Kind(day, str(door), each.tried, person, project)
            counted[kind] = counted.get(kind, 0) + 1
    return Tally(MappingProxyType(counted), tally.told)


def step_of(times: int) -> int:
    """0 for none, 1 from the first on, 2 from the tenth, 3 from the hundredth."""
    return len(str(times)) if times else 0


def due_alarms(tally: Tally) -> tuple[tuple[Kind, int], ...]:
    """What must become an event now, and how often it was counted."""
    return tuple(
        (kind, times)
        for kind, times in sorted(tally.counted.items())
        if step_of(times) > step_of(tally.told.get(kind, 0))
    )


def body_of(kind: Kind, times: int) -> dict[str, object]:
    """The event's body; its project stands beside it."""
    return {"person": kind.person, "door": kind.door, "tried": kind.tried, "day": kind.day, "times": times}


@dataclass(frozen=True)
class Answered:
    """What somebody found behind an alarm; `at` UTC in ISO 8601."""

    by: str
    at: str
    why: str


@dataclass(frozen=True)
class Alarm:
    """What the log says of one kind of refused act on one day; `at` as its last event has it. An answer is about the
    alarm as it was told then: one that is told again, of more, has none.
    """

    at: str
    kind: Kind
    times: int
    answer: Answered | None = None


def alarms(events: Iterable[Event], before: Mapping[Kind, Alarm] | None = None) -> Mapping[Kind, Alarm]:
    """The alarms that were raised, each as it was told last, in that order; `before` as the events before said."""
    latest = dict(before or {})
    for event in events:
        if event.kind == KIND:
            kind = _kind_of(event)
            latest.pop(kind, None)
            latest[kind] = Alarm(event.at, kind, int(event.body["times"]))
        elif event.kind == ANSWERED and (found := latest.get(_kind_of(event))) and found.times == event.body["times"]:
            latest[found.kind] = replace(found, answer=Answered(event.actor, event.at, str(event.body["why"])))
    return MappingProxyType(latest)


def _kind_of(event: Event) -> Kind:
    day, door, tried, person = (str(event.body.get(name)) for name in ("day", "door", "tried", "person"))
    return Kind(day, door, tried, person, event.project)
