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
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from egress.protect import modular
from egress.protect.cells import Cells
from egress.protect.system import Marks, Problem
from egress.protect.tauargus import MAX_CELLS, planned, proposed
from hub.words import Message, say

_MISSING = 3
_LONGEST = 1 << 25  # bytes of an answer


@dataclass(frozen=True)
class Limits:
    """Of one run: seconds by the clock and of processor time, and megabytes of addresses."""

    seconds: int = 150
    megabytes: int = 4096


# The modular method takes half a minute for 10,000 cells.
_LONG = Limits(seconds=290, megabytes=8192)


@dataclass(frozen=True, eq=False)
class Proposal:
    """Cells to suppress beside the primary ones; or None, and why."""

    marks: Marks | None
    why: Message


def propose(
    problem: Problem,
    cells: Cells | None = None,
    limits: Limits | None = None,
    *,
    exact: int = MAX_CELLS,
    python: str = sys.executable,
) -> Proposal:
    """What τ-ARGUS would suppress so that every vector is protected. Never raises for what the engine does.

    Its exact method for up to `exact` cells; beyond, its modular one, which wants to know the `cells`.
    """
    small = problem.system.size <= exact
    limits = limits or (Limits() if small else _LONG)
    tasks = _exact(problem) if small else _modular(problem, cells, limits)
    if not tasks:
        return Proposal(None, say("τ-ARGUS was not asked: it cannot do this table, or nothing is to be hidden."))
    marks = np.zeros(problem.system.size, dtype=bool)
    for task in tasks:
        answer = _run(task, limits, python)
        if isinstance(answer, Message):
            return Proposal(None, answer)
        marks |= answer
    return Proposal(
        marks & problem.free, say("τ-ARGUS proposed {cells} cells.", cells=int((marks & problem.free).sum()))
    )


@dataclass(frozen=True, eq=False)
class _Task:
    """One run: files by name, which of them is read first, which is written, and how that is understood."""

    files: Mapping[str, str]
    source: str
    target: str
    read: Callable[[str], Marks | None]


def _exact(problem: Problem) -> list[_Task]:
    def read(answer: str) -> Marks | None:
        return proposed(answer, problem.system.size)

    return [_Task({"problem.jj": text}, "problem.jj", "answer.txt", read) for text in planned(problem)]


def _modular(problem: Problem, cells: Cells | None, limits: Limits) -> list[_Task]:
    found = modular.planned(problem, cells, max(1, limits.seconds // 60)) if cells is not None else None
    if found is None:
        return []
    layout, runs = found

    def read(answer: str) -> Marks | None:
        return modular.proposed(answer, layout)

    return [_Task(files, modular.BATCH, modular.ANSWER, read) for files in runs]


def _run(task: _Task, limits: Limits, python: str) -> Marks | Message:
    try:
        with tempfile.TemporaryDirectory(prefix="bulle-", ignore_cleanup_errors=True) as folder:
            for name, text in task.files.items():
                Path(folder, name).write_text(text, encoding="ascii")
            source, target = Path(folder, task.source), Path(folder, task.target)
            code = _ended([python, "-I", "-m", "egress.proposals.child", str(source), str(target)], folder, limits)
            if code == _MISSING:
                return say("τ-ARGUS is not installed here; install bulle with its extra [tauargus].")
            if code is None:
                return say("τ-ARGUS was stopped after {seconds} seconds; it proposed nothing.", seconds=limits.seconds)
            if code != 0 or not target.is_file():
                return say("τ-ARGUS ended without an answer; it proposed nothing.")
            with target.open("rb") as file:
                found = task.read(file.read(_LONGEST).decode("ascii", "replace"))
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
