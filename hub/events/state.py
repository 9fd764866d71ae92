"""What the enclave is, folded from its events: persons, sources, permits, stops, extracts, open workspaces. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, TypeVar

from hub.catalogue.model import Catalogue
from hub.events.campaigns import KINDS_OF_REVIEW, named_anew, reviewed
from hub.events.chain import Event
from hub.policy.campaign import Campaigns
from hub.policy.factors import Asked, Factor, FactorKind, Factors
from hub.policy.lockout import COUNTED, Attempts, keys_of, with_failure, with_lock, without
from hub.policy.model import DataPermit, Person
from hub.policy.standing import Requirements, Signature, Standing
from hub.policy.stops import HALTS, Scope, Stop, Stops

K = TypeVar("K")
V = TypeVar("V")


def _empty() -> Mapping[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class ExtractRecord:
    """One extract that was built: `folder` under the project's extracts, `digest` its manifest's SHA-256."""

    project: str
    folder: str
    digest: str
    built_at: str


@dataclass(frozen=True)
class Warned:
    """An open workspace that nobody uses: when its person was warned, and when it is closed."""

    at: datetime
    until: datetime


@dataclass(frozen=True)
class Filled:
    """How full a workspace's folders were when it opened last, in MiB by where they are mounted."""

    at: datetime
    used_mb: Mapping[str, int]


@dataclass(frozen=True)
class Closing:
    """How an open workspace was closed last: by which rule, "" where its person closed it."""

    at: datetime
    rule: str


@dataclass(frozen=True)
class Enclave:
    """The state that permits and people are decided on. A later permit of a project replaces the earlier one, also one
    that was ended; all `versions` are kept, oldest first: an extract was built from one of them. `sessions`: who has
    opened the workspace of which project and not closed it, and when; `idle`: which of these were warned that nobody
    uses them; `closings`: how each was closed last; `folders`: how full theirs are, where that is told. `campaigns`:
    the habilitation reviews.
    """

    persons: Mapping[str, Person] = field(default_factory=_empty)
    sources: Mapping[str, Catalogue] = field(default_factory=_empty)
    permits: Mapping[str, DataPermit] = field(default_factory=_empty)
    versions: Mapping[str, tuple[DataPermit, ...]] = field(default_factory=_empty)
    extracts: Mapping[str, ExtractRecord] = field(default_factory=_empty)
    attempts: Attempts = field(default_factory=Attempts)
    factors: Mapping[str, Factors] = field(default_factory=_empty)
    required: Requirements = field(default_factory=Requirements)
    stops: Stops = field(default_factory=Stops)
    sessions: Mapping[tuple[str, str], datetime] = field(default_factory=_empty)
    idle: Mapping[tuple[str, str], Warned] = field(default_factory=_empty)
    closings: Mapping[tuple[str, str], Closing] = field(default_factory=_empty)
    folders: Mapping[tuple[str, str], Filled] = field(default_factory=_empty)
    campaigns: Campaigns = field(default_factory=_empty)

    @property
    def administrators(self) -> frozenset[str]:
        """Who administers the enclave."""
        return frozenset(person.id for person in self.persons.values() if person.administrator)

    def running(self, today: date) -> tuple[DataPermit, ...]:
        """The permits that are in force or to come, by project."""
        return tuple(
            permit
            for project, permit in sorted(self.permits.items())
            if permit.valid_until >= today and self.stops.at(Scope.PERMIT, project) is None
        )

    def projects_of(self, person: str) -> tuple[DataPermit, ...]:
        """The permits that name `person`, by project, whether in force or not."""
        return tuple(permit for _, permit in sorted(self.permits.items()) if permit.roles_of(person))


def fold(events: Iterable[Event], state: Enclave | None = None) -> Enclave:
    """The state after `events`; kinds of other rooms change nothing here."""
    for event in events:
        state = _apply(state or Enclave(), event)
    return state or Enclave()


