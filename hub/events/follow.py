"""A state folded from the log by one process, verified as far as it has read and carried on from there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from hub.events.chain import Event, TamperedError, Tampering, checked, intact
from hub.events.log import EventLog, Reading, Transaction
from hub.words import say

S = TypeVar("S")
BATCH = 2_000  # entries that `look` reads at once: who appends waits no longer than for these


class Follower(Generic[S]):
    """One log, one process. What is checked when:

    - the first time, the whole chain from its first entry;
    - each later time, the last entry read before (that it still stands there with the digest it had, and that its
      fields still have this digest) and the chain from it to the log's end.

    So an entry is decided on only after its link was verified in this process, and a log that was cut back or rewritten
    since is refused, which a fresh reading could not tell. An older entry changed in the file afterwards is not looked
    at again: it changes nothing that this process decides, whose state was folded before. `EventLog.verify` (`bulle log
    verify`) and the next process find it. A refusal lasts as long as the process: an operator looks, then starts it
    again.
    """

    def __init__(self, start: S, fold: Callable[[Iterable[Event], S], S]) -> None:
        self._state = start
        self._fold = fold
        self._last: Event | None = None
        # Taken before a reading begins: one that began earlier than another's would miss what that one has read.
        self._turn = threading.Lock()

    def look(self, log: EventLog) -> S | Tampering:
        """The state at the log's end, for who decides nothing on it: nobody waits but for a batch of entries."""
        with self._turn, log.reading() as reading:
            while True:
                place = self._place
                found = self._follow(reading, place + BATCH)
                if isinstance(found, Tampering) or self._place < place + BATCH:
                    return found

    def catch_up(self, transaction: Transaction) -> S | Tampering:
        """The state at the log's end. Call it before anything is appended in `transaction`: what is taken back with a
        transaction must not have been read.
        """
        with self._turn:
            return self._follow(transaction)

    @property
    def _place(self) -> int:
        return 0 if self._last is None else self._last.seq

    def _follow(self, reading: Reading, until: int | None = None) -> S | Tampering:
        last, seen = self._last, [self._last]

        def following() -> Iterator[Event]:
            for event in checked(reading.read(self._place, until), last):
                seen[0] = event
                yield event

        if last is not None and not _stands(reading, last):
            why = say(
                "Entry {seq} is not what this process read there before: it was changed, or the log was cut back.",
                seq=last.seq,
            )
            return Tampering(last.seq, why)
        try:
            state = self._fold(following(), self._state)
        except TamperedError as error:
            return error.tampering
        self._state, self._last = state, seen[0]
        return state


def _stands(reading: Reading, last: Event) -> bool:
    found = reading.entry(last.seq)
    return found is not None and found.digest == last.digest and intact(found)
