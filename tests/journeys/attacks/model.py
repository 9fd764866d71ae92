"""One attempt: what is tried from where, what has to stop it, and the event by which it is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

PERSON, PROJECT = "bob", "reste-a-charge"
W = f"/user/{PERSON}/{PROJECT}"


class Where(StrEnum):
    """From where it is tried."""

    KERNEL = "From a kernel"
    SESSION = "With a browser's session, by hand"
    PAGE = "By a script in a workspace's page"
    OUTBOX = "Through the outbox"
    OUTSIDE = "From outside, or after logging out"


@dataclass(frozen=True)
class Told:
    """The event that it must leave, of bob on the project where `whose` does not say otherwise."""

    kind: str
    body: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    person: str = PERSON
    project: str = PROJECT

    def is_in(self, events: list[dict[str, Any]]) -> bool:
        """Whether one of `events` says it."""
        return any(
            event["kind"] == self.kind
            and event["project"] == self.project
            and self.person in {event["actor"], event["body"].get("person")}
            and self.body.items() <= event["body"].items()
            for event in events
        )


def alarm(door: str, tried: str, project: str = PROJECT) -> Told:
    """The alarm of a kind that `policies/alarms.toml` names."""
    return Told("alarm.raised", MappingProxyType({"door": door, "tried": tried}), project=project)


@dataclass(frozen=True)
class Attack:
    """`act` is Python for a kernel, JavaScript for a page, a request for a session, or the name of a way of its own.

    `told` is an event, or the reason why there is none.
    """

    name: str
    tries: str
    act: Any
    stopped_by: str
    told: Told | str


@dataclass(frozen=True)
class Request:
    """What a session sends, its target as it stands; `statuses` are those of a refusal."""

    method: str
    target: str
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    statuses: tuple[int, ...] = (400, 403, 404, 405)
