"""A state folded from the log by one process, verified as far as it has read and carried on from there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from hub.events.chain import Event, TamperedError, Tampering, checked, intact
from hub.events.log import Transaction
from hub.words import say

S = TypeVar("S")


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

    def catch_up(self, transaction: Transaction) -> S | Tampering:
        """The state at the log's end. Call it before anything is appended in `transaction`: what is taken back with a
        transaction must not have been read. The log's own lock keeps threads apart.
        """
        last, seen = self._last, [self._last]

        def following() -> Iterator[Event]:
            for event in checked(transaction.read(0 if last is None else last.seq), last):
                seen[0] = event
                yield event

        if last is not None and not _stands(transaction, last):
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


def _stands(transaction: Transaction, last: Event) -> bool:
    found = transaction.entry(last.seq)
    return found is not None and found.digest == last.digest and intact(found)
