"""A step of the service that failed: told once, the request waits where it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from egress.release.guards import EGRESS
from hub.events.chain import Event
from hub.events.log import Transaction
from hub.words import Message

# A step that keeps failing for the same reason is one fact, not one per attempt.
QUIET = timedelta(hours=1)
FAILED = "request.failed"


class StepError(Exception):
    """The service could not do its part. `message` is for the request's author and the operator."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def record_failure(  # noqa: PLR0913, PLR0917 -- what of which thing failed why, and when
    transaction: Transaction,
    project: str,
    subject: Mapping[str, str],
    reason: Message,
    now: datetime,
    kind: str = FAILED,
) -> None:
    """Append an event of `kind` for `subject` ({"request": id}, {"entry": name} or {"import": id}), unless that was
    said just now.
    """
    body = {**subject, "reason": reason.to_dict()}
    said = [event for event in transaction.read(kinds=kind) if _about(event, project, subject)]
    last = said[-1] if said else None
    if last is None or last.body != body or now - datetime.fromisoformat(last.at) >= QUIET:
        transaction.append(EGRESS, kind, project, body)


def _about(event: Event, project: str, subject: Mapping[str, str]) -> bool:
    return event.project == project and all(event.body.get(key) == value for key, value in subject.items())
