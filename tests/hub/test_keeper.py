"""The log's keeper over its real sockets: what it writes, for whom, and what becomes of a caller that misbehaves."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub import keeper
from hub.container import SERVICE_GROUP
from hub.events.kept import kept_at, log_address, open_log
from hub.events.log import EventLog
from hub.events.writers import Writer
from hub.policy.verdict import RefusedError
from hub.wire import ANSWER, QUESTION, Line, WireError

HALT: dict[str, Any] = {"scope": "project", "why": "an incident"}


class Kept:
    """A log with its keeper, and the way of each process to it."""

    def __init__(self, root: Path) -> None:
        self.path, self.sockets = root / "log.db", root / "s"
        self.sockets.mkdir()
        self.log = EventLog(self.path)
        self.listeners = keeper.listen(self.log, self.sockets)
        self.thread = threading.Thread(target=self.listeners.serve, daemon=True)
        self.thread.start()

    def of(self, writer: Writer) -> EventLog:
        return open_log(kept_at(self.sockets / writer / "socket", self.path))

    def kinds(self) -> list[str]:
        return [event.kind for event in EventLog(self.path, read_only=True).read()]

    def line(self, writer: Writer) -> tuple[socket.socket, Line]:
        stream = socket.socket(socket.AF_UNIX)
        stream.connect(str(self.sockets / writer / "socket"))
        return stream, Line(stream)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path)
    yield made
    made.listeners.close()
    made.thread.join(timeout=5)
    made.log.close()


def heard(line: Line) -> dict[str, Any]:
    message = line.receive({ANSWER: 1 << 20}, time.monotonic() + 10)
    assert message is not None
    return dict(json.loads(message[1]))


def test_an_event_is_written_and_is_what_came_back(kept: Kept) -> None:
    log = kept.of(Writer.ADMIN)
    event = log.append("erin", "access.halted", "care", HALT)
    assert log.read() == (event,)
    assert log.verify(event.digest) is None
    assert (event.actor, event.kind, event.project, dict(event.body)) == ("erin", "access.halted", "care", HALT)


def test_a_transaction_reads_what_stands_and_what_it_appended(kept: Kept) -> None:
    log = kept.of(Writer.ADMIN)
    first = log.append("erin", "access.halted", "care", HALT)
    with log.transaction() as transaction:
        assert list(transaction.read()) == [first]
        second = transaction.append("erin", "access.resumed", "care", HALT)
        assert list(transaction.read()) == [first, second]
        assert list(transaction.read(after=1, kinds="access.")) == [second]
        assert transaction.entry(2) == second
        assert kept.kinds() == ["access.halted"], "not before it ends"
    assert kept.kinds() == ["access.halted", "access.resumed"]


def test_an_exception_takes_everything_back_and_the_next_goes_on(kept: Kept) -> None:
    log = kept.of(Writer.ADMIN)

    def halted_by_mistake() -> None:
        with log.transaction() as transaction:
            transaction.append("erin", "access.halted", "care", HALT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        halted_by_mistake()
    assert kept.kinds() == []
    assert log.append("erin", "access.halted", "care", HALT).seq == 1


def test_a_process_that_was_taken_over_writes_no_review_and_the_attempt_is_an_event(kept: Kept) -> None:
    log = kept.of(Writer.WORKER)

    def forged() -> None:
        with log.transaction() as transaction:
            transaction.append("egress", "request.checked", "care", {})
            transaction.append("carol", "review.given", "care", {"request": "care-1"})

    with pytest.raises(RefusedError) as refused:
        forged()
    assert refused.value.refusal.rule == "log.writer"
    [told] = kept.log.read()
    assert (told.actor, told.body["writer"], told.body["rule"]) == ("keeper", "egress-worker", "log.writer")
    assert "care-1" not in json.dumps(dict(told.body))


def test_the_log_itself_cannot_be_written_by_who_reads_it(kept: Kept) -> None:
    reading = EventLog(kept.path, read_only=True)
    with pytest.raises(Exception, match="readonly"):
        reading.append("erin", "access.halted", "care", HALT)


@pytest.mark.parametrize(
    "asked",
    [
        {"append": {"actor": "erin", "kind": "access.halted", "project": "care", "body": {"x": float("nan")}}},
        {"append": {"actor": "erin", "kind": "no.such_kind", "project": "care", "body": {}}},
        {"append": {"actor": "e" * 65, "kind": "access.halted", "project": "care", "body": {}}},
        {"append": {"actor": 7, "kind": "access.halted", "project": "care", "body": {}}},
        {"append": {"actor": "erin", "kind": "access.halted", "project": "care", "body": {}, "at": "1999"}},
        {"append": []},
        {"commit": True},
        [[]],
        "begin",
    ],
)
def test_what_is_no_event_is_refused_and_takes_the_transaction_back(kept: Kept, asked: Any) -> None:
    stream, line = kept.line(Writer.ADMIN)
    with stream:
        line.send(QUESTION, b'"begin"')
        assert heard(line) == {"begun": True}
        line.send(
            QUESTION,
            json.dumps({"append": {"actor": "erin", "kind": "access.halted", "project": "care", "body": {}}}).encode(),
        )
        assert heard(line)["event"]["seq"] == 1
        line.send(QUESTION, json.dumps(asked).encode())
        assert heard(line)["refused"]["rule"] in {"log.shape", "log.writer"}
    assert "access.halted" not in kept.kinds()


@pytest.mark.parametrize("said", [b"", b"\xff\xfe", b"[" * 100_000, b'{"begin": true}', b'{"append": {}}'])
def test_who_does_not_begin_is_refused(kept: Kept, said: bytes) -> None:
    stream, line = kept.line(Writer.ADMIN)
    with stream:
        line.send(QUESTION, said[:60_000])
        assert heard(line)["refused"]["rule"] == "log.shape"


def test_who_hangs_up_keeps_nobody_waiting(kept: Kept) -> None:
    stream, line = kept.line(Writer.WORKER)
    line.send(QUESTION, b'"begin"')
    assert heard(line) == {"begun": True}
    stream.close()
    assert kept.of(Writer.ADMIN).append("erin", "access.halted", "care", HALT).seq == 1


def test_without_its_keeper_nothing_is_written_and_the_log_is_still_read(kept: Kept) -> None:
    log = kept.of(Writer.ADMIN)
    log.append("erin", "access.halted", "care", HALT)
    kept.listeners.close()
    kept.thread.join(timeout=5)
    with pytest.raises(WireError):
        log.append("erin", "access.resumed", "care", HALT)
    assert kept.kinds() == ["access.halted"]


def test_many_threads_of_many_processes_lose_nothing(kept: Kept) -> None:
    def write(writer: Writer, kind: str) -> None:
        log = kept.of(writer)
        for number in range(8):
            log.append("somebody", kind, "care", {"number": number})

    asked = [(Writer.ADMIN, "access.halted"), (Writer.WEB, "review.given"), (Writer.WORKER, "request.checked")] * 3
    threads = [threading.Thread(target=write, args=each) for each in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept.kinds()) == 8 * len(asked)
    assert kept.log.verify() is None


def test_the_address_says_how_the_log_is_written(tmp_path: Path) -> None:
    odd = tmp_path / "a%20?b&c=d#e"
    odd.mkdir()
    EventLog(odd / "log.db").append("erin", "access.halted", "care", HALT)
    kept_log = open_log(log_address({"BULLE_LOG_SOCKET": str(odd / "socket")}, odd / "log.db"))
    assert [event.kind for event in kept_log.read()] == ["access.halted"]
    direct = open_log(log_address({}, odd / "log.db"))
    assert direct.append("erin", "access.resumed", "care", HALT).seq == 2


def test_the_sockets_are_the_services(kept: Kept) -> None:
    for writer in Writer:
        found = (kept.sockets / writer / "socket").stat()
        assert (found.st_mode & 0o777, found.st_gid) == (0o660, SERVICE_GROUP)
