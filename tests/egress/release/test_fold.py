"""Requests from events: the whole way, and that no sequence of events gets round a review."""

from collections.abc import Mapping
from typing import Any

import pytest

from egress.checks.model import Outcome
from egress.release.fold import fold
from egress.release.status import Owner, Status
from hub.words import say
from tests.egress.release.requests import (
    about,
    checked,
    decided,
    events,
    given,
    no,
    record,
    rerun,
    submitted,
    yes,
)

Act = tuple[str, str, Mapping[str, Any]]
A, B, REFUSED = record("a"), record("b", Outcome.REVIEW), record("refused", Outcome.FAIL)
TO_REVIEW = (submitted(), rerun(), checked(A, B, REFUSED))
REASON = say("The engine does not answer.").to_dict()


def test_the_whole_way() -> None:
    acts = [*TO_REVIEW, given("carol", yes("a"), no("b")), decided("a", rejected=("b",))]
    acts += [about("egress", "request.released", package="5" * 64), about("bob", "package.downloaded")]
    statuses = [fold(events(*acts[:length]))["costs-1"].status for length in range(1, len(acts) + 1)]
    assert statuses == [
        Status.SUBMITTED,
        Status.RERUN,
        Status.IN_REVIEW,
        Status.IN_REVIEW,
        Status.APPROVED,
        Status.RELEASED,
        Status.DOWNLOADED,
    ]
    request = fold(events(*acts))["costs-1"]
    assert [output.name for output in request.approved] == ["a"]
    assert request.package == "5" * 64
    assert request.reached[Status.CHECKED] == "2026-06-01T08:03:00.000+00:00"
    assert request.owner is Owner.NOBODY


@pytest.mark.parametrize(
    "forged",
    [
        [decided("a", "b")],  # no review at all
        [given("carol", no("a"), no("b")), decided("a", "b")],  # not what the review says
        [given("alice", yes("a"), yes("b")), decided("a", "b")],  # the author's own review
        [given("carol", yes("a"), yes("b")), decided("a", "b", "refused")],  # a refused output
        [about("egress", "request.released", package="5" * 64)],
        [about("bob", "package.downloaded")],
        [about("egress", "request.refused", reasons="no list")],
        [checked(A, lane="automatic"), decided("a")],  # checked again, in another lane
        [about("bob", "request.withdrawn")],  # not the author
    ],
)
def test_forged_events_change_nothing(forged: list[Act]) -> None:
    assert fold(events(*TO_REVIEW, *forged))["costs-1"].status is Status.IN_REVIEW


def test_the_automatic_lane_needs_no_review_and_lets_out_what_passed_only() -> None:
    acts = (submitted(), rerun(), checked(A, lane="automatic"))
    assert fold(events(*acts))["costs-1"].status is Status.CHECKED
    assert fold(events(*acts, decided("a")))["costs-1"].status is Status.APPROVED
    acts = (submitted(), rerun(), checked(A, B, lane="automatic"))
    assert fold(events(*acts, decided("a", "b")))["costs-1"].status is Status.CHECKED


def test_a_failed_step_leaves_the_request_where_it_was_and_is_counted() -> None:
    failure = about("egress", "request.failed", reason=REASON)
    request = fold(events(submitted(), failure, failure))["costs-1"]
    assert request.status is Status.SUBMITTED
    assert request.failure is not None
    assert request.failure.times == 2
    assert fold(events(submitted(), failure, rerun()))["costs-1"].failure is None


def test_a_rerun_that_did_not_finish_does_not_move_the_request() -> None:
    assert fold(events(submitted(), rerun(ended="timed_out")))["costs-1"].status is Status.SUBMITTED


def test_an_id_is_taken_once_and_belongs_to_one_project() -> None:
    assert fold(events(submitted(), submitted(actor="bob")))["costs-1"].person == "alice"
    other = events(submitted(), rerun())
    moved = (other[0], *events(rerun(), project="other"))
    assert fold(moved)["costs-1"].status is Status.SUBMITTED


def test_folding_on_is_folding_all() -> None:
    acts = events(*TO_REVIEW, given("carol", yes("a"), yes("b")), decided("a", "b"))
    assert fold(acts[3:], fold(acts[:3])) == fold(acts)
