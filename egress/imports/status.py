"""Where an import stands, which way it may go from there, and whose turn it is. Pure."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType


class ImportStatus(StrEnum):
    """A failed step is not a status: the import stays where it was and the worker tries again."""

    ASKED = "asked"  # set by the asker's upload: named by digest, not looked at yet
    FROZEN = "frozen"  # set by the worker: the bytes are in quarantine
    REFUSED = "refused"  # set by the worker: back to the asker with machine reasons
    IN_REVIEW = "in_review"  # set by the worker: looked into, waits for somebody who did not ask
    REJECTED = "rejected"  # set by the approver
    APPROVED = "approved"  # set by the approver
    PLACED = "placed"  # set by the worker: read-only in the project's workspaces and runs
    WITHDRAWN = "withdrawn"  # set by the asker or an approver; what lies in the project is being taken away
    REMOVED = "removed"  # set by the worker: nothing of it lies in the project any more


class Turn(StrEnum):
    """Who has to act on an import."""

    WORKER = "worker"
    APPROVER = "approver"
    NOBODY = "nobody"


TRANSITIONS = MappingProxyType(
    {
        ImportStatus.ASKED: frozenset({ImportStatus.FROZEN, ImportStatus.WITHDRAWN}),
        ImportStatus.FROZEN: frozenset({ImportStatus.IN_REVIEW, ImportStatus.REFUSED, ImportStatus.WITHDRAWN}),
        ImportStatus.IN_REVIEW: frozenset({ImportStatus.APPROVED, ImportStatus.REJECTED, ImportStatus.WITHDRAWN}),
        ImportStatus.APPROVED: frozenset({ImportStatus.PLACED, ImportStatus.WITHDRAWN}),
        ImportStatus.PLACED: frozenset({ImportStatus.WITHDRAWN}),
        ImportStatus.WITHDRAWN: frozenset({ImportStatus.REMOVED}),
        ImportStatus.REFUSED: frozenset[ImportStatus](),
        ImportStatus.REJECTED: frozenset[ImportStatus](),
        ImportStatus.REMOVED: frozenset[ImportStatus](),
    }
)

STATUS_TURN = MappingProxyType(
    {
        ImportStatus.ASKED: Turn.WORKER,
        ImportStatus.FROZEN: Turn.WORKER,
        ImportStatus.IN_REVIEW: Turn.APPROVER,
        ImportStatus.APPROVED: Turn.WORKER,
        ImportStatus.WITHDRAWN: Turn.WORKER,
        ImportStatus.PLACED: Turn.NOBODY,
        ImportStatus.REFUSED: Turn.NOBODY,
        ImportStatus.REJECTED: Turn.NOBODY,
        ImportStatus.REMOVED: Turn.NOBODY,
    }
)


def may_go(origin: ImportStatus, target: ImportStatus) -> bool:
    """Whether the table leads from `origin` to `target`."""
    return target in TRANSITIONS[origin]
