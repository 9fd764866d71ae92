"""How long requests took, from the log: what an author can expect. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from egress.release.model import ReleaseRequest
from egress.release.status import Status

LEAST = 3  # fewer tell how long somebody's request took, not what is usual

ANSWERS = (Status.AWAITS_APPROVAL, Status.APPROVED, Status.REJECTED, Status.RETURNED)


@dataclass(frozen=True)
class Usual:
    """Medians; None where too few requests tell."""

    checks: timedelta | None
    review: timedelta | None


def usual(requests: Iterable[ReleaseRequest]) -> Usual:
    """What `requests` took: from their submission to the end of the checks, and from there to
    the first answer of people. Each turn that is over counts as well.
    """
    reached = [each for request in requests for each in turns_of(request)]
    checks = [took for at in reached if (took := between(at.get(Status.SUBMITTED), at.get(Status.CHECKED)))]
    review = [
        took
        for at in reached
        if (took := between(at.get(Status.IN_REVIEW), next((at[each] for each in ANSWERS if each in at), None)))
    ]
    return Usual(_median(checks), _median(review))


def turns_of(request: ReleaseRequest) -> tuple[Mapping[Status, str], ...]:
    """When each status was reached, turn by turn."""
    return (*(turn.reached for turn in request.turns), request.reached)


def between(begin: str | None, end: str | None) -> timedelta | None:
    """How long it took; None where it did not end, or not after it began."""
    if begin is None or end is None or end < begin:
        return None
    return datetime.fromisoformat(end) - datetime.fromisoformat(begin)


def _median(took: list[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(each.total_seconds() for each in took)) if len(took) >= LEAST else None
