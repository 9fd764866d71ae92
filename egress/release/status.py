"""Where a release request stands, which way it may go from there, and whose turn it is (docs/requests.md draws it)."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """A failed step is not a status: the request stays where it was and the worker tries again."""

    SUBMITTED = "submitted"  # frozen by digest, by the worker's intake; each turn begins here
    RERUN = "rerun"  # set by the worker: the sealed re-run ended and its notebook is kept
    CHECKED = "checked"  # set by the worker: every output has an outcome
    REFUSED = "refused"  # set by the worker: back to the author with machine reasons
    IN_REVIEW = "in_review"  # set by the worker: waits for output checkers
    CONSOLIDATING = "consolidating"  # all have voted and differ: they read each other and vote once more
    RETURNED = "returned"  # back to the author, who corrects it: the same request, another turn
    AWAITS_APPROVAL = "awaits_approval"  # decided by its checkers; somebody else must agree, by the source's rules
    APPROVED = "approved"  # set by the decision: at least one output may leave
    REJECTED = "rejected"  # set by the decision: no output may leave
    APPEALED = "appealed"  # the author asked once that other people decide
    RELEASED = "released"  # set by the worker: the package is in exports
    DOWNLOADED = "downloaded"  # set by the researcher's download, once
    RECALLED = "recalled"  # people found after the release that it should not have left
    WITHDRAWN = "withdrawn"  # set by the author, before the release
    EXPIRED = "expired"  # set by the worker: its permit is over, or its author never answered


class Owner(StrEnum):
    """Who has to act on a request."""

    WORKER = "worker"
    CHECKERS = "checkers"
    APPROVERS = "approvers"
    AUTHOR = "author"
    RESEARCHERS = "researchers"
    NOBODY = "nobody"


_LEFT = frozenset({Status.WITHDRAWN, Status.EXPIRED})
_DECIDED = frozenset({Status.AWAITS_APPROVAL, Status.APPROVED, Status.REJECTED, Status.RETURNED})
# Back to CHECKED: what was released meanwhile changes what the checks say.
_AGAIN = frozenset({Status.CHECKED})

TRANSITIONS = MappingProxyType(
    {
        Status.SUBMITTED: frozenset({Status.RERUN, Status.REFUSED}) | _LEFT,
        Status.RERUN: frozenset({Status.CHECKED, Status.REFUSED}) | _LEFT,
        # APPROVED straight from CHECKED is the automatic lane; only rules that allow it open it.
        Status.CHECKED: frozenset({Status.IN_REVIEW, Status.REFUSED, Status.APPROVED}) | _LEFT,
        Status.REFUSED: frozenset({Status.SUBMITTED}) | _LEFT,
        Status.IN_REVIEW: _DECIDED | {Status.CONSOLIDATING} | _AGAIN | _LEFT,
        Status.CONSOLIDATING: _DECIDED | _AGAIN | _LEFT,
        Status.RETURNED: frozenset({Status.SUBMITTED}) | _LEFT,
        Status.AWAITS_APPROVAL: frozenset({Status.APPROVED, Status.REJECTED}) | _AGAIN | _LEFT,
        Status.APPROVED: frozenset({Status.RELEASED}) | _AGAIN | _LEFT,
        Status.REJECTED: frozenset({Status.APPEALED}),
        Status.APPEALED: _DECIDED | {Status.CONSOLIDATING} | _AGAIN | _LEFT,
        Status.RELEASED: frozenset({Status.DOWNLOADED, Status.RECALLED}),
        Status.DOWNLOADED: frozenset({Status.RECALLED}),
        Status.RECALLED: frozenset[Status](),
        Status.WITHDRAWN: frozenset[Status](),
        Status.EXPIRED: frozenset[Status](),
    }
)

# Of a rejected and of a fetched request nothing is asked any more; what may still happen to them is in the table above.
STATUS_OWNER = MappingProxyType(
    {
        Status.SUBMITTED: Owner.WORKER,
        Status.RERUN: Owner.WORKER,
        Status.CHECKED: Owner.WORKER,
        Status.REFUSED: Owner.AUTHOR,
        Status.IN_REVIEW: Owner.CHECKERS,
        Status.CONSOLIDATING: Owner.CHECKERS,
        Status.RETURNED: Owner.AUTHOR,
        Status.AWAITS_APPROVAL: Owner.APPROVERS,
        Status.APPROVED: Owner.WORKER,
        Status.REJECTED: Owner.NOBODY,
        Status.APPEALED: Owner.CHECKERS,
        Status.RELEASED: Owner.RESEARCHERS,
        Status.DOWNLOADED: Owner.NOBODY,
        Status.RECALLED: Owner.NOBODY,
        Status.WITHDRAWN: Owner.NOBODY,
        Status.EXPIRED: Owner.NOBODY,
    }
)


# Where checks may be repeated: they were made once, and nothing has left.
RECHECKED_IN = frozenset(
    {Status.IN_REVIEW, Status.CONSOLIDATING, Status.APPEALED, Status.AWAITS_APPROVAL, Status.APPROVED}
)


def may_go(origin: Status, target: Status) -> bool:
    """Whether the table leads from `origin` to `target`."""
    return target in TRANSITIONS[origin]