def _apply(state: Enclave, event: Event) -> Enclave:  # noqa: C901, PLR0912 -- a table of kinds, a line or two each
    match event.kind:
        case "person.added":
            return _added(state, Person.model_validate(event.body["person"]))
        case "person.removed":
            # Who is added again, under the same name, begins anew: with no signature and no second factor.
            left = str(event.body["person"])
            return replace(state, persons=_without(state.persons, left), factors=_without(state.factors, left))
        case "administrator.appointed" | "administrator.dismissed":
            known = state.persons.get(str(event.body["person"]))
            appointed = event.kind == "administrator.appointed"
            return state if known is None else _standing(state, known.model_copy(update={"administrator": appointed}))
        case "people.required" | "undertaking.signed" | "training.recorded":
            return _required(state, event)
        case "source.registered":
            catalogue = Catalogue.model_validate_json(event.body["catalogue"])
            return replace(state, sources=_with(state.sources, catalogue.source.name, catalogue))
        case "permit.issued":
            permit = DataPermit.model_validate_json(event.body["permit"])
            versions = (*state.versions.get(permit.project, ()), permit)
            named = frozenset(member.person for member in permit.persons)
            return replace(
                state,
                persons=named_anew(state.persons, permit.project, named),
                permits=_with(state.permits, permit.project, permit),
                versions=_with(state.versions, permit.project, versions),
                stops=state.stops.lifted(Scope.PERMIT, permit.project),
            )
        case "permit.ended":
            return replace(state, stops=state.stops.stopped(_stop(event, Scope.PERMIT, event.project)))
        case "access.halted":
            halt = _stop(event, Scope(event.body["scope"]), str(event.body["name"]))
            return replace(state, stops=state.stops.stopped(halt))
        case "access.resumed":
            scope = Scope(event.body["scope"])
            return replace(state, stops=state.stops.lifted(scope, event.body["name"])) if scope in HALTS else state
        case "session.started" | "session.stopped" | "session.idle" | "session.used":
            return _session(state, event)
        case "extract.built":
            record = ExtractRecord(event.project, event.body["folder"], event.body["digest"], event.at)
            return replace(state, extracts=_with(state.extracts, event.project, record))
        case "login.accepted" | "login.refused" | "login.locked" | "login.unlocked":
            return replace(state, attempts=_attempted(state.attempts, event))
        case "factor.enrolled" | "factor.removed" | "factor.recovery_asked" | "factor.recovery_confirmed":
            person = str(event.body.get("person", event.actor))
            factors = _factors(state.factors.get(person, Factors()), event)
            return replace(state, factors=_with(state.factors, person, factors))
        case kind if kind in KINDS_OF_REVIEW:
            campaigns, persons = reviewed(state.campaigns, state.persons, event)
            return replace(state, campaigns=campaigns, persons=persons)
        case _:
            return state


def _session(state: Enclave, event: Event) -> Enclave:
    opened = (str(event.body.get("person", event.actor)), event.project)
    at = datetime.fromisoformat(event.at)
    match event.kind:
        case "session.started":
            if "used_mb" in event.body:
                filled = Filled(
                    at, MappingProxyType({str(where): int(mb) for where, mb in event.body["used_mb"].items()})
                )
                state = replace(state, folders=_with(state.folders, opened, filled))
            return replace(state, sessions=_with(state.sessions, opened, at), idle=_without(state.idle, opened))
        case "session.stopped":
            closing = Closing(at, str(event.body.get("rule", "")))
            return replace(
                state,
                sessions=_without(state.sessions, opened),
                idle=_without(state.idle, opened),
                closings=_with(state.closings, opened, closing),
            )
        case "session.idle":
            return replace(
                state, idle=_with(state.idle, opened, Warned(at, datetime.fromisoformat(event.body["until"])))
            )
    return replace(state, idle=_without(state.idle, opened))


def _factors(factors: Factors, event: Event) -> Factors:
    body = event.body
    match event.kind:
        case "factor.enrolled":
            return factors.with_factor(Factor(body["id"], FactorKind(body["kind"]), body["label"], event.at))
        case "factor.removed":
            return factors.without(body["id"])
        case "factor.recovery_asked":
            return replace(factors, asked=Asked(event.actor, datetime.fromisoformat(body["until"])))
    return Factors(enrol_until=datetime.fromisoformat(body["until"]))


def _added(state: Enclave, person: Person) -> Enclave:
    """`person`, who stays an administrator where only their name was corrected."""
    known = state.persons.get(person.id)
    return _standing(state, person.model_copy(update={"administrator": known is not None and known.administrator}))


def _standing(state: Enclave, person: Person, **changes: Any) -> Enclave:
    """`person` with the standing they had, and its changes."""
    known = state.persons.get(person.id)
    standing = known.standing if known else Standing(required=state.required)
    person = person.model_copy(update={"standing": standing.model_copy(update=changes)})
    return replace(state, persons=_with(state.persons, person.id, person))


def _required(state: Enclave, event: Event) -> Enclave:
    if event.kind == "people.required":
        required = Requirements.model_validate(event.body["required"])
        state = replace(state, required=required)
        for known in state.persons.values():
            state = _standing(state, known, required=required)
        return state
    person = state.persons.get(event.actor if event.kind == "undertaking.signed" else event.body["person"])
    if person is None:
        return state
    if event.kind == "training.recorded":
        return _standing(state, person, trained_until=date.fromisoformat(event.body["until"]))
    told = {key: event.body[key] for key in ("name", "version", "digest")}
    signature = Signature(**told, day=datetime.fromisoformat(event.at).date())
    return _standing(state, person, signed=person.standing.with_signature(signature).signed)


def _attempted(attempts: Attempts, event: Event) -> Attempts:
    key = str(event.body.get("key", ""))
    match event.kind:
        case "login.accepted":
            return without(attempts, f"person:{event.actor}")
        case "login.locked":
            return with_lock(attempts, key, datetime.fromisoformat(event.body["until"]))
        case "login.unlocked":
            return without(attempts, key)
    if event.body.get("rule") not in COUNTED:
        return attempts
    person = "" if event.actor == "unknown" else event.actor
    keys = keys_of(person, str(event.body.get("address", "")))
    return with_failure(attempts, keys, datetime.fromisoformat(event.at))


def _stop(event: Event, scope: Scope, name: str) -> Stop:
    return Stop(scope, name, event.actor, event.at, str(event.body["why"]))


def _with(mapping: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    return MappingProxyType({**mapping, key: value})


def _without(mapping: Mapping[K, V], key: K) -> Mapping[K, V]:
    return MappingProxyType({name: value for name, value in mapping.items() if name != key})
