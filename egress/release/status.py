"""Where a release request stands, which way it may go from there, and whose turn it is."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """A failed step is not a status: the request stays where it was and the worker tries again."""

    SUBMITTED = "submitted"  # set by the worker's intake: frozen by digest
    RERUN = "rerun"  # set by the worker: the sealed re-run ended and its notebook is kept
    CHECKED = "checked"  # set by the worker: every output has an outcome
    REFUSED = "refused"  # set by the worker: back to the author with machine reasons
    IN_REVIEW = "in_review"  # set by the worker: waits for output checkers
    APPROVED = "approved"  # set by the decision: at least one output may leave
    REJECTED = "rejected"  # set by the decision: no output may leave
    RELEASED = "released"  # set by the worker: the package is in exports
    DOWNLOADED = "downloaded"  # set by the researcher's download, once
    WITHDRAWN = "withdrawn"  # set by the author, before the release


class Owner(StrEnum):
    """Who has to act on a request."""

    WORKER = "worker"
    CHECKERS = "checkers"
    RESEARCHERS = "researchers"
    NOBODY = "nobody"


TRANSITIONS = MappingProxyType(
    {
        Status.SUBMITTED: frozenset({Status.RERUN, Status.REFUSED, Status.WITHDRAWN}),
        Status.RERUN: frozenset({Status.CHECKED, Status.REFUSED, Status.WITHDRAWN}),
        # APPROVED straight from CHECKED is the automatic lane; only rules that allow it open it.
        Status.CHECKED: frozenset({Status.IN_REVIEW, Status.REFUSED, Status.APPROVED, Status.WITHDRAWN}),
        # Back to CHECKED: what was released meanwhile changes what the checks say.
        Status.IN_REVIEW: frozenset({Status.APPROVED, Status.REJECTED, Status.WITHDRAWN, Status.CHECKED}),
        Status.APPROVED: frozenset({Status.RELEASED, Status.WITHDRAWN, Status.CHECKED}),
        Status.RELEASED: frozenset({Status.DOWNLOADED}),
        Status.REFUSED: frozenset[Status](),
        Status.REJECTED: frozenset[Status](),
        Status.DOWNLOADED: frozenset[Status](),
        Status.WITHDRAWN: frozenset[Status](),
    }
)

STATUS_OWNER = MappingProxyType(
    {
        Status.SUBMITTED: Owner.WORKER,
        Status.RERUN: Owner.WORKER,
        Status.CHECKED: Owner.WORKER,
        Status.IN_REVIEW: Owner.CHECKERS,
        Status.APPROVED: Owner.WORKER,
        Status.RELEASED: Owner.RESEARCHERS,
        Status.REFUSED: Owner.NOBODY,
        Status.REJECTED: Owner.NOBODY,
        Status.DOWNLOADED: Owner.NOBODY,
        Status.WITHDRAWN: Owner.NOBODY,
    }
)


def may_go(origin: Status, target: Status) -> bool:
    """Whether the table leads from `origin` to `target`."""
    return target in TRANSITIONS[origin]
