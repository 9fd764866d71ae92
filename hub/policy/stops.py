"""What people stopped before its time: halts, until they are lifted, and permits, until another is issued. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from hub.policy.verdict import Refusal
from hub.words import Message, say


class Scope(StrEnum):
    """What a stop is on. All but PERMIT are halts, which are lifted as they were made (TEHDAS2 M7.4 OPR-20)."""

    ALL = "all"
    PROJECT = "project"
    PERSON = "person"
    PERMIT = "permit"


HALTS = (Scope.ALL, Scope.PROJECT, Scope.PERSON)


@dataclass(frozen=True)
class Stop:
    """One stop. `name` is the project's or person's id, "" for all; `at` UTC in ISO 8601. `why` is for the log and
    those who answer for it: the stopped do not read it, as it may tell what an inquiry looks for.
    """

    scope: Scope
    name: str
    by: str
    at: str
    why: str

    @property
    def refusal(self) -> Refusal:
        """What everybody is told whose act it refuses."""
        since = self.at[:16].replace("T", " ")
        rule = "permit.ended" if self.scope is Scope.PERMIT else f"halt.{self.scope}"
        return Refusal(rule, Message(_SENTENCES[self.scope].text, {"name": self.name, "since": since}))


# Templates: `Stop.refusal` fills them.
_SENTENCES = MappingProxyType(
    {
        Scope.ALL: say(
            "The enclave is halted since {since} (UTC): nothing opens and nothing leaves until it is resumed; an "
            "operator knows more."
        ),
        Scope.PROJECT: say(
            "Project {name} is halted since {since} (UTC): nothing opens and nothing leaves until it is resumed; an "
            "operator knows more."
        ),
        Scope.PERSON: say(
            "The access of {name} is halted since {since} (UTC) until it is resumed; an operator knows more."
        ),
        Scope.PERMIT: say(
            "The permit of project {name} was ended at {since} (UTC); ask its data holder for a new one."
        ),
    }
)


def _none() -> Mapping[tuple[Scope, str], Stop]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Stops:
    """Every stop that stands."""

    standing: Mapping[tuple[Scope, str], Stop] = field(default_factory=_none)

    def at(self, scope: Scope, name: str = "") -> Stop | None:
        """The stop on exactly this."""
        return self.standing.get((scope, name))

    def on(self, person: str, project: str) -> Refusal | None:
        """Why nothing of `person` on `project` may go on, None when nothing stops it."""
        return self.halt(person, project) or self._first((Scope.PERMIT, project))

    def halt(self, person: str, project: str) -> Refusal | None:
        """As `on`, for acts that a permit's end leaves possible."""
        return self._first((Scope.ALL, ""), (Scope.PROJECT, project), (Scope.PERSON, person))

    def on_person(self, person: str) -> Refusal | None:
        """Why `person` may not even come in and look. Who is not halted reads on, so that an inquiry can."""
        return self._first((Scope.PERSON, person))

    def lift_refusal(self, scope: Scope, name: str, by: str) -> Refusal | None:
        """Why `by` cannot lift the halt on exactly this. Who is halted lifts none."""
        if self.on_person(by) is not None:
            why = say("{person} is halted, and lifts no halt; somebody else must.", person=by)
            return Refusal("halt.own", why)
        if scope not in HALTS or (scope, name) not in self.standing:
            return Refusal("halt.none", say("There is no such halt; bulle halt list shows what stands."))
        return None

    def stopped(self, stop: Stop) -> Stops:
        """With `stop`; of two on the same thing the first stands."""
        return Stops(MappingProxyType({(stop.scope, stop.name): stop, **self.standing}))

    def lifted(self, scope: Scope, name: str = "") -> Stops:
        """Without the stop on exactly this; others on the same person or project stand."""
        return Stops(MappingProxyType({key: stop for key, stop in self.standing.items() if key != (scope, name)}))

    def _first(self, *keys: tuple[Scope, str]) -> Refusal | None:
        return next((self.standing[key].refusal for key in keys if key in self.standing), None)
