"""Several servers of one directory: whichever answers decides, and those that fail are asked last for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hub.directory import ldap
from hub.directory.model import Account, DirectorySettings
from hub.policy.verdict import Refusal

# Seconds for which a server that failed is asked after the others: nobody waits for it at every login.
AVOIDED = 60.0

Ask = Callable[[str], Account | Refusal]


@dataclass(frozen=True)
class Turn:
    """A server that began to fail, by which rule, or answered again (`rule` "")."""

    server: str
    rule: str


@dataclass(frozen=True)
class Answer:
    """What the directory says, and which of its servers turned meanwhile."""

    account: Account | Refusal
    turns: tuple[Turn, ...] = ()


def in_order(servers: tuple[str, ...], failed: Mapping[str, float], now: float) -> tuple[str, ...]:
    """The servers as they are asked: those that failed within `AVOIDED` seconds last, else as configured. Pure."""
    return tuple(sorted(servers, key=lambda server: server in failed and now - failed[server] < AVOIDED))


class Directory:
    """One per process; its methods block and may run in several threads. `clock` counts seconds."""

    def __init__(self, settings: DirectorySettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: dict[str, float] = {}

    def find(self, name: str) -> Answer:
        """The account called `name`, or why there is none."""
        return self._first(lambda server: ldap.find(self.settings, server, name))

    def verify(self, name: str, password: str) -> Answer:
        """The account called `name`, when `password` is its own."""
        return self._first(lambda server: ldap.verify(self.settings, server, name, password))

    def _first(self, ask: Ask) -> Answer:
        """The first answer that is one; where no server gives any, the graver of their failures."""
        turns: list[Turn] = []
        failures: list[Refusal] = []
        with self._lock:
            servers = in_order(self.settings.servers, self._failed, self._clock())
        for server in servers:
            answer = ask(server)
            if not isinstance(answer, Refusal) or answer.rule not in ldap.PASSING:
                turns += self._note(server, "")
                return Answer(answer, tuple(turns))
            failures.append(answer)
            turns += self._note(server, answer.rule)
        return Answer(ldap.UNTRUSTED if ldap.UNTRUSTED in failures else ldap.DOWN, tuple(turns))

    def _note(self, server: str, rule: str) -> list[Turn]:
        with self._lock:
            was_failing = server in self._failed
            if rule:
                self._failed[server] = self._clock()
            else:
                self._failed.pop(server, None)
        return [Turn(server, rule)] if was_failing != bool(rule) else []
