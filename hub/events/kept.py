"""The log of a process that may read it and not write it: its events are written by the log's keeper (hub/keeper.py).

A transaction is a conversation with the keeper, who holds the log's lock meanwhile; what is read during it comes from
the log itself, so that deciding on it costs nothing more than elsewhere.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from sqlalchemy import Connection

from hub.events.chain import Event
from hub.events.log import Clock, EventLog, Reading, Transaction, utc_now
from hub.policy.verdict import Refusal, RefusedError
from hub.wire import ANSWER, NO_ANSWER, QUESTION, QUESTION_SECONDS, Line, WireError
from hub.words import Message, say

MAX_EVENT = 16 * 1024 * 1024  # a catalogue of a large source, a report over thousands of cells
TURN_SECONDS = 60  # nobody waits longer for the log, and nobody holds it longer between two messages
BEGIN, COMMIT = "begin", "commit"
_SCHEME = "kept:"
_BROKEN = say("The log's keeper gave back another event than it was asked to write; an operator must look.")


def kept_at(socket_path: PurePath | str, log: PurePath | str) -> str:
    """The address of the log at `log` as read directly and written through the keeper at `socket_path`."""
    return f"{_SCHEME}{quote(str(socket_path))}?{urlencode({'log': str(log)})}"


def log_address(environ: Mapping[str, str], log: PurePath) -> str:
    """Where a process finds the log: through the keeper whose socket BULLE_LOG_SOCKET names, else the log itself."""
    keeper = environ.get("BULLE_LOG_SOCKET", "")
    return kept_at(keeper, log) if keeper else str(log)


def log_of(environ: Mapping[str, str], log: PurePath) -> EventLog:
    """The log at `log` as a process with this environment uses it (see `log_address`)."""
    return open_log(log_address(environ, log))


def open_log(where: str | Path, clock: Clock = utc_now, always: Mapping[str, Any] | None = None) -> EventLog:
    """The log at `where`: a path, a database URL, or an address made by `kept_at`."""
    if not isinstance(where, str) or not where.startswith(_SCHEME):
        return EventLog(where, clock, always)
    keeper, _, query = where.removeprefix(_SCHEME).partition("?")
    return KeptLog(Path(keeper), parse_qs(query)["log"][0], clock, always)


class KeptLog(EventLog):
    """Reads the log at `where`; appends by asking the keeper at `keeper`. The keeper's clock dates the events."""

    def __init__(
        self, keeper: Path, where: str, clock: Clock = utc_now, always: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(where, clock, always, read_only=True)
        self._keeper = keeper

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """As `EventLog.transaction`. Raises: WireError without the keeper, RefusedError for another process's kinds."""
        with _conversation(self._keeper) as asking, self._engine.connect() as connection:
            asking(BEGIN)
            yield _KeptTransaction(connection, self._clock, self._always, asking)
            asking(COMMIT)


_Asking = Callable[[Any], dict[str, Any]]


class _KeptTransaction(Transaction):
    """What was appended in it is read back from here: others see it, and the log holds it, once it ends."""

    def __init__(self, connection: Connection, clock: Clock, always: Mapping[str, Any], asking: _Asking) -> None:
        super().__init__(connection, clock, always)
        self._asking = asking
        self._appended: list[Event] = []

    def read(self, after: int = 0, until: int | None = None, kinds: str = "") -> Iterator[Event]:
        """As `Reading.read`; read to its end at once: an open cursor would keep the keeper from ending."""
        yield from list(Reading.read(self, after, until, kinds))
        for event in self._appended:
            if after < event.seq and (until is None or event.seq <= until) and event.kind.startswith(kinds):
                yield event

    def entry(self, seq: int) -> Event | None:
        """As `Reading.entry`."""
        return next(self.read(seq - 1, until=seq), None)

    def _write(self, actor: str, kind: str, project: str, body: Mapping[str, Any]) -> Event:
        asked = {"actor": actor, "kind": kind, "project": project, "body": {**body, **self._always}}
        written = self._asking({"append": asked})["event"]
        event = Event(**written)
        if (event.actor, event.kind, event.project) != (actor, kind, project):
            raise WireError(_BROKEN)
        self._appended.append(event)
        return event


@contextmanager
def _conversation(keeper: Path) -> Iterator[_Asking]:
    with socket.socket(socket.AF_UNIX) as stream:
        line = Line(stream)

        def ask(question: Any) -> dict[str, Any]:
            try:
                line.send(QUESTION, json.dumps(question).encode())
                message = line.receive({ANSWER: MAX_EVENT}, time.monotonic() + TURN_SECONDS)
                answer = json.loads(message[1]) if message else None
            except (OSError, ValueError) as error:
                raise WireError(NO_ANSWER) from error
            return _answered(answer)

        try:
            stream.settimeout(QUESTION_SECONDS)
            stream.connect(str(keeper))
        except OSError as error:
            raise WireError(NO_ANSWER) from error
        yield ask


def _answered(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise WireError(NO_ANSWER)
    if "refused" in answer:
        refused = answer["refused"]
        raise RefusedError(Refusal(refused["rule"], Message.from_dict(refused["reason"])))
    if "failed" in answer:
        raise WireError(Message.from_dict(answer["failed"]))
    return answer
