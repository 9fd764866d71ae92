"""Takes system calls away from this process for good: starting programs and processes, and the network (seccomp-BPF).

The kernel refuses them to native code as well: DuckDB's and OpenDP's, not Python's alone. Threads stay: engines count
in them. Needs no privilege but `no_new_privs`, so it holds inside a container too.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import sys
from dataclasses import dataclass

_PR_SET_SECCOMP, _FILTER = 22, 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000
# Codes of classic BPF: load a word, jump when equal, at least, any bit set; return.
_LOAD, _EQUAL, _LEAST, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
# Places in the kernel's struct seccomp_data: call, architecture, low half of the first argument.
_CALL, _MACHINE, _FIRST = 0, 4, 16


@dataclass(frozen=True)
class _Machine:
    """Numbers of one architecture (Linux, 64 bits, little-endian), from its table of system calls.

    `refused`: socket, socketpair, connect, fork, vfork, execve, execveat, ptrace, process_vm_readv and _writev,
    io_uring_setup (which opens sockets), as far as there are such.
    `files`: creat, open, openat, openat2, open_by_handle_at, truncate, mkdir(at), mknod(at), link(at), symlink(at),
    unlink(at), rmdir, rename(at, at2), chmod, fchmodat(2), (l)chown, fchownat, (l)setxattr, mount; and what reaches
    other processes of this user: kill, tkill, tgkill, pidfd_send_signal, prlimit64.
    """

    audit: int
    clone: int
    refused: tuple[int, ...]
    files: tuple[int, ...]


_CLONE3 = 435
_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        56,
        (41, 53, 42, 57, 58, 59, 322, 101, 310, 311, 425),
        (
            *(85, 2, 257, 437, 304, 76, 83, 258, 133, 259, 86, 265, 88, 266, 87, 263, 84, 82, 264, 316),
            *(90, 268, 452, 92, 94, 260, 188, 189, 165, 62, 200, 234, 424, 302),
        ),
    ),
    "aarch64": _Machine(
        0xC00000B7,
        220,
        (198, 199, 203, 221, 281, 117, 270, 271, 425),
        (56, 437, 265, 45, 34, 33, 37, 36, 35, 38, 276, 53, 452, 54, 5, 6, 40, 129, 130, 131, 424, 261),
    ),
}


class _Step(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("steps", ctypes.POINTER(_Step)))


def _steps(machine: _Machine, *, files: bool) -> list[tuple[int, int, int, int]]:
    """Each test is followed by what it returns; the last one lets everything else through."""
    refuse = (_RETURN, 0, 0, _REFUSE | errno.EPERM)
    steps = [(_LOAD, 0, 0, _MACHINE), (_EQUAL, 1, 0, machine.audit), refuse, (_LOAD, 0, 0, _CALL)]
    steps += [(_LEAST, 0, 1, _X32), refuse]  # the other numbering of x86-64
    for call in machine.refused if files else (*machine.refused, *machine.files):
        steps += [(_EQUAL, 0, 1, call), refuse]
    # its flags lie in memory that a filter cannot see; glibc falls back to clone
    steps += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _REFUSE | errno.ENOSYS)]
    steps += [(_EQUAL, 0, 3, machine.clone), (_LOAD, 0, 0, _FIRST), (_BITS, 1, 0, _CLONE_THREAD), refuse]
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def give_up(libc: ctypes.CDLL, *, files: bool = True) -> bool:
    """Whether the kernel took the filter; False on another architecture. Needs `no_new_privs` to be set.

    Without `files`, opening files and changing folders goes as well, and signals to others.
    """
    machine = _MACHINES.get(platform.machine()) if sys.byteorder == "little" else None
    if machine is None:
        return False
    steps = _steps(machine, files=files)
    program = _Program(len(steps), (_Step * len(steps))(*(_Step(*step) for step in steps)))
    return bool(libc.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) == 0)
