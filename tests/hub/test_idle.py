"""When a workspace that nobody uses is warned, kept and closed: each limit a second before, at and after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.events.state import Warned
from hub.idle import Step, due, unused
from hub.policy.limits import IdleLimits, read_limits

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LIMITS = IdleLimits(after_minutes=60, warn_minutes=10)
SECOND = timedelta(seconds=1)
WARNED = Warned(NOON + LIMITS.after, NOON + LIMITS.after + LIMITS.warning)


@pytest.mark.parametrize(("more", "step"), [(-SECOND, None), (0 * SECOND, Step.WARN), (SECOND, Step.WARN)])
def test_a_warning_is_due_after_the_policys_minutes_without_use(more: timedelta, step: Step | None) -> None:
    assert due(NOON, None, NOON, NOON + LIMITS.after + more, LIMITS) is step


@pytest.mark.parametrize(("more", "step"), [(-SECOND, None), (0 * SECOND, Step.CLOSE), (SECOND, Step.CLOSE)])
def test_it_is_closed_when_the_warning_said(more: timedelta, step: Step | None) -> None:
    assert due(NOON, WARNED, NOON, WARNED.until + more, LIMITS) is step


@pytest.mark.parametrize(("more", "step"), [(-SECOND, None), (0 * SECOND, Step.CLOSE), (SECOND, Step.CLOSE)])
def test_the_hub_has_listened_for_a_whole_warning_before(more: timedelta, step: Step | None) -> None:
    listening = WARNED.until + timedelta(hours=1)
    assert due(NOON, WARNED, listening, listening + LIMITS.warning + more, LIMITS) is step


@pytest.mark.parametrize(
    ("used", "step"), [(WARNED.at - SECOND, Step.CLOSE), (WARNED.at, Step.CLOSE), (WARNED.at + SECOND, Step.KEEP)]
)
def test_use_after_the_warning_keeps_it(used: datetime, step: Step) -> None:
    assert due(used, WARNED, NOON, WARNED.until, LIMITS) is step


@given(st.integers(0, 100_000), st.booleans())
def test_what_was_used_within_the_limit_is_never_closed(seconds: int, warned: bool) -> None:
    """A kernel that computes reports use each minute: a computation is not closed, however long it takes."""
    now = NOON + timedelta(seconds=seconds)
    used = now - timedelta(minutes=1)
    before = Warned(used - LIMITS.warning, used) if warned else None
    assert due(used, before, NOON - timedelta(days=1), now, LIMITS) in {None, Step.KEEP}


def test_the_shipped_policy_leaves_time_to_react() -> None:
    shipped = read_limits().idle
    assert shipped.warning < shipped.after
    assert unused(shipped).rule == "session.idle"
