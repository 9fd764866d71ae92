"""What a privacy worker gives up before it reads data.

What holds: kernel limits on CPU time, memory, open files; no file written, no core dumped (`resource`). No privilege
gained by starting another program. No network where the kernel allows an empty namespace of its own (root or user
namespaces), and this is told. No process started and no socket opened by Python code (an audit hook that cannot be
taken back).

What does not: there is no seccomp filter and no Landlock rule set. A fault in DuckDB's or OpenDP's native code could
still start a process or, without a namespace, open a socket; it would stand in the container that holds the service.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    """Limits for this process, for good; True when the kernel also took its network away."""
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
    offline = bool(libc.unshare(flags) == 0)
    sys.addaudithook(_refuse)
    return offline


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(event)
