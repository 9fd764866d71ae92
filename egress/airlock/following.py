"""The situation as one process follows it: each entry of the log is verified and folded once, the state carried on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from egress.airlock.situation import Situation
from hub.events.chain import Event, Tampering
from hub.events.follow import Follower
from hub.events.log import EventLog, Transaction
from hub.policy.verdict import Refusal, RefusedError
from hub.words import say

S = TypeVar("S")


class Following:
    """One log. Raises RefusedError (`log.changed`) wherever the log is not what was written (`hub.events.follow`)."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._follower = Follower(Situation(), _after)

    def look(self) -> Situation:
        """The situation at the log's end, for who decides nothing on it."""
        return held(self._follower.look(self._log))

    def read(self, kinds: str) -> tuple[Event, ...]:
        """The events whose kinds begin so, as they lie."""
        return self._log.read(kinds=kinds)

    @contextmanager
    def deciding(self) -> Iterator[tuple[Situation, Transaction]]:
        """The situation while nobody else can append, and the transaction that appends what was decided on it."""
        self.look()  # a long log is read before others must wait
        with self._log.transaction() as transaction:
            yield held(self._follower.catch_up(transaction)), transaction


def _after(events: Iterable[Event], before: Situation) -> Situation:
    return before.after(events)


def held(found: S | Tampering) -> S:
    """The state that was found. Raises: RefusedError where the log was changed."""
    if isinstance(found, Tampering):
        reason = say(
            "The event log was changed at entry {seq}; nothing is decided on it until an operator looked.",
            seq=found.seq,
        )
        raise RefusedError(Refusal("log.changed", reason))
    return found
