"""How new a request is to those who check it (outputchecking.org: runners, repeaters, strangers), and by when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from egress.release.ledger import LEFT, fate_of
from egress.release.model import ReleaseRequest

_SATURDAY = 5


class Novelty(StrEnum):
    """Told by the names of outputs, which the log has; what they hold is for the review."""

    RUNNER = "runner"  # every output has the name of one that was released before from the project
    REPEATER = "repeater"  # some have
    STRANGER = "stranger"  # none has


Known = Mapping[str, frozenset[str]]  # the names of outputs that were released, by project


def known_after(before: Known, changed: Iterable[ReleaseRequest]) -> Known:
    """`before` with the requests that changed since. What left once stays known, also when it is recalled."""
    now = dict(before)
    for request in changed:
        names = {output.name for output in request.outputs if fate_of(request, output) in LEFT}
        if not names <= now.get(request.project, frozenset()):
            now[request.project] = now.get(request.project, frozenset()) | names
    return MappingProxyType(now) if now != before else before


def novelty(request: ReleaseRequest, known: Known) -> Novelty:
    """How new `request`, which nothing was released of yet, is beside what is known."""
    names = {output.name for output in request.reviewable}
    released = known.get(request.project, frozenset())
    if names <= released:
        return Novelty.RUNNER
    return Novelty.REPEATER if names & released else Novelty.STRANGER


def due_at(request: ReleaseRequest) -> datetime | None:
    """By when its checkers should have answered: so many working days (no weekend) after they were asked."""
    since = request.reached.get(request.status)
    if since is None:
        return None
    at, left = datetime.fromisoformat(since), request.review.reply_days
    while left > 0:
        at += timedelta(days=1)
        left -= at.weekday() < _SATURDAY
    return at
