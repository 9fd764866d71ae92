"""Who was told of what, and how the mail server does, folded from the log: known again after any restart. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from egress.airlock.situation import Situation
from hub.events.chain import Event

MAILED, DEFERRED, REFUSED = "notice.mailed", "notice.deferred", "notice.refused"
FAILED, RECOVERED = "mail.failed", "mail.recovered"


@dataclass(frozen=True)
class Trouble:
    """A message that the mail server did not take: when, by which rule, with which code of the server's (0: none).

    `final`: it refused for good, and this news is not mailed again.
    """

    person: str
    at: str
    rule: str
    code: int
    final: bool


@dataclass(frozen=True)
class Told:
    """`done`: by person, the news (`Matter.digest`) that needs no message any more. `deferred`: whose message waits.
    `refused`: those refused for good, oldest first. `failing`: the rule by which the server takes nothing; "" when it
    does, `failing_since` as the log has it.
    """

    done: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    deferred: Mapping[str, Trouble] = field(default_factory=lambda: MappingProxyType({}))
    refused: tuple[Trouble, ...] = ()
    failing: str = ""
    failing_since: str = ""

    def after(self, events: Iterable[Event]) -> Told:
        """With what happened since."""
        told = self
        for event in events:
            told = told._after(event)
        return told

    def _after(self, event: Event) -> Told:
        body = event.body
        match event.kind:
            case "mail.failed":
                return replace(self, failing=str(body["rule"]), failing_since=event.at)
            case "mail.recovered":
                return replace(self, failing="", failing_since="")
            case "notice.deferred":
                trouble = _trouble(event, final=False)
                return replace(self, deferred=MappingProxyType({**self.deferred, trouble.person: trouble}))
            case "notice.refused":
                return replace(self._done(event), refused=(*self.refused, _trouble(event, final=True)))
            case "notice.mailed":
                return self._done(event)
        return self

    def _done(self, event: Event) -> Told:
        person = str(event.body["person"])
        digests = frozenset(str(each["digest"]) for each in event.body["notices"])
        done = {**self.done, person: self.done.get(person, frozenset()) | digests}
        waiting = {name: trouble for name, trouble in self.deferred.items() if name != person}
        return replace(self, done=MappingProxyType(done), deferred=MappingProxyType(waiting))


def _trouble(event: Event, *, final: bool) -> Trouble:
    return Trouble(str(event.body["person"]), event.at, str(event.body["rule"]), int(event.body["code"]), final)


@dataclass(frozen=True)
class Known:
    """What the log says, as far as messages are made of it."""

    situation: Situation = field(default_factory=Situation)
    told: Told = field(default_factory=Told)

    def after(self, events: Iterable[Event]) -> Known:
        """With what happened since."""
        events = tuple(events)
        return Known(self.situation.after(events), self.told.after(events))
