"""Real processes race for room on one real log, some are killed in the middle: never over a cap, what is held stays."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess

import pytest

from egress.privacy.account import Spending, embedded_grant, reserve, settle
from egress.privacy.answer import Answer, Noise
from egress.privacy.form import TABLE
from egress.privacy.ledger import Caps, Reservation, Standing, balance, fold
from hub.events.log import EventLog
from hub.policy.verdict import Refusal
from tests.egress.privacy.releases import spec

COUNT = spec("SELECT sex, count(*) AS n FROM t GROUP BY sex")
ANSWER = Answer(Noise(30, 1.0, 1e-6, 0.95, (1.0,), (2,), (3,)), ((7, -8),))
CAPS = Caps(400)  # 13 × 30 ≤ 400 < 14 × 30
WAIT = 120
Racer = tuple[BaseProcess, Connection]


def _race(where: str, name: str, way: str, told: Connection) -> None:
    """Reserves until it is refused. `hang`: waits with its first reservation open. `inside`: waits in the transaction,
    before its entry is written. `stay`: does not end by itself.
    """

    def clock() -> datetime:
        if way == "inside":
            told.send("inside")
            told.recv()
        return datetime.now(UTC)

    log = EventLog(where, clock)
    told.send("ready")
    told.recv()
    for turn in range(20):
        held = reserve(log, embedded_grant(name), Spending(TABLE, COUNT, f"{name}-{turn}", 30), CAPS)
        told.send("held" if isinstance(held, Reservation) else "refused")
        if not isinstance(held, Reservation):
            break
        if way == "hang":
            told.recv()
        if turn % 2 == 0:
            settle(log, held, name, TABLE, ANSWER)
    if way == "stay":
        told.recv()
    log.close()


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload([__name__])
    return made


@pytest.fixture
def racer(where: str, context: ForkServerContext) -> Iterator[Callable[[str, str], Racer]]:
    EventLog(where).close()
    started: list[Racer] = []

    def start(name: str, way: str = "run") -> Racer:
        here, there = context.Pipe()
        process = context.Process(target=_race, args=(where, name, way, there))
        process.start()
        there.close()
        started.append((process, here))
        return process, here

    yield start
    for process, told in started:
        process.kill()
        process.join(WAIT)
        told.close()


def said(told: Connection) -> str | None:
    """The next word of a process; None when it is gone."""
    assert told.poll(WAIT)
    try:
        word: str = told.recv()
    except (EOFError, ConnectionResetError):
        return None
    return word


def go(told: Connection) -> None:
    told.send("go")


def kill(process: BaseProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(WAIT)
    assert process.exitcode == -signal.SIGKILL


@contextmanager
def opened(where: str) -> Iterator[EventLog]:
    log = EventLog(where)
    yield log
    log.close()


def test_eight_processes_never_overspend_though_three_are_killed_in_the_middle(
    where: str, racer: Callable[[str, str], Racer]
) -> None:
    hanging, inside, running = racer("hanging", "hang"), racer("inside", "inside"), racer("running", "stay")
    others = [racer(f"racer{at}", "run") for at in range(5)]
    for _, told in (hanging, inside, running, *others):
        assert said(told) == "ready"
    go(hanging[1])
    assert said(hanging[1]) == "held"  # the others could be faster, and leave it nothing
    go(inside[1])
    assert said(inside[1]) == "inside"  # from here on it holds the log's lock
    for _, told in (running, *others):
        go(told)
    kill(hanging[0])
    kill(inside[0])
    assert said(running[1]) in {"held", "refused"}
    kill(running[0])
    words = [[*iter(lambda told=told: said(told), None)] for _, told in others]  # type: ignore[misc]  # mypy: lambda with a default
    for process, _ in others:
        process.join(WAIT)
        assert process.exitcode == 0
    with opened(where) as log:
        ledger = fold(log.read())
        assert log.verify() is None
    assert all(heard[-1] == "refused" for heard in words)
    assert len(ledger.entries) == 13
    account = balance(ledger, "s", CAPS.source)
    assert account.spent + account.reserved == 390
    names = [entry.reservation.extract.rpartition("-")[0] for entry in ledger.entries]
    assert names.count("hanging") == 1
    assert "inside" not in names  # it was killed before its transaction was committed
    for at, heard in enumerate(words):  # what a process was told it holds, it holds
        assert names.count(f"racer{at}") == heard.count("held")


def test_a_process_killed_between_reserving_and_settling_has_spent(
    where: str, racer: Callable[[str, str], Racer]
) -> None:
    process, told = racer("victim", "hang")
    assert said(told) == "ready"
    go(told)
    assert said(told) == "held"
    kill(process)
    with opened(where) as log:
        (entry,) = fold(log.read()).entries
        assert entry.standing is Standing.RESERVED
        over = reserve(log, embedded_grant("me"), Spending(TABLE, COUNT, "e", 371), CAPS)
        assert isinstance(over, Refusal)
        assert over.rule == "privacy.source_cap"
        assert isinstance(reserve(log, embedded_grant("me"), Spending(TABLE, COUNT, "e", 370), CAPS), Reservation)
        assert log.verify() is None
