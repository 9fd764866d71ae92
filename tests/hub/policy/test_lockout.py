"""Who may not try again yet: boundary moments, and that no order of attempts gets more tries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.policy.lockout import (
    MOST_KEYS,
    MOST_TIMES,
    Attempts,
    Lockout,
    is_shut,
    keys_of,
    locks_due,
    locks_over,
    with_failure,
    with_lock,
    without,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
RULES = Lockout.model_validate(
    {
        "person": {"value": {"failures": 3, "within_minutes": 10, "locked_minutes": 5}, "source": "test"},
        "address": {"value": {"failures": 6, "within_minutes": 10, "locked_minutes": 5}, "source": "test"},
        "refusal_seconds": {"value": 0.0, "source": "test"},
    }
)
KEYS = keys_of("alice", "192.0.2.7")
PERSON, ADDRESS = KEYS


def failed(times: int, ago: timedelta = timedelta(0)) -> Attempts:
    attempts = Attempts()
    for _ in range(times):
        attempts = with_failure(attempts, KEYS, NOW - ago)
    return attempts


@pytest.mark.parametrize(("failures", "due"), [(2, []), (3, [PERSON]), (5, [PERSON]), (6, [PERSON, ADDRESS])])
def test_a_lock_is_due_at_its_number_of_failures(failures: int, due: list[str]) -> None:
    found = locks_due(failed(failures), KEYS, RULES, NOW)
    assert list(found) == due
    assert set(found.values()) <= {NOW + timedelta(minutes=5)}


@pytest.mark.parametrize(("seconds", "due"), [(599, True), (600, False), (601, False)])
def test_failures_are_counted_for_their_time(seconds: int, due: bool) -> None:
    assert bool(locks_due(failed(3, timedelta(seconds=seconds)), KEYS, RULES, NOW)) is due


@pytest.mark.parametrize(("seconds", "shut"), [(-1, True), (0, False), (1, False)])
def test_a_lock_ends_at_its_time(seconds: int, shut: bool) -> None:
    attempts = with_lock(failed(3), PERSON, NOW)
    now = NOW + timedelta(seconds=seconds)
    assert is_shut(attempts, KEYS, RULES, now, {}) is shut
    assert locks_over(attempts, KEYS, now) == (() if shut else (PERSON,))


def test_a_lock_is_not_drawn_out_by_further_attempts() -> None:
    assert locks_due(with_lock(failed(9), PERSON, NOW), [PERSON], RULES, NOW) == {}


@pytest.mark.parametrize(("failures", "running", "shut"), [(2, 0, False), (2, 1, True), (0, 3, True), (0, 2, False)])
def test_attempts_under_way_count_as_failed(failures: int, running: int, shut: bool) -> None:
    assert is_shut(failed(failures), [PERSON], RULES, NOW, {PERSON: running}) is shut


def test_a_success_takes_back_what_stood_against_the_person_only() -> None:
    attempts = without(failed(5), PERSON)
    assert not is_shut(attempts, [PERSON], RULES, NOW, {})
    assert list(locks_due(with_failure(attempts, KEYS, NOW), KEYS, RULES, NOW)) == [ADDRESS]


def test_nobody_known_counts_against_the_address_alone() -> None:
    assert keys_of("", "192.0.2.7") == ("address:192.0.2.7",)
    assert keys_of("alice", "") == ("person:alice",)


def test_the_memory_of_failures_is_bounded() -> None:
    attempts = Attempts()
    for number in range(MOST_KEYS + 5):
        attempts = Attempts({**attempts.failures, f"address:{number}": (NOW,)})
    attempts = with_failure(attempts, ["address:new"], NOW)
    assert len(attempts.failures) == MOST_KEYS
    assert "address:new" in attempts.failures
    assert len(with_failure(Attempts({"k": (NOW,) * MOST_TIMES}), ["k"], NOW).failures["k"]) == MOST_TIMES
    assert with_failure(attempts, [], NOW + timedelta(hours=24)).failures == {}


@given(st.lists(st.integers(min_value=0, max_value=1200), max_size=60))
def test_nobody_gets_more_tries_than_the_rule_within_its_time(gaps: list[int]) -> None:
    attempts, now, tried = Attempts(), NOW, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        for key in locks_over(attempts, [PERSON], now):
            attempts = without(attempts, key)
        if is_shut(attempts, [PERSON], RULES, now, {}):
            continue
        tried.append(now)
        attempts = with_failure(attempts, [PERSON], now)
        for key, until in locks_due(attempts, [PERSON], RULES, now).items():
            attempts = with_lock(attempts, key, until)
        # within any lock's length no more than the rule's number of tries is made
        assert sum(now - each < timedelta(minutes=5) for each in tried) <= 3
