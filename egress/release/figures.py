"""How long requests take and what comes of them, by rules and month: figures for those who run the enclave. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from statistics import median
from types import MappingProxyType

from egress.release.model import ReleaseRequest
from egress.release.review import Review
from egress.release.status import Status
from egress.release.times import ANSWERS, between, turns_of
from hub.words import say

_MACHINE = (Status.CHECKED, Status.REFUSED)


class Came(StrEnum):
    """What came of one turn of a request. A turn may come to two: a rejection that an appeal
    turned, a release that was recalled."""

    REFUSED = "refused"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    RECALLED = "recalled"
    OPEN = "open"


# What people read for each.
SAID = MappingProxyType(
    {
        Came.REFUSED: say("refused by the machine"),
        Came.RETURNED: say("returned"),
        Came.APPROVED: say("approved"),
        Came.REJECTED: say("rejected"),
        Came.WITHDRAWN: say("taken back"),
        Came.EXPIRED: say("let expire"),
        Came.RECALLED: say("recalled later"),
        Came.OPEN: say("still open"),
    }
)
_CAME = {
    Status.REFUSED: Came.REFUSED,
    Status.RETURNED: Came.RETURNED,
    Status.APPROVED: Came.APPROVED,
    Status.REJECTED: Came.REJECTED,
    Status.WITHDRAWN: Came.WITHDRAWN,
    Status.EXPIRED: Came.EXPIRED,
    Status.RECALLED: Came.RECALLED,
}


@dataclass(frozen=True)
class Took:
    """How long it took: over so many cases the median, and what nine in ten did not exceed; None without a case."""

    cases: int
    median: timedelta | None
    p90: timedelta | None


@dataclass(frozen=True)
class Group:
    """The turns submitted in one month (`2026-05`, UTC) under one set of rules.

    `verdict`, `first_review`, `decision`: from the submission of a turn to the machine's verdict, to the first review
    of a person, to the first answer. `came`: how many turns came to what.
    """

    month: str
    rules: str
    turns: int
    verdict: Took
    first_review: Took
    decision: Took
    came: Mapping[Came, int]


@dataclass(frozen=True)
class Load:
    """What one output checker did in a month: reviews given, and minutes where they said them."""

    month: str
    checker: str
    reviews: int
    minutes: int


@dataclass(frozen=True)
class Figures:
    """`turns`: how many requests had so many turns; `appeals`: what came of appealed requests."""

    groups: tuple[Group, ...]
    turns: Mapping[int, int]
    appeals: Mapping[Came, int]
    loads: tuple[Load, ...]


@dataclass(frozen=True)
class _Turn:
    month: str
    rules: str
    verdict: timedelta | None
    first_review: timedelta | None
    decision: timedelta | None
    came: tuple[Came, ...]


def figures(requests: Iterable[ReleaseRequest], rules: Mapping[str, str]) -> Figures:
    """The figures of `requests`; `rules`: those of each project, for requests that were not checked yet."""
    requests = tuple(requests)
    turns = [turn for request in requests for turn in _turns(request, rules.get(request.project, ""))]
    keys = sorted({(turn.month, turn.rules) for turn in turns}, key=lambda key: (key[0], key[1]), reverse=True)
    groups = [_group(*key, [turn for turn in turns if (turn.month, turn.rules) == key]) for key in keys]
    appealed = Counter(_after_appeal(request) for request in requests if request.appeal is not None)
    return Figures(
        tuple(groups), dict(sorted(Counter(request.turn for request in requests).items())), appealed, _loads(requests)
    )


def took(durations: Iterable[timedelta | None]) -> Took:
    """Median and ninth decile (the value at rank ceil(0.9 n)) of those that ended."""
    found = sorted(each for each in durations if each is not None)
    if not found:
        return Took(0, None, None)
    middle = timedelta(seconds=median(each.total_seconds() for each in found))
    return Took(len(found), middle, found[ceil(9 * len(found) / 10) - 1])


def _group(month: str, rules: str, turns: list[_Turn]) -> Group:
    came = Counter(each for turn in turns for each in turn.came)
    return Group(
        month,
        rules,
        len(turns),
        took(turn.verdict for turn in turns),
        took(turn.first_review for turn in turns),
        took(turn.decision for turn in turns),
        came,
    )


def _turns(request: ReleaseRequest, rules: str) -> Iterable[_Turn]:
    named = request.basis.rules_name if request.basis is not None else rules
    reviews = (*(turn.reviews for turn in request.turns), request.reviews)
    for reached, given in zip(turns_of(request), reviews, strict=True):
        submitted = reached.get(Status.SUBMITTED, request.submitted_at)
        yield _Turn(
            submitted[:7],
            named,
            _first(submitted, (reached.get(status) for status in _MACHINE)),
            _first(submitted, (review.at for review in given)),
            _first(submitted, (reached.get(status) for status in ANSWERS)),
            _came(reached),
        )


def _first(begin: str, ends: Iterable[str | None]) -> timedelta | None:
    return between(begin, min((end for end in ends if end is not None), default=None, key=datetime.fromisoformat))


def _came(reached: Mapping[Status, str]) -> tuple[Came, ...]:
    found = [came for status, came in _CAME.items() if status in reached]
    return tuple(found) or (Came.OPEN,)


def _after_appeal(request: ReleaseRequest) -> Came:
    began = request.appeal.at if request.appeal else ""
    reached = sorted((at, status) for status, at in request.reached.items() if at > began and status in _CAME)
    return next((_CAME[status] for _, status in reached), Came.OPEN)


def _loads(requests: Iterable[ReleaseRequest]) -> tuple[Load, ...]:
    given: dict[tuple[str, str], list[Review]] = {}
    for request in requests:
        for review in (*(each for turn in request.turns for each in turn.reviews), *request.reviews):
            given.setdefault((review.at[:7], review.checker), []).append(review)
    return tuple(
        Load(month, checker, len(reviews), sum(review.minutes or 0 for review in reviews))
        for (month, checker), reviews in sorted(given.items(), reverse=True)
    )
