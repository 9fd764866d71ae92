"""Waits between attempts: twice as long each time, up to a longest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub.retry import FIRST_RETRY, LAST_RETRY, retry_after

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


def test_each_wait_is_twice_the_one_before_up_to_the_longest() -> None:
    waits: list[timedelta] = []
    known = None
    for _ in range(9):
        known = retry_after(known, NOW)
        assert known.at == NOW + known.waited
        waits.append(known.waited)
    assert waits[:3] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY]
    assert waits[-2:] == [LAST_RETRY, LAST_RETRY]
