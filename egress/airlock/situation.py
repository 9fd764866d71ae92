"""What the airlock decides on: the enclave and its requests, folded from one reading of the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from egress.release.entries import RefusedEntry, refused_entries
from egress.release.fold import Requests
from egress.release.fold import fold as fold_requests
from egress.release.ledger import Entry, Fate, ledger, published, source_of, standing
from egress.release.model import ReleaseRequest
from hub.events.breakglass import fold as fold_breakglass
from hub.events.chain import Event
from hub.events.state import Enclave
from hub.events.state import fold as fold_enclave
from hub.policy.breakglass import BreakGlass
from hub.policy.decide import may_see_requests
from hub.policy.model import DataPermit, Person, Role
from hub.policy.roles import clash
from hub.policy.stops import Stops
from hub.policy.verdict import Grant, Refusal, RefusedError
from hub.volume import Told, told
from hub.words import say


@dataclass(frozen=True)
class Situation:
    """One reading of the log."""

    enclave: Enclave
    requests: Requests
    refused: tuple[RefusedEntry, ...]
    emergencies: Mapping[str, BreakGlass]
    volumes: tuple[Told, ...]

    @classmethod
    def of(cls, events: Iterable[Event]) -> Situation:
        """Fold `events`, the whole log in order."""
        events = tuple(events)
        return cls(
            fold_enclave(events), fold_requests(events), refused_entries(events), fold_breakglass(events), told(events)
        )

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
        return ledger(self.requests.values(), self._sources)

    @cached_property
    def _sources(self) -> dict[str, str]:
        return {project: permit.source for project, permit in self.enclave.permits.items()}

    def source_for(self, request: ReleaseRequest) -> str:
        """The data source that the tables of `request` are made of."""
        return source_of(request, self._sources)

    def published_for(self, request: ReleaseRequest) -> tuple[Entry, ...]:
        """The tables of its source that `request` is held against."""
        return published(self.ledger, request, self.source_for(request))

    def is_stale(self, request: ReleaseRequest) -> bool:
        """Whether the checks of `request` did not see all that was published since; such a request is checked again
        before anything of it leaves, and before people spend their time on it.
        """
        if not any(entry.request == request.id for entry in self.ledger):
            return False
        return standing(self.source_for(request), self.published_for(request)) != request.standing

    def request(self, identity: str) -> ReleaseRequest:
        """The request. Raises: RefusedError when there is none."""
        request = self.requests.get(identity)
        if request is None:
            raise RefusedError(unknown_request(identity))
        return request

    def sees(self, person: str, project: str) -> bool:
        """Whether `person` may see the requests of `project`."""
        return isinstance(may_see_requests(self.person(person), self.permit(project), self.stops), Grant)

    def visible_to(self, person: str) -> tuple[ReleaseRequest, ...]:
        """The requests that `person` may see: those of their projects, newest first."""
        return tuple(request for request in reversed([*self.requests.values()]) if self.sees(person, request.project))

    def refused_visible_to(self, person: str) -> tuple[RefusedEntry, ...]:
        """The submissions refused at the door that `person` sent, newest first."""
        return tuple(refused for refused in reversed(self.refused) if refused.entry.person == person)

    def is_checker(self, person: str, project: str) -> bool:
        """Whether the permit makes `person` an output checker: such a person reads findings that authors do not."""
        permit = self.permit(project)
        roles = permit.roles_of(person) if permit is not None else frozenset()
        return Role.OUTPUT_CHECKER in roles and clash(person, roles) is None and self.sees(person, project)

    def sources_checked_by(self, person: str) -> tuple[str, ...]:
        """The sources whose tables `person` checks on some project."""
        permits = self.enclave.projects_of(person)
        return tuple(sorted({permit.source for permit in permits if self.is_checker(person, permit.project)}))

    def ledger_for(self, person: str, source: str) -> tuple[Entry, ...]:
        """The tables of `source` that an output checker of it is told of: all of the projects they check, of others
        those that were released.
        """
        if source not in self.sources_checked_by(person):
            return ()
        return tuple(
            entry
            for entry in self.ledger
            if entry.source == source and (entry.fate is Fate.RELEASED or self.is_checker(person, entry.project))
        )


def unknown_request(identity: str) -> Refusal:
    """The same answer for a request that is not there and for one that is not yours to see."""
    return Refusal("request.unknown", say("There is no request called {request} for you.", request=identity[:80]))
