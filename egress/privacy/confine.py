"""What a privacy worker gives up before it reads data.

What holds: kernel limits on CPU time, memory, open files; no file written, no core dumped (`resource`). No process
started, no program run, no socket opened, by native code neither (`egress.privacy.syscalls`, on x86-64 and arm64);
where the kernel allows it (root or user namespaces), an empty network namespace besides. Python code that tries is
refused by an audit hook, on every machine. `offline` tells whether the kernel took the network by one of the two ways.

What does not: files that the service may read stay readable to native code (no Landlock rules; DuckDB is told which
files it may open). It all stands in the container that holds the service.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from egress.privacy.syscalls import give_up

_FILES = 64
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_NO_NEW_PRIVS = 38
_FORBIDDEN = ("subprocess.", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "socket.")


@dataclass(frozen=True)
class Limits:
    """The part of `policies/limits.toml` that one request brings along."""

    seconds: int
    memory_mb: int
    threads: int
    max_numbers: int

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Limits:
        """Raises: KeyError, TypeError, ValueError."""
        found = cls(*(int(raw[name]) for name in ("seconds", "memory_mb", "threads", "max_numbers")))
        if min(found.seconds, found.memory_mb, found.threads, found.max_numbers) < 1:
            raise ValueError("limits")
        return found


def confine(limits: Limits) -> bool:
    """Limits for this process, for good; True when the kernel took its network away."""
    for kind, limit in (
        (resource.RLIMIT_CPU, limits.seconds * limits.threads),
        (resource.RLIMIT_DATA, limits.memory_mb * 2**20),
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
    filtered = give_up(libc)
    sys.addaudithook(_refuse)
    return alone or filtered


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(event)
