"""Logins between password and second factor: in this process's memory, few minutes long, each with one challenge."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hub.policy.factors import Ask, Enrol

_MOST = 10_000  # kept; beyond, the oldest ends
Clock = Callable[[], float]


@dataclass(frozen=True)
class Pending:
    """One browser whose person showed the right password. `name` is what people call them.

    `secret` is of an app that is being enrolled. `challenge` is b"" once it was answered. `proof` is how the second
    factor was shown, "" as long as it was not.
    """

    id: str
    person: str
    name: str
    step: Ask | Enrol
    begun: float
    challenge: bytes = field(default=b"", repr=False)
    secret: str = field(default="", repr=False)
    proof: str = ""


class Pendings:
    """Those of this process; a restart ends them all, and people log in again."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._all: dict[str, Pending] = {}

    def begin(self, person: str, name: str, step: Ask | Enrol) -> Pending:
        """A new one; its id is a secret of the browser that showed the password."""
        pending = Pending(secrets.token_urlsafe(32), person, name, step, self._clock())
        with self._lock:
            self._all[pending.id] = pending
            for old in list(self._all)[: max(0, len(self._all) - _MOST)]:
                del self._all[old]
        return pending

    def find(self, identity: str) -> Pending | None:
        """The one with this id, while its time lasts."""
        with self._lock:
            pending = self._all.get(identity)
            if pending is not None and self._clock() - pending.begun >= self._seconds:
                del self._all[identity]
                return None
            return pending

    def change(self, pending: Pending, **changes: object) -> Pending:
        """With some fields replaced, when it is still there."""
        changed = replace(pending, **changes)  # type: ignore[arg-type]  # field names are the caller's
        with self._lock:
            if pending.id in self._all:
                self._all[pending.id] = changed
        return changed

    def take_challenge(self, pending: Pending) -> bytes:
        """The challenge, which nobody gets a second time; b"" when it was taken already."""
        with self._lock:
            current = self._all.get(pending.id)
            if current is None:
                return b""
            self._all[pending.id] = replace(current, challenge=b"")
            return current.challenge

    def end(self, pending: Pending) -> None:
        """It leads nowhere any more."""
        with self._lock:
            self._all.pop(pending.id, None)
