"""`python -m hub.keeper`: the only process that writes the event log. The others ask it, each through a socket of its
own, and are refused what another process answers for (`hub.events.writers`).

BULLE_STATE: the state's root. BULLE_LOG_SOCKETS: a folder; in it `<writer>/socket` for each writer.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import ConfigDict, StringConstraints, ValidationError

from hub.container import SERVICE_GROUP
from hub.events.kept import BEGIN, COMMIT, MAX_EVENT, TURN_SECONDS
from hub.events.log import EventLog, Transaction
from hub.events.writers import Writer, may_write
from hub.policy.model import Frozen
from hub.policy.verdict import Refusal
from hub.serving import serve
from hub.wire import ANSWER, QUESTION, Line, Listener, Quiet
from hub.words import say
from hub.workspace import StateLayout

LOG = logging.getLogger("bulle.keeper")
HELD_SECONDS = 120  # the longest transaction, a release held against everything released, takes seconds
PLACES = 256  # transactions of one process that wait for their turn: as many as it has threads
KEEPER = "keeper"

_SHAPE = Refusal("log.shape", say("This is no event and no step of a transaction that the log's keeper takes."))
_BUSY = say("The event log is in use for too long; nothing was written, try again in a minute.")
_FAILED = say("The event log could not be written; nothing was, and an operator must look at its keeper's log.")


class _Asked(Frozen):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    actor: Annotated[str, StringConstraints(max_length=64)]
    kind: Annotated[str, StringConstraints(max_length=64)]
    project: Annotated[str, StringConstraints(max_length=64)]
    body: dict[str, Any]


class _TakenBackError(Exception):
    """The transaction ends without a trace. `answer` is told where somebody still listens."""

    def __init__(self, answer: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.answer = answer


class Keeper:
    """Writes what one process may write. `turn` is shared by all: transactions wait here, first come first served."""

    def __init__(self, log: EventLog, writer: Writer, turn: threading.Lock) -> None:
        self._log = log
        self._writer = writer
        self._turn = turn
        self._quiet = Quiet()

    def answer(self, line: Line, _user: int, question: bytes | None) -> None:
        """One transaction, from "begin" to "commit"; anything else, and silence, takes it back."""
        answer: Mapping[str, Any] | None
        try:
            answer = self._transacted(line) if _read(question) == BEGIN else _refused(_SHAPE)
        except _TakenBackError as taken_back:
            answer = taken_back.answer
        except Exception:
            LOG.exception("a transaction of %s", self._writer)
            answer = {"failed": _FAILED.to_dict()}
        if answer is not None:
            self._tell(answer)
            _send(line, answer)

    def _transacted(self, line: Line) -> Mapping[str, Any]:
        if not self._turn.acquire(timeout=TURN_SECONDS):
            raise _TakenBackError({"failed": _BUSY.to_dict()})
        try:
            with self._log.transaction() as transaction:
                _send(line, {"begun": True})
                deadline = time.monotonic() + HELD_SECONDS
                while (asked := _heard(line, deadline)) != COMMIT:
                    _send(line, {"event": self._appended(transaction, asked)})
        finally:
            self._turn.release()
        return {"done": True}

    def _appended(self, transaction: Transaction, asked: Any) -> dict[str, Any]:
        try:
            event = _Asked.model_validate(asked["append"])
        except (ValidationError, KeyError, TypeError) as error:
            raise _TakenBackError(_refused(_SHAPE)) from error
        verdict = may_write(self._writer, event.kind, event.project)
        if isinstance(verdict, Refusal):
            raise _TakenBackError(_refused(verdict))
        try:
            return asdict(transaction.append(event.actor, event.kind, event.project, event.body))
        except ValueError as error:  # no spelling that the chain could verify
            raise _TakenBackError(_refused(_SHAPE)) from error

    def _tell(self, answer: Mapping[str, Any]) -> None:
        """That a process asked for what is not its own is an event, written by nobody but the keeper."""
        refused = answer.get("refused")
        if refused is None or not self._quiet.is_news(self._writer, str(refused)):
            return
        LOG.warning("refused %s: %s", self._writer, refused["rule"])
        try:
            self._log.append(KEEPER, "log.refused", "", {"writer": self._writer, **refused})
        except Exception:  # it stays refused
            LOG.exception("could not write the refusal down")


def _heard(line: Line, deadline: float) -> Any:
    try:
        message = line.receive({QUESTION: MAX_EVENT}, min(deadline, time.monotonic() + TURN_SECONDS))
    except (ValueError, OSError) as error:  # a TimeoutError is an OSError
        raise _TakenBackError from error
    if message is None:
        raise _TakenBackError
    return _read(message[1])


def _read(question: bytes | None) -> Any:
    try:
        return json.loads(question or b"")
    except (ValueError, RecursionError):
        return None


def _refused(refusal: Refusal) -> dict[str, Any]:
    return {"refused": {"rule": refusal.rule, "reason": refusal.reason.to_dict()}}


def _send(line: Line, answer: Mapping[str, Any]) -> None:
    try:
        line.send(ANSWER, json.dumps(answer).encode())
    except OSError as error:
        raise _TakenBackError from error


class _Listeners:
    """One listener per writer, each in a thread of its own."""

    def __init__(self, listeners: tuple[Listener, ...]) -> None:
        self._listeners = listeners

    def serve(self) -> None:
        """Until `close`."""
        threads = [threading.Thread(target=each.serve) for each in self._listeners]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def close(self) -> None:
        """Take no more transactions."""
        for each in self._listeners:
            each.close()


def listen(log: EventLog, sockets: Path) -> _Listeners:
    """Listens for every writer, below `sockets`. Raises: OSError."""
    turn = threading.Lock()
    made = []
    for writer in Writer:
        folder = sockets / writer
        folder.mkdir(mode=0o700, exist_ok=True)
        made.append(Listener(folder / "socket", SERVICE_GROUP, Keeper(log, writer, turn).answer, PLACES))
    return _Listeners(tuple(made))


def compose(environ: Mapping[str, str]) -> _Listeners:
    """The keeper that `environ` describes, listening. Raises: KeyError, OSError."""
    log = EventLog(Path(StateLayout(PurePosixPath(environ["BULLE_STATE"])).log))
    return listen(log, Path(environ["BULLE_LOG_SOCKETS"]))


def main() -> int:
    """Serve until told to stop."""
    return serve(compose, LOG, "events")


if __name__ == "__main__":
    sys.exit(main())
