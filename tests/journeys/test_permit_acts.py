"""A permit acts at once: whatever takes it away kills a running kernel within seconds, on the real stack.

Each kernel first stops its own server by a signal, where it can: a workspace that does not answer has no more time.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from scripts.visitor import VisitError
from tests.journeys.conftest import Stack

pytestmark = [pytest.mark.journey, pytest.mark.containers]

PROJECT = "reste-a-charge"
MOST = 10.0  # seconds from the event to nothing left
BUSY = """
import os, signal
try:
    os.kill(os.getppid(), signal.SIGSTOP)
except OSError:
    pass
while True:
    pass
"""


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=60).stdout


class Session:
    """Alice's workspace with a kernel that never ends."""

    name = f"bulle-ws-{PROJECT}--alice"

    def __init__(self, stack: Stack) -> None:
        self.visitor = stack.visitor("alice")
        self.visitor.login("alice-demo")
        self.visitor.open_project(PROJECT)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.processes = self._busy()

    def _run(self) -> None:
        with suppress(VisitError, OSError, Exception):  # its server goes away while it runs
            self.visitor.run(PROJECT, [BUSY])

    def _busy(self) -> list[int]:
        """The host's process ids of the workspace, once its kernel computes."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            rows = [line.split(None, 2) for line in docker("top", self.name, "-eo", "pid,stat,args").splitlines()[1:]]
            if any("ipykernel" in row[2] and row[1].startswith("R") for row in rows):
                return [int(row[0]) for row in rows]
            time.sleep(0.2)
        raise AssertionError("the kernel does not compute")

    def left(self) -> list[str]:
        """What there still is of it."""
        containers = docker("ps", "-aq", "--no-trunc", "--filter", f"name=^{self.name}$").split()
        networks = docker("network", "ls", "-q", "--filter", f"name=^{self.name}$").split()
        processes = [str(each) for each in self.processes if Path(f"/proc/{each}").exists()]
        return containers + networks + processes

    def gone(self) -> float:
        """Wait until nothing is left; the time at which it was."""
        deadline = time.monotonic() + 60
        while self.left():
            assert time.monotonic() < deadline, self.left()
            time.sleep(0.05)
        return time.time()

    def status(self) -> int:
        return self.visitor.http.get(f"/user/alice/{PROJECT}/api/status", follow_redirects=False).status_code


def admin(stack: Stack, *arguments: str) -> None:
    done = stack.bulle("admin", *arguments, "--as", "opal")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def session(stack: Stack) -> Iterator[Session]:
    session = Session(stack)
    yield session
    session.visitor.http.close()


Act = Callable[[Stack], None]
WHY = ("--why", "a drill")
ISSUE = ("permit", "issue", f"/etc/bulle/policies/permits/{PROJECT}.toml")
CAUSES: dict[str, tuple[Act, str, str, Act]] = {
    "halted": (
        lambda on: admin(on, "halt", "project", PROJECT, *WHY),
        "halt.project",
        "access.halted",
        lambda on: admin(on, "resume", "project", PROJECT, *WHY),
    ),
    "permit ended": (
        lambda on: admin(on, "permit", "end", PROJECT, *WHY),
        "permit.ended",
        "permit.ended",
        lambda on: admin(on, *ISSUE),
    ),
    "permit expired": (lambda on: on.days_forward(5000), "permit.ended", "", lambda on: on.days_forward(0)),
    # the last one: who comes back after a removal begins anew
    "person removed": (
        lambda on: admin(on, "person", "remove", "alice", *WHY),
        "person.unknown",
        "person.removed",
        lambda on: admin(on, "person", "add", "alice", "--name", "Alice Martin"),
    ),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_running_kernel_is_gone_within_seconds(
    stack: Stack, session: Session, cause: str, record_property: Callable[[str, Any], None]
) -> None:
    act, rule, kind, undo = CAUSES[cause]
    began = time.time()
    acting = threading.Thread(target=act, args=(stack,))
    acting.start()
    try:
        gone = session.gone()
        acting.join()
        events = stack.events()
        if kind:  # the command's container takes a while to start: the clock runs from the event
            began = datetime.fromisoformat([each for each in events if each["kind"] == kind][-1]["at"]).timestamp()
        seconds = round(gone - began, 2)
        record_property(f"seconds until nothing is left ({cause})", seconds)
        print(json.dumps({"cause": cause, "seconds": seconds}))
        assert seconds < MOST
        stopped = [each for each in events if each["kind"] == "session.stopped"][-1]
        assert (stopped["actor"], stopped["project"]) == ("hub", PROJECT)
        assert (stopped["body"]["person"], stopped["body"]["rule"]) == ("alice", rule)
        assert stopped["body"]["reason"]["text"]
        assert session.status() != 200
        with pytest.raises(VisitError):
            session.visitor.open_project(PROJECT, patience=3)
        assert session.left() == []
    finally:
        acting.join()
        undo(stack)
