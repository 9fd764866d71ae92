"""Edge: the re-run in a child process of this machine, for `bulle check` where there is no container engine.

It keeps a mistaken notebook from doing harm and sees what a re-run would see. It is not the sealed runner:
the isolation it got is part of the result.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from egress.rerun.folder import NOTEBOOK
from egress.rerun.result import Isolation, RerunResult, RerunStatus, ended, sentence
from hub.policy.limits import RunnerLimits
from hub.run import MIB

# A network without interfaces, and a process tree of its own that ends whole with its first process.
UNSHARE = ("unshare", "--user", "--map-current-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
CHUNK = 1 << 16
GLANCE = 0.1  # seconds between two looks at the clock and the processes
PATIENCE = 5
MAX_FILES = 20_000


def rerun_local(notebook: bytes, files: Mapping[str, bytes], extract: Path, limits: RunnerLimits) -> RerunResult:
    """Run `notebook` with the helper `files` beside it on the extract folder `extract`.

    Raises: OSError when the temporary folder cannot be made; never for what the notebook does.
    """
    began = time.monotonic()
    isolation = _isolation()
    with tempfile.TemporaryDirectory(prefix="bulle-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        _lay_out(root, notebook, files)
        status, code, stdout = _run(root, extract, isolation, limits)
    seconds = time.monotonic() - began
    if status is RerunStatus.FINISHED:
        status, message, rendered = ended(code, stdout, limits.max_output_mb * MIB)
        return RerunResult(status, message, seconds, isolation, stdout if rendered else None, rendered)
    limit = {
        RerunStatus.TIMED_OUT: limits.seconds,
        RerunStatus.TOO_MUCH_OUTPUT: limits.max_output_mb,
        RerunStatus.TOO_MANY_PROCESSES: limits.pids,
    }.get(status, 0)
    return RerunResult(status, sentence(status, limit), seconds, isolation)


def _isolation() -> Isolation:
    try:
        probe = subprocess.run([*UNSHARE, "true"], capture_output=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return Isolation.PROCESS
    return Isolation.NAMESPACES if probe.returncode == 0 else Isolation.PROCESS


def _lay_out(root: Path, notebook: bytes, files: Mapping[str, bytes]) -> None:
    for name in ("work", "out", "tmp", "home"):
        (root / name).mkdir()
    (root / "work" / NOTEBOOK).write_bytes(notebook)
    for name, content in files.items():
        (root / "work" / Path(name).name).write_bytes(content)


def _environment(root: Path, extract: Path, limits: RunnerLimits) -> dict[str, str]:
    """Nothing of ours but where programs are: keys and tokens of this account stay out."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(root / "home"),
        "IPYTHONDIR": str(root / "home" / "ipython"),
        "TMPDIR": str(root / "tmp"),
        "BULLE_WORK": str(root / "work"),
        "BULLE_OUT": str(root / "out"),
        "BULLE_EXTRACT": str(extract.absolute()),
        "BULLE_RERUN": "1",
        "BULLE_MEMORY_MB": str(limits.memory_mb),
        "BULLE_FILE_MB": str(limits.scratch_mb),
        # the package may run from a checkout
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _run(root: Path, extract: Path, isolation: Isolation, limits: RunnerLimits) -> tuple[RerunStatus, int, bytes]:
    command = [sys.executable, "-m", "egress.rerun.inside"]
    if isolation is Isolation.NAMESPACES:
        command = [*UNSHARE, *command]
    with subprocess.Popen(
        command,
        cwd=root,
        env=_environment(root, extract, limits),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as child:
        if child.stdout is None:
            raise OSError("no pipe from the child process")
        try:
            status, stdout = _watch(child, child.stdout, root, limits)
        finally:
            _end(child)
    return status, child.returncode, stdout


def _watch(
    child: subprocess.Popen[bytes], stream: IO[bytes], root: Path, limits: RunnerLimits
) -> tuple[RerunStatus, bytes]:
    """Its standard output until it ends or meets a limit."""
    deadline = time.monotonic() + limits.seconds
    taken = bytearray()
    looked = 0.0
    while True:
        now = time.monotonic()
        if now >= deadline:
            return RerunStatus.TIMED_OUT, b""
        if len(_below(child.pid, limits.pids)) > limits.pids:
            return RerunStatus.TOO_MANY_PROCESSES, b""
        if now - looked >= 1:
            looked = now
            if _too_many_files(root, (limits.scratch_mb + limits.max_output_mb) * MIB):
                return RerunStatus.NO_SPACE, b""
        if not select.select([stream], [], [], GLANCE)[0]:
            continue
        chunk = os.read(stream.fileno(), CHUNK)
        if not chunk:
            break
        taken += chunk
        if len(taken) > limits.max_output_mb * MIB:
            return RerunStatus.TOO_MUCH_OUTPUT, b""
    try:
        child.wait(timeout=max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return RerunStatus.TIMED_OUT, b""
    return RerunStatus.FINISHED, bytes(taken)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Nothing of the run may outlive it: the kernel ends a process tree a moment after its first process."""
    left = _below(child.pid, MAX_FILES)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    patience = time.monotonic() + PATIENCE
    while time.monotonic() < patience and any(Path(f"/proc/{pid}").exists() for pid in left):
        time.sleep(GLANCE / 10)


def _below(pid: int, enough: int) -> list[int]:
    """The processes that descend from `pid`; stops looking once there are more than `enough`."""
    found: list[int] = []
    waiting = [pid]
    while waiting and len(found) <= enough:
        parent = waiting.pop()
        with suppress(OSError, ValueError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                children = [int(word) for word in (task / "children").read_text(encoding="ascii").split()]
                found += children
                waiting += children
    return found


def _too_many_files(root: Path, limit: int) -> bool:
    size = count = 0
    for folder, _, names in os.walk(root):
        for name in names:
            count += 1
            with suppress(OSError):
                size += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 -- hot loop over hostile names
            if size > limit or count > MAX_FILES:
                return True
    return False
