"""Who may move a request, in which status."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from egress.checks.model import Outcome
from egress.release.fold import fold
from egress.release.fold_people import REVIEWED_IN
from egress.release.guards import can_download, can_process, can_release
from egress.release.model import ReleaseRequest
from egress.release.reviewing import can_review
from egress.release.status import Status
from egress.release.turns import can_withdraw
from hub.policy.stops import Stops
from hub.policy.verdict import Act, Grant, Refusal
from tests.egress.release.requests import (
    ALICE,
    BOB,
    CAROL,
    TODAY,
    about,
    checked,
    decided,
    events,
    given,
    permit,
    record,
    rerun,
    submitted,
    yes,
)

NONE = Stops()
A, B, REFUSED = record("a"), record("b"), record("refused", Outcome.FAIL)
REVIEWED = (submitted(), rerun(), checked(A, B, REFUSED))
APPROVED = (*REVIEWED, given("carol", yes("a"), yes("b")), decided("a", "b"))
RELEASED = (*APPROVED, about("egress", "request.released", package="5" * 64))


def after(*acts: object) -> ReleaseRequest:
    return fold(events(*acts))["costs-1"]  # type: ignore[arg-type]  # acts of requests.py


def rule(verdict: Grant | Refusal) -> str:
    return verdict.rule


VOTES = (yes("a"), yes("b"))


def test_a_checker_reviews_once_and_every_output() -> None:
    request = after(*REVIEWED)
    assert isinstance(can_review(request, VOTES, CAROL, permit(), TODAY, NONE), Grant)
    assert rule(can_review(request, (yes("a"),), CAROL, permit(), TODAY, NONE)) == "review.incomplete"
    assert rule(can_review(request, (*VOTES, yes("x")), CAROL, permit(), TODAY, NONE)) == "review.unknown_output"
    assert rule(can_review(request, (*VOTES, yes("a")), CAROL, permit(), TODAY, NONE)) == "review.two_votes"
    again = after(*REVIEWED, given("carol", *VOTES))
    assert rule(can_review(again, VOTES, CAROL, permit(), TODAY, NONE)) == "review.twice"


def test_an_author_cannot_review_even_as_a_checker() -> None:
    request = after(submitted(actor="carol"), rerun(), checked(A, B))
    assert rule(can_review(request, VOTES, CAROL, permit(), TODAY, NONE)) == "review.own"


def test_researchers_strangers_and_unknown_people_cannot_review() -> None:
    request = after(*REVIEWED)
    assert rule(can_review(request, VOTES, BOB, permit(), TODAY, NONE)) == "permit.not_named"
    assert rule(can_review(request, VOTES, None, permit(), TODAY, NONE)) == "person.unknown"
    assert rule(can_review(request, VOTES, CAROL, None, TODAY, NONE)) == "permit.missing"


def test_a_refused_output_cannot_be_approved_nor_voted_on() -> None:
    request = after(*REVIEWED)
    verdict = can_review(request, (*VOTES, yes("refused")), CAROL, permit(), TODAY, NONE)
    assert rule(verdict) == "review.refused_output"


@pytest.mark.parametrize("status", sorted(set(Status) - REVIEWED_IN))
def test_only_a_request_in_review_can_be_voted_on(status: Status) -> None:
    request = replace(after(*REVIEWED), status=status)
    verdict = can_review(request, VOTES, CAROL, permit(), TODAY, NONE)
    assert isinstance(verdict, Refusal)
    assert verdict.rule == "request.wrong_status"
    assert "costs-1" in str(verdict.reason)


def test_a_package_is_fetched_once_by_a_researcher_of_the_project() -> None:
    released = after(*RELEASED)
    verdict = can_download(released, BOB, permit(), TODAY, NONE)
    assert isinstance(verdict, Grant)
    assert verdict.covers(Act.DOWNLOAD_PACKAGE, "costs")
    assert rule(can_download(released, CAROL, permit(), TODAY, NONE)) == "permit.not_named"
    assert rule(can_download(after(*APPROVED), BOB, permit(), TODAY, NONE)) == "request.wrong_status"
    fetched = after(*RELEASED, about("bob", "package.downloaded"))
    assert rule(can_download(fetched, ALICE, permit(), TODAY, NONE)) == "package.once"


def test_on_the_last_day_and_not_on_the_next() -> None:
    until, released, approved = date(2026, 12, 31), after(*RELEASED), after(*APPROVED)
    for day, allowed in ((until - timedelta(1), True), (until, True), (until + timedelta(1), False)):
        assert isinstance(can_download(released, ALICE, permit(), day, NONE), Grant) is allowed
        assert isinstance(can_release(approved, ALICE, permit(), day, NONE), Grant) is allowed
        assert isinstance(can_process(after(submitted()), ALICE, permit(), day, NONE), Grant) is allowed


def test_only_an_approved_request_is_released() -> None:
    grant = can_release(after(*APPROVED), ALICE, permit(), TODAY, NONE)
    assert isinstance(grant, Grant)
    assert grant.covers(Act.RELEASE_REQUEST, "costs")
    for acts in (REVIEWED, RELEASED, (submitted(),)):
        assert rule(can_release(after(*acts), ALICE, permit(), TODAY, NONE)) == "request.wrong_status"


def test_the_author_withdraws_until_the_release() -> None:
    assert isinstance(can_withdraw(after(*APPROVED), "alice", NONE), Grant)
    assert rule(can_withdraw(after(*APPROVED), "bob", NONE)) == "request.not_author"
    assert rule(can_withdraw(after(*RELEASED), "alice", NONE)) == "request.wrong_status"
