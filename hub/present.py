"""The enclave as it is at this moment: the log, folded as far as it has been written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from hub.events.kept import open_log
from hub.events.log import Clock, EventLog, utc_now
from hub.events.state import Enclave, fold
from hub.policy.standing import Requirements
from hub.policy.verdict import Refusal


class Present:
    """Reads what was appended since it last looked; the state is never more than a fold. One per process and log."""

    def __init__(self, log: EventLog, clock: Clock = utc_now) -> None:
        self._log = log
        self._clock = clock
        self._state = Enclave()
        self._seen = 0
        self._reading = threading.Lock()

    def enclave(self) -> Enclave:
        """The state now. Blocking: reads the log."""
        return self._read()[0]

    def _read(self) -> tuple[Enclave, int]:
        with self._reading:
            events = self._log.read(after=self._seen)
            if events:
                self._state = fold(events, self._state)
                self._seen = events[-1].seq
            return self._state, self._seen

    def tell_granted(
        self,
        refusal: Callable[[Enclave], Refusal | None],
        actor: str,
        kind: str,
        project: str,
        body: Mapping[str, Any],
    ) -> Refusal | None:
        """Append one event unless `refusal` says no to the state at its very place; that refusal."""
        before, seen = self._read()
        with self._log.transaction() as transaction:
            refused = refusal(fold(transaction.read(after=seen), before))
            if refused is None:
                transaction.append(actor, kind, project, body)
        return refused

    def now(self) -> datetime:
        """This moment, UTC; permits begin and end with the UTC day."""
        return self._clock().astimezone(UTC)

    def tell(self, actor: str, kind: str, project: str, body: Mapping[str, Any]) -> None:
        """Append one event."""
        self._log.append(actor, kind, project, body)


def announce(log: EventLog, required: Requirements) -> None:
    """Write down what is asked of people, when it is not what the log says already."""
    with log.transaction() as transaction:
        if fold(transaction.read()).required != required:
            body = {"required": required.model_dump(mode="json")}
            transaction.append("hub", "people.required", "", body)


@cache
def present_of(log: str) -> Present:
    """The one reader of the log at `log` (as `open_log` takes it) in this process."""
    return Present(open_log(log))
