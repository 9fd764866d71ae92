"""What the airlock decides on: the enclave and its requests, folded from one reading of the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from egress.imports.fold import Imports
from egress.imports.fold import fold as fold_imports
from egress.release.entries import Entries, RefusedEntry
from egress.release.entries import fold as fold_entries
from egress.release.fold import Requests
from egress.release.fold import fold as fold_requests
from egress.release.ledger import LEFT, Entry, Published, Sources, has_tables, ledger, published_after, source_of
from egress.release.model import ReleaseRequest
from egress.release.novelty import Known, known_after
from egress.release.reproduction import Reproductions, fold_reproductions
from hub.administration.papers import Papers
from hub.administration.papers import fold as fold_papers
from hub.alarms import Alarm, Kind, alarms
from hub.events.breakglass import fold as fold_breakglass
from hub.events.chain import Event
from hub.events.state import Enclave
from hub.events.state import fold as fold_enclave
from hub.policy.breakglass import BreakGlass
from hub.policy.decide import may_see_requests
from hub.policy.model import DataPermit, Person, Role
from hub.policy.roles import administrator_clash, clash
from hub.policy.stops import Stops
from hub.policy.verdict import Grant, Refusal, RefusedError
from hub.strays import Stray, strays
from hub.volume import Told, told
from hub.words import say


@dataclass(frozen=True)
class Situation:
    """One reading of the log."""

    enclave: Enclave = field(default_factory=Enclave)
    requests: Requests = field(default_factory=lambda: MappingProxyType({}))
    imports: Imports = field(default_factory=lambda: MappingProxyType({}))
    entries: Entries = field(default_factory=Entries)
    emergencies: Mapping[str, BreakGlass] = field(default_factory=lambda: MappingProxyType({}))
    volumes: Mapping[object, Told] = field(default_factory=lambda: MappingProxyType({}))
    alarms: Mapping[Kind, Alarm] = field(default_factory=lambda: MappingProxyType({}))
    strays: tuple[Stray, ...] = ()
    published: Sources = field(default_factory=lambda: MappingProxyType({}))
    reproductions: Reproductions = field(default_factory=lambda: MappingProxyType({}))
    known: Known = field(default_factory=lambda: MappingProxyType({}))
    papers: Papers = field(default_factory=Papers)

    @classmethod
    def of(cls, events: Iterable[Event]) -> Situation:
        """Fold `events`, the whole log in order."""
        return cls().after(events)

    def after(self, events: Iterable[Event]) -> Situation:
        """The situation after `events`, which follow those that it was folded from."""
        events = tuple(events)
        if not events:
            return self
        enclave, requests = fold_enclave(events, self.enclave), fold_requests(events, self.requests)
        named = {str(event.body.get("request")) for event in events}
        return Situation(
            enclave,
            requests,
            fold_imports(events, self.imports),
            fold_entries(events, self.entries),
            fold_breakglass(events, self.emergencies),
            told(events, self.volumes),
            alarms(events, self.alarms),
            strays(events, self.strays),
            self._published(enclave, requests, named),
            fold_reproductions(events, self.reproductions),
            known_after(self.known, (requests[each] for each in named if each in requests)),
            fold_papers(events, self.papers),
        )

    def _published(self, enclave: Enclave, requests: Requests, named: Iterable[str]) -> Sources:
        """What is published after events that name these requests."""
        before, now = _sources(self.enclave), _sources(enclave)
        if all(now[project] == source for project, source in before.items()):
            return published_after(self.published, (requests[each] for each in named if each in requests), now)
        return published_after(MappingProxyType({}), requests.values(), now)  # a project went to another source

    def person(self, person: str) -> Person | None:
        """The person, when the enclave knows them."""
        return self.enclave.persons.get(person)

    def permit(self, project: str) -> DataPermit | None:
        """The project's permit, in force or not."""
        return self.enclave.permits.get(project)

    @property
    def stops(self) -> Stops:
        """What is halted, and which permits were ended."""
        return self.enclave.stops

    @cached_property
    def ledger(self) -> tuple[Entry, ...]:
        """Every recomputed exact table that was checked, and what became of it, in order of submission."""
        return ledger(self.requests.values(), _sources(self.enclave))

    def source_for(self, request: ReleaseRequest) -> str:
        """The data source that the tables of `request` are made of."""
        return source_of(request, self._source_of(request.project))

    def published_for(self, request: ReleaseRequest) -> tuple[Entry, ...]:
        """The tables of its source that `request` is held against."""
        return self._published_of(request).held_against(request)

    def is_stale(self, request: ReleaseRequest) -> bool:
        """Whether the checks of `request` did not see all that was published since; such a request is checked again
        before anything of it leaves, and before people spend their time on it.
        """
        return has_tables(request) and self._published_of(request).standing_of(request) != request.standing

    def _published_of(self, request: ReleaseRequest) -> Published:
        source = self.source_for(request)
        return self.published.get(source) or Published(source, {})

    def request(self, identity: str) -> ReleaseRequest:
        """The request. Raises: RefusedError when there is none."""
        request = self.requests.get(identity)
        if request is None:
            raise RefusedError(unknown_request(identity))
        return request

    def visible(self, identity: str, person: str) -> ReleaseRequest:
        """The request, for somebody who may see it. Raises: RefusedError."""
        found = self.requests.get(identity)
        if found is None or not self.sees(person, found.project):
            raise RefusedError(unknown_request(identity))
        return found

    def sees(self, person: str, project: str) -> bool:
        """Whether `person` may see the requests of `project`."""
        return isinstance(may_see_requests(self.person(person), self.permit(project), self.stops), Grant)

    def visible_to(self, person: str) -> tuple[ReleaseRequest, ...]:
        """The requests that `person` may see: those of their projects, newest first."""
        projects = {permit.project for permit in self.enclave.projects_of(person) if self.sees(person, permit.project)}
        return tuple(request for request in reversed([*self.requests.values()]) if request.project in projects)

    def refused_visible_to(self, person: str) -> tuple[RefusedEntry, ...]:
        """The submissions refused at the door that `person` sent, newest first."""
        return tuple(refused for refused in reversed(self.entries.refused) if refused.entry.person == person)

    def is_checker(self, person: str, project: str) -> bool:
        """Whether the permit makes `person` an output checker: such a person reads findings that authors do not."""
        permit = self.permit(project)
        roles = permit.roles_of(person) if permit is not None else frozenset()
        if Role.OUTPUT_CHECKER not in roles or clash(person, roles) is not None or not self.sees(person, project):
            return False
        known = self.person(person)
        return known is None or not known.administrator or administrator_clash(person, roles) is None

    def sources_checked_by(self, person: str) -> tuple[str, ...]:
        """The sources whose tables `person` checks on some project."""
        permits = self.enclave.projects_of(person)
        return tuple(sorted({permit.source for permit in permits if self.is_checker(person, permit.project)}))

    def ledger_for(self, person: str, source: str) -> Iterator[Entry]:
        """The tables of `source` that an output checker of it is told of: all of the projects they check, of others
        those that were released. Request by request, the last submitted first: who needs some reads no more of them.
        """
        if source not in self.sources_checked_by(person):
            return
        checked = {permit.project for permit in self.enclave.projects_of(person)}
        checked = {project for project in checked if self.is_checker(person, project)}
        for request in reversed([*self.requests.values()]):
            for entry in self.tables_of(request):
                if entry.source == source and (entry.fate in LEFT or entry.project in checked):
                    yield entry

    def tables_of(self, request: ReleaseRequest) -> tuple[Entry, ...]:
        """The tables of `request` as they stand in the ledger."""
        return ledger([request], self._source_of(request.project))

    def _source_of(self, project: str) -> dict[str, str]:
        permit = self.permit(project)
        return {} if permit is None else {project: permit.source}


def _sources(enclave: Enclave) -> dict[str, str]:
    return {project: permit.source for project, permit in enclave.permits.items()}


def unknown_request(identity: str) -> Refusal:
    """The same answer for a request that is not there and for one that is not yours to see."""
    return Refusal("request.unknown", say("There is no request called {request} for you.", request=identity[:80]))
