"""How new a request is, by when it is due, and what requests usually take."""

from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from egress.release.fold import fold
from egress.release.model import ReleaseRequest
from egress.release.novelty import Novelty, due_at, known_after, novelty
from egress.release.status import Status
from egress.release.times import usual
from hub.policy.review import ReviewRules
from tests.egress.release.requests import about, checked, decided, events, given, no, record, rerun, submitted, yes

A, B, C = record("a"), record("b"), record("c")
RELEASED = (
    submitted(),
    rerun(),
    checked(A, B),
    given("carol", yes("a"), no("b")),
    decided("a", rejected=("b",)),
    about("egress", "request.released", package="5" * 64),
)


def after(*acts: Any) -> ReleaseRequest:
    return fold(events(*acts))["costs-1"]


def named(*outputs: Any) -> ReleaseRequest:
    return replace(after(submitted(), rerun(), checked(*outputs)), id="costs-2")


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [((A,), Novelty.RUNNER), ((A, C), Novelty.REPEATER), ((B,), Novelty.STRANGER), ((C,), Novelty.STRANGER)],
)
def test_what_was_released_before_is_known_and_what_was_rejected_is_not(outputs: Any, expected: Novelty) -> None:
    known = known_after({}, [after(*RELEASED)])
    assert novelty(named(*outputs), known) is expected
    assert novelty(named(*outputs), {}) is Novelty.STRANGER
    recalled = [after(*RELEASED, about("carol", "request.recalled", why="x"))]
    assert known_after({}, recalled) == known
    assert known_after(known, recalled) is known


@pytest.mark.parametrize(("days", "due"), [(1, "2026-06-02"), (4, "2026-06-05"), (5, "2026-06-08"), (10, "2026-06-15")])
def test_weekends_do_not_count(days: int, due: str) -> None:
    request = after(submitted(), rerun(), checked(A, rules=ReviewRules(reply_days=days)))  # a Monday
    at = due_at(request)
    assert at is not None
    assert at.date().isoformat() == due
    assert due_at(after(submitted())) is not None


def moved(request: ReleaseRequest, minutes: int) -> ReleaseRequest:
    """The same request with a review that took so long."""
    begun = datetime.fromisoformat(request.reached[Status.IN_REVIEW])
    at = (begun + timedelta(minutes=minutes)).isoformat()
    return replace(request, reached=MappingProxyType({**request.reached, Status.APPROVED: at}))


def test_medians_need_three_and_are_of_what_ended() -> None:
    request = after(submitted(), rerun(), checked(A))
    assert usual([request] * 2).checks is None
    waiting = usual([request] * 3)
    assert (waiting.checks, waiting.review) == (timedelta(minutes=2), None)
    told = usual([moved(request, minutes) for minutes in (10, 60, 1000)])
    assert told.review == timedelta(minutes=60)


def test_a_clock_that_went_back_tells_nothing() -> None:
    request = after(submitted(), rerun(), checked(A))
    assert usual([moved(request, -5)] * 5).review is None
