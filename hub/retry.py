"""When something that failed is tried again: each wait is twice the one before it, up to a longest. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_RETRY, LAST_RETRY = timedelta(seconds=10), timedelta(minutes=10)


@dataclass(frozen=True)
class Retry:
    """When it is tried again, and how long the wait before that was."""

    at: datetime
    waited: timedelta

    def next(self, now: datetime) -> Retry:
        """Twice as long, up to LAST_RETRY."""
        waited = min(self.waited * 2, LAST_RETRY)
        return Retry(now + waited, waited)


def retry_after(known: Retry | None, now: datetime) -> Retry:
    """The wait that begins `now`; `known`: the one that just ended, if there was one."""
    return known.next(now) if known else Retry(now + FIRST_RETRY, FIRST_RETRY)
