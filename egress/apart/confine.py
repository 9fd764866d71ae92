"""What a child gives up before it meets data or hostile bytes.

What holds: kernel limits on CPU time, memory, open files; no file written, no core dumped (`resource`). No process
started, no program run, no socket opened, by native code neither (`egress.apart.syscalls`, on x86-64 and arm64);
where the kernel allows it (root or user namespaces), an empty network namespace besides. Python code that tries is
refused by an audit hook, on every machine.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from typing import Any

from egress.apart.syscalls import give_up

_FILES = 64
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_NO_NEW_PRIVS = 38
_FORBIDDEN = ("subprocess.", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "socket.")


def confine(cpu_seconds: int, memory_mb: int, *, files: bool = True) -> bool:
    """Limits for this process, for good; True when the kernel took its network away.

    Without `files` it opens, removes and renames none any more: what it needs is loaded, and no folder of this user
    is within its reach.
    """
    for kind, limit in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_DATA, memory_mb * 2**20),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (allowed, allowed))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    flags = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWUSER | _CLONE_NEWNET
    alone = bool(libc.unshare(flags) == 0)
    filtered = give_up(libc, files=files)
    sys.addaudithook(_refuse if files else _refuse_files_too)
    return alone or filtered


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(event)


def _refuse_files_too(event: str, _: tuple[Any, ...]) -> None:
    if event == "open" or event.startswith(_FORBIDDEN):
        raise PermissionError(event)
