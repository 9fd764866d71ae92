"""The release ledger: every recomputed exact table that was ever checked, and what became of it. A fold over requests.

What counts as published for a request is a question of order in the log alone, so that two requests that race see
each other one way round: the one that was decided first counts for the other, and not the reverse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import chain
from types import MappingProxyType

from egress.checks.model import Assurance, Outcome, Protection
from egress.release.model import OutputRecord, ReleaseRequest, Standing
from egress.release.status import Status


class Fate(StrEnum):
    """What became of a table."""

    RELEASED = "released"
    APPROVED = "approved"  # decided, its package in the making: it will leave unless its author withdraws it
    PENDING = "pending"
    REFUSED = "refused"  # by the checks or by people
    WITHDRAWN = "withdrawn"
    RECALLED = "recalled"  # it has left: who has it still knows it


@dataclass(frozen=True)
class Entry:
    """One table. `fingerprint` is its digest in quarantine, None in logs older than the ledger.

    `at`: when its fate was reached; `decided_at`: when its request was approved, "" before.
    """

    source: str
    project: str
    request: str
    output: str
    title: str
    fingerprint: str | None
    fate: Fate
    at: str
    decided_at: str = ""


LEFT = frozenset({Fate.RELEASED, Fate.RECALLED})
_FATES = {
    Status.APPROVED: Fate.APPROVED,
    Status.RELEASED: Fate.RELEASED,
    Status.DOWNLOADED: Fate.RELEASED,
    Status.CHECKED: Fate.PENDING,
    Status.IN_REVIEW: Fate.PENDING,
    Status.CONSOLIDATING: Fate.PENDING,
    Status.RETURNED: Fate.PENDING,
    Status.AWAITS_APPROVAL: Fate.PENDING,
    Status.APPEALED: Fate.PENDING,
    Status.RECALLED: Fate.RECALLED,
    Status.EXPIRED: Fate.WITHDRAWN,
    Status.WITHDRAWN: Fate.WITHDRAWN,
}

_LEAVES = LEFT | {Fate.APPROVED}


def ledger(requests: Iterable[ReleaseRequest], sources: Mapping[str, str]) -> tuple[Entry, ...]:
    """The tables of `requests`, in order of submission.

    `sources` holds each project's source for requests of logs that do not say what they were checked against.
    """
    return tuple(
        _entry(request, output, sources) for request in requests for output in request.outputs if _counts(output)
    )


def published(entries: Iterable[Entry], request: ReleaseRequest, source: str) -> tuple[Entry, ...]:
    """The tables of `source` that `request` is held against: released, or decided before it, by other requests."""
    decided = request.reached.get(Status.APPROVED, "") if request.status is Status.APPROVED else ""

    def counts(entry: Entry) -> bool:
        if entry.source != source or entry.request == request.id:
            return False
        if entry.fate is Fate.APPROVED:
            return not decided or (entry.decided_at, entry.request) < (decided, request.id)
        return entry.fate in LEFT

    return tuple(entry for entry in entries if counts(entry))


def standing(source: str, entries: Iterable[Entry]) -> Standing:
    """What a request that was held against `entries` stands on. Their order does not matter."""
    said = sorted({f"{entry.request} {entry.output} {entry.fingerprint}\n" for entry in entries})
    return Standing(source, hashlib.sha256("".join(said).encode()).hexdigest(), len(said))


@dataclass(frozen=True)
class Published:
    """The tables of one source that left or will, by request."""

    source: str
    tables: Mapping[str, tuple[Entry, ...]]

    def held_against(self, request: ReleaseRequest) -> tuple[Entry, ...]:
        """See `published`."""
        return published(chain.from_iterable(self.tables.values()), request, self.source)

    def standing_of(self, request: ReleaseRequest) -> Standing:
        """What `request` would stand on, were it checked now."""
        if request.status is Status.APPROVED or request.id in self.tables:
            return standing(self.source, self.held_against(request))
        return self._all  # the same for every request that is not decided yet

    @cached_property
    def _all(self) -> Standing:
        return standing(self.source, chain.from_iterable(self.tables.values()))


Sources = Mapping[str, Published]


def published_after(before: Sources, changed: Iterable[ReleaseRequest], sources: Mapping[str, str]) -> Sources:
    """`before` with the requests that changed since; a source of which nothing changed stays the same object."""
    requests = tuple(changed)
    if not requests:  # after most events
        return before
    tables = {name: dict(known.tables) for name, known in before.items()}
    touched = set()
    for request in requests:
        entries = tuple(each for each in ledger([request], sources) if each.fate in _LEAVES)
        for name in [name for name, known in tables.items() if request.id in known]:
            touched.add(name)
            del tables[name][request.id]
        if entries:
            touched.add(entries[0].source)
            tables.setdefault(entries[0].source, {})[request.id] = entries
    now = {name: Published(name, MappingProxyType(tables[name])) for name in touched}
    return MappingProxyType({**before, **now}) if touched else before


def has_tables(request: ReleaseRequest) -> bool:
    """Whether `request` has tables that stand in the ledger."""
    return any(_counts(output) for output in request.outputs)


def source_of(request: ReleaseRequest, sources: Mapping[str, str]) -> str:
    """The source of a request's tables: what its checks said, else its project's."""
    return request.standing.source if request.standing is not None else sources.get(request.project, "")


def _counts(output: OutputRecord) -> bool:
    """Noisy tables are the privacy ledger's; what is not recomputed has no query to compare."""
    return output.assurance is Assurance.RECOMPUTED and output.protect is not Protection.DP


def _entry(request: ReleaseRequest, output: OutputRecord, sources: Mapping[str, str]) -> Entry:
    fate = fate_of(request, output)
    decided = request.reached.get(Status.APPROVED, "") if request.decision is not None else ""
    return Entry(
        source=source_of(request, sources),
        project=request.project,
        request=request.id,
        output=output.name,
        title=output.title,
        fingerprint=output.fingerprint,
        fate=fate,
        at=request.reached.get(Status.RELEASED) or request.reached.get(request.status, request.submitted_at),
        decided_at=decided,
    )


def fate_of(request: ReleaseRequest, output: OutputRecord) -> Fate:
    """What became of an output of a request."""
    decided = request.decision is not None and not request.decision.changes
    if output.outcome is Outcome.FAIL or (decided and output not in request.approved):
        return Fate.REFUSED
    return _FATES.get(request.status, Fate.REFUSED)
