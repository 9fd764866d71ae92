"""What runs in the runner: papermill executes the notebook, and the executed notebook goes to standard output.

The notebook's kernel is a child of this process and hostile. It inherits no way to standard output; should it
find one, it spoils its own result only: whatever comes out is read as hostile input.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import shutil
import sys
from enum import IntEnum
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from egress.outputs.model import ENVIRONMENT, OURS, Unreadable
from egress.outputs.notebook import read_notebook
from egress.rerun.folder import NOTEBOOK
from hub.run import MIB

PR_SET_DUMPABLE = 4
MAX_NOTEBOOK = 256 * MIB  # the intake has looked at its size before


class Ending(IntEnum):
    """The exit code: how the run ended. On CELL_FAILED standard output holds the number of the cell."""

    FINISHED = 0
    CELL_FAILED = 10
    KERNEL_DIED = 11
    NO_SPACE = 12
    NO_NOTEBOOK = 13
    TOO_LARGE = 14
    NO_KERNEL = 15


def main() -> int:
    """Run /work/notebook.ipynb (or as BULLE_WORK, BULLE_OUT say); the exit code."""
    result = _take_stdout()
    _limit_ourselves()
    work = Path(os.environ.get("BULLE_WORK", "/work"))
    out = Path(os.environ.get("BULLE_OUT", "/out/run"))
    desk = Path(os.environ.get("TMPDIR", "/tmp")) / "study"  # noqa: S108 -- the runner's own tmpfs
    try:
        # A study may write beside itself; what was frozen stays as it is.
        shutil.copytree(work, desk)
        desk.chmod(0o700)  # the copy took over that nothing may be written there
        name_environment(desk / NOTEBOOK)
        ending, written = execute(desk / NOTEBOOK, out / "executed.ipynb", desk)
    except OSError:
        ending, written = Ending.NO_SPACE, b""
    with os.fdopen(result, "wb") as stream:
        stream.write(written)
    return ending


def execute(notebook: Path, target: Path, cwd: Path) -> tuple[Ending, bytes]:
    """Execute `notebook` to `target`; how it ended, and the executed notebook or the failed cell's number."""
    from jupyter_client.kernelspec import NoSuchKernel  # noqa: PLC0415 -- loaded in the runner only
    from nbclient.exceptions import DeadKernelError  # noqa: PLC0415 -- see above
    from papermill import execute_notebook  # noqa: PLC0415 -- see above
    from papermill.exceptions import PapermillExecutionError  # noqa: PLC0415 -- see above

    kernel = "ir" if _runs_r(notebook) else "python3"  # nothing else that the notebook's metadata may ask for
    try:
        execute_notebook(
            notebook,
            target,
            kernel_name=kernel,
            cwd=cwd,
            progress_bar=False,
            request_save_on_cell_execute=False,
            config=_sockets(kernel),
        )
    except PapermillExecutionError as error:
        return Ending.CELL_FAILED, str(int(error.cell_index) + 1).encode()
    except DeadKernelError:
        return Ending.KERNEL_DIED, b""
    except NoSuchKernel:
        return Ending.NO_KERNEL, b""
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}  # the executed notebook does not fit
        return Ending.TOO_LARGE if full else Ending.NO_NOTEBOOK, b""
    except Exception:  # noqa: BLE001 -- a notebook can break its reader or its kernel's messages in any way
        return Ending.NO_NOTEBOOK, b""
    return Ending.FINISHED, target.read_bytes()


def name_environment(notebook: Path) -> None:
    """Write into the notebook's metadata which Python packages are here, while nothing of it has run. A notebook that
    cannot be read stays as it is, for papermill to say so.
    """
    found = {f"{item.name}=={item.version}" for item in distributions()}
    try:
        document = json.loads(notebook.read_bytes())
        document["metadata"][OURS] = {ENVIRONMENT: sorted(found, key=str.lower)}
        content = json.dumps(document).encode()
    except (ValueError, TypeError, KeyError, RecursionError):
        return
    notebook.unlink()
    notebook.write_bytes(content)


def _runs_r(notebook: Path) -> bool:
    read = read_notebook(notebook.read_bytes(), MAX_NOTEBOOK)
    return not isinstance(read, Unreadable) and read.r


def _sockets(kernel: str) -> Any:
    """Sockets in the private temporary folder: no port, and it works where even the loopback is down. R's kernel
    knows ports only; in the sealed runner they are on a loopback that it has for itself.
    """
    from traitlets.config import Config  # noqa: PLC0415 -- loaded in the runner only

    return Config({} if kernel == "ir" else {"KernelManager": {"transport": "ipc", "ip": "../kernel"}})


def _limit_ourselves() -> None:
    """Where no container limits it: memory and file sizes in MiB, for this process and each of its children."""
    for name, kind in (("BULLE_MEMORY_MB", resource.RLIMIT_DATA), ("BULLE_FILE_MB", resource.RLIMIT_FSIZE)):
        if os.environ.get(name):
            size = int(os.environ[name]) * MIB
            resource.setrlimit(kind, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _take_stdout() -> int:
    """Keep standard output for ourselves: children inherit the null device, and may not look into our open files."""
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    sys.stdout.flush()
    result = os.dup(1)  # not inheritable
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    return result


if __name__ == "__main__":
    sys.exit(main())
