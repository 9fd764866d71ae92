"""Who may not try again yet: failures by person and by address, and the locks that follow from them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from pydantic import Field

from hub.policy.model import Frozen, Sourced

# Rules of refusals that are a failure of who tried; a directory that is down is nobody's failure.
COUNTED = frozenset({"login.wrong", "second_factor.wrong", "second_factor.stale", "second_factor.cloned"})

# A failure is remembered for a day at most, and at most so many of one key: an attacker cannot fill the memory.
REMEMBERED = timedelta(hours=24)
MOST_TIMES = 1000
MOST_KEYS = 10_000


class LockRule(Frozen):
    """So many failures within so long close the door for so long."""

    failures: int = Field(ge=1, le=MOST_TIMES)
    within_minutes: int = Field(ge=1, le=24 * 60)
    locked_minutes: int = Field(ge=1)


class Lockout(Frozen):
    """`[lockout]` of `people.toml`. An address may be a whole institution's."""

    person: Sourced[LockRule]
    address: Sourced[LockRule]
    refusal_seconds: Sourced[float]

    def rule_of(self, key: str) -> LockRule:
        """The rule for a key of `keys_of`."""
        return (self.person if key.startswith("person:") else self.address).value


@dataclass(frozen=True)
class Attempts:
    """Times of failures, oldest first, and ends of locks, both by key."""

    failures: Mapping[str, tuple[datetime, ...]] = field(default_factory=lambda: MappingProxyType({}))
    locked: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))


def keys_of(person: str, address: str) -> tuple[str, ...]:
    """What an attempt counts against; "" is nobody known, or no address told."""
    return tuple(key for key, told in ((f"person:{person}", person), (f"address:{address}", address)) if told)


def with_failure(attempts: Attempts, keys: Iterable[str], at: datetime) -> Attempts:
    """After one more failure."""
    fresh = {key: times for key, times in attempts.failures.items() if at - times[-1] < REMEMBERED}
    for key in keys:
        times = (*fresh.pop(key, ()), at)  # taken out and put in again: the newest key stands last
        fresh[key] = times[-MOST_TIMES:]
    kept = dict(list(fresh.items())[-MOST_KEYS:])
    return replace(attempts, failures=MappingProxyType(kept))


def with_lock(attempts: Attempts, key: str, until: datetime) -> Attempts:
    """After `key` was locked."""
    return replace(attempts, locked=MappingProxyType({**attempts.locked, key: until}))


def without(attempts: Attempts, key: str) -> Attempts:
    """After a success of `key`, or its unlocking: nothing is held against it."""
    return Attempts(
        MappingProxyType({each: times for each, times in attempts.failures.items() if each != key}),
        MappingProxyType({each: until for each, until in attempts.locked.items() if each != key}),
    )


def locks_due(attempts: Attempts, keys: Iterable[str], lockout: Lockout, now: datetime) -> dict[str, datetime]:
    """The keys that must be locked now, each with the end of its lock."""
    due = {}
    for key in keys:
        rule = lockout.rule_of(key)
        if key not in attempts.locked and _recent(attempts, key, rule, now) >= rule.failures:
            due[key] = now + timedelta(minutes=rule.locked_minutes)
    return due


def locks_over(attempts: Attempts, keys: Iterable[str], now: datetime) -> tuple[str, ...]:
    """The keys whose lock has ended by time."""
    return tuple(key for key in keys if key in attempts.locked and attempts.locked[key] <= now)


def is_shut(
    attempts: Attempts, keys: Iterable[str], lockout: Lockout, now: datetime, running: Mapping[str, int]
) -> bool:
    """Whether an attempt counted against `keys` may not be made now.

    `running` attempts are counted as if they had failed: many at once get no more tries than one after the other.
    """
    for key in keys:
        rule = lockout.rule_of(key)
        if key in attempts.locked:
            if now < attempts.locked[key]:
                return True
        elif _recent(attempts, key, rule, now) + running.get(key, 0) >= rule.failures:
            return True
    return False


def _recent(attempts: Attempts, key: str, rule: LockRule, now: datetime) -> int:
    since = now - timedelta(minutes=rule.within_minutes)
    return sum(at > since for at in attempts.failures.get(key, ()))
