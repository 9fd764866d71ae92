"""The table of transitions says everything about statuses, and nothing in it is dead."""

import pytest

from egress.release.status import STATUS_OWNER, TRANSITIONS, Owner, Status, may_go


def test_every_status_has_a_row_and_an_owner() -> None:
    assert set(TRANSITIONS) == set(Status)
    assert set(STATUS_OWNER) == set(Status)


def test_every_status_can_be_reached_from_submission() -> None:
    reached, edge = {Status.SUBMITTED}, {Status.SUBMITTED}
    while edge:
        edge = {target for origin in edge for target in TRANSITIONS[origin]} - reached
        reached |= edge
    assert reached == set(Status)


@pytest.mark.parametrize("status", Status)
def test_a_status_without_a_way_on_is_nobodys_and_the_others_are_somebodys(status: Status) -> None:
    nothing_is_asked = {Status.REJECTED, Status.DOWNLOADED}  # an appeal and a recall are possible, not awaited
    assert (STATUS_OWNER[status] is Owner.NOBODY) == (not TRANSITIONS[status] or status in nothing_is_asked)


def test_nothing_is_approved_without_having_been_checked() -> None:
    origins = {origin for origin in Status if may_go(origin, Status.APPROVED)}
    assert origins == {
        Status.CHECKED,
        Status.IN_REVIEW,
        Status.CONSOLIDATING,
        Status.AWAITS_APPROVAL,
        Status.APPEALED,
    }
    assert {origin for origin in Status if may_go(origin, Status.RELEASED)} == {Status.APPROVED}
    assert {origin for origin in Status if may_go(origin, Status.DOWNLOADED)} == {Status.RELEASED}


def test_a_released_package_cannot_be_withdrawn() -> None:
    assert not may_go(Status.RELEASED, Status.WITHDRAWN)
    assert {target for target in Status if may_go(Status.DOWNLOADED, target)} == {Status.RECALLED}


def test_every_open_request_can_expire_and_no_other() -> None:
    closed = {status for status in Status if not may_go(status, Status.EXPIRED)}
    assert closed == {
        Status.REJECTED,
        Status.RELEASED,
        Status.DOWNLOADED,
        Status.RECALLED,
        Status.WITHDRAWN,
        Status.EXPIRED,
    }
