"""System calls that a child gives up: tried from native code, where no hook of Python sees them."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    platform.machine() not in {"x86_64", "aarch64"}, reason="the filter knows the calls of x86-64 and arm64"
)

_PROBE = """
import ctypes, json, os, threading
from egress.apart.syscalls import give_up
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
taken = give_up(libc)
def tried(call, *arguments):
    ctypes.set_errno(0)
    return [call(*arguments), ctypes.get_errno()]
found = {
    "socket": tried(libc.socket, 2, 1, 0),
    "socketpair": tried(libc.socketpair, 1, 1, 0, (ctypes.c_int * 2)()),
    "fork": tried(libc.fork),
    "vfork": tried(libc.syscall, {"x86_64": 58}.get(os.uname().machine, 220), 17),
    "exec": tried(libc.execv, b"/bin/true", (ctypes.c_char_p * 2)(b"true", None)),
    "spawn": [libc.posix_spawn(ctypes.byref(ctypes.c_int()), b"/bin/true", None, None,
              (ctypes.c_char_p * 2)(b"true", None), None)],
    "io_uring": tried(libc.syscall, 425, 1, None),
}
done = []
thread = threading.Thread(target=done.append, args=(1,))
thread.start()
thread.join()
print(json.dumps({"taken": taken, "found": found, "threads": done, "pid": os.getpid()}))
"""


def test_native_code_starts_nothing_and_opens_no_socket_but_has_threads() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3]
    )
    (line,) = done.stdout.splitlines()  # a fork would have printed two
    told = json.loads(line)
    if not told["taken"]:
        pytest.skip("this kernel takes no filter")
    assert told["threads"] == [1]
    assert told["found"].pop("spawn") == [1]  # EPERM is what posix_spawn returns
    assert {name: answer for name, answer in told["found"].items() if answer != [-1, 1]} == {}
