"""Edge: asks τ-ARGUS (pytauargus) for a pattern, in a child process with limits; files in, files out.

The engine is beta: it ends in a segmentation fault on some tables. Whatever happens there is None and a sentence here.
HiGHS of the engine and HiGHS of SciPy never meet in one process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from egress.protect.system import Marks, Problem
from egress.protect.tauargus import planned, proposed
from hub.words import Message, say

_MISSING = 3


@dataclass(frozen=True)
class Limits:
    """Of one run: seconds by the clock and of processor time, and megabytes of addresses."""

    seconds: int = 150
    megabytes: int = 4096


@dataclass(frozen=True, eq=False)
class Proposal:
    """Cells to suppress beside the primary ones; or None, and why."""

    marks: Marks | None
    why: Message


def propose(problem: Problem, limits: Limits = Limits(), *, python: str = sys.executable) -> Proposal:
    """What τ-ARGUS would suppress so that every vector is protected. Never raises for what the engine does."""
    files = planned(problem)
    if not files:
        return Proposal(None, say("τ-ARGUS was not asked: the table is too large for it, or nothing is to be hidden."))
    marks = np.zeros(problem.system.size, dtype=bool)
    for text in files:
        answer = _run(text, problem.system.size, limits, python)
        if isinstance(answer, Message):
            return Proposal(None, answer)
        marks |= answer
    return Proposal(
        marks & problem.free, say("τ-ARGUS proposed {cells} cells.", cells=int((marks & problem.free).sum()))
    )


def _run(text: str, size: int, limits: Limits, python: str) -> Marks | Message:
    try:
        with tempfile.TemporaryDirectory(prefix="bulle-", ignore_cleanup_errors=True) as folder:
            source, target = Path(folder, "problem.jj"), Path(folder, "answer.txt")
            source.write_text(text, encoding="ascii")
            code = _ended([python, "-I", "-m", "egress.proposals.child", str(source), str(target)], folder, limits)
            if code == _MISSING:
                return say("τ-ARGUS is not installed here; install bulle with its extra [tauargus].")
            if code is None:
                return say("τ-ARGUS was stopped after {seconds} seconds; it proposed nothing.", seconds=limits.seconds)
            if code != 0 or not target.is_file():
                return say("τ-ARGUS ended without an answer; it proposed nothing.")
            with target.open("rb") as file:
                found = proposed(file.read(1 << 20).decode("ascii", "replace"), size)
            return say("τ-ARGUS gave no readable answer; it proposed nothing.") if found is None else found
    except OSError:
        return say("τ-ARGUS could not be started here; it proposed nothing.")


def _ended(command: list[str], folder: str, limits: Limits) -> int | None:
    """The exit code; None when the clock ended it, and everything that it had started."""
    child = subprocess.Popen(
        [*command, str(limits.seconds + 1), str(limits.megabytes)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={"LC_ALL": "C.UTF-8", "TMPDIR": folder},
        start_new_session=True,
    )
    try:
        return child.wait(limits.seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
