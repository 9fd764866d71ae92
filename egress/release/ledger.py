"""The release ledger: every recomputed exact table that was ever checked, and what became of it. A fold over requests.

What counts as published for a request is a question of order in the log alone, so that two requests that race see
each other one way round: the one that was decided first counts for the other, and not the reverse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

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


_FATES = {
    Status.APPROVED: Fate.APPROVED,
    Status.RELEASED: Fate.RELEASED,
    Status.DOWNLOADED: Fate.RELEASED,
    Status.CHECKED: Fate.PENDING,
    Status.IN_REVIEW: Fate.PENDING,
    Status.WITHDRAWN: Fate.WITHDRAWN,
}


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
        return entry.fate is Fate.RELEASED

    return tuple(entry for entry in entries if counts(entry))


def standing(source: str, entries: Iterable[Entry]) -> Standing:
    """What a request that was held against `entries` stands on. Their order does not matter."""
    said = sorted({f"{entry.request} {entry.output} {entry.fingerprint}\n" for entry in entries})
    return Standing(source, hashlib.sha256("".join(said).encode()).hexdigest(), len(said))


def source_of(request: ReleaseRequest, sources: Mapping[str, str]) -> str:
    """The source of a request's tables: what its checks said, else its project's."""
    return request.standing.source if request.standing is not None else sources.get(request.project, "")


def _counts(output: OutputRecord) -> bool:
    """Noisy tables are the privacy ledger's; what is not recomputed has no query to compare."""
    return output.assurance is Assurance.RECOMPUTED and output.protect is not Protection.DP


def _entry(request: ReleaseRequest, output: OutputRecord, sources: Mapping[str, str]) -> Entry:
    fate = _fate(request, output)
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


def _fate(request: ReleaseRequest, output: OutputRecord) -> Fate:
    if output.outcome is Outcome.FAIL or (request.decision is not None and output not in request.approved):
        return Fate.REFUSED
    return _FATES.get(request.status, Fate.REFUSED)
