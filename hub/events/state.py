"""What the enclave is, folded from its events: persons, sources, permits, extracts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeVar

from hub.catalogue.model import Catalogue
from hub.events.chain import Event
from hub.policy.model import DataPermit, Person

V = TypeVar("V")


def _empty() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class ExtractRecord:
    """One extract that was built: `folder` under the project's extracts, `digest` its manifest's SHA-256."""

    project: str
    folder: str
    digest: str
    built_at: str


@dataclass(frozen=True)
class Enclave:
    """The state that permits and people are decided on. A later permit of a project replaces the earlier one."""

    persons: Mapping[str, Person] = field(default_factory=_empty)
    sources: Mapping[str, Catalogue] = field(default_factory=_empty)
    permits: Mapping[str, DataPermit] = field(default_factory=_empty)
    extracts: Mapping[str, ExtractRecord] = field(default_factory=_empty)

    def projects_of(self, person: str) -> tuple[DataPermit, ...]:
        """The permits that name `person`, by project, whether in force or not."""
        return tuple(permit for _, permit in sorted(self.permits.items()) if permit.roles_of(person))


def fold(events: Iterable[Event], state: Enclave | None = None) -> Enclave:
    """The state after `events`; kinds of other rooms change nothing here."""
    for event in events:
        state = _apply(state or Enclave(), event)
    return state or Enclave()


def _apply(state: Enclave, event: Event) -> Enclave:
    match event.kind:
        case "person.added":
            person = Person.model_validate(event.body["person"])
            return replace(state, persons=_with(state.persons, person.id, person))
        case "source.registered":
            catalogue = Catalogue.model_validate_json(event.body["catalogue"])
            return replace(state, sources=_with(state.sources, catalogue.source.name, catalogue))
        case "permit.issued":
            permit = DataPermit.model_validate_json(event.body["permit"])
            return replace(state, permits=_with(state.permits, permit.project, permit))
        case "extract.built":
            record = ExtractRecord(event.project, event.body["folder"], event.body["digest"], event.at)
            return replace(state, extracts=_with(state.extracts, event.project, record))
        case _:
            return state


def _with(mapping: Mapping[str, V], key: str, value: V) -> Mapping[str, V]:
    return MappingProxyType({**mapping, key: value})
