"""Edge: one question to a child of its own, one answer back, under a clock and a cap."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import IO


def asked(module: str, question: Iterable[bytes], seconds: int, most: int) -> bytes | None:
    """The answer of the child that runs `module`; None when it gave none of at most `most` bytes within `seconds`."""
    command = [sys.executable, "-I", "-m", module]
    environment = {"LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", env=environment
    ) as child:
        if child.stdin is None or child.stdout is None:
            raise OSError("no pipes to the child process")
        clock = threading.Timer(seconds, child.kill)
        clock.start()
        feeding = threading.Thread(target=_feed, args=(child.stdin, question), daemon=True)
        feeding.start()
        try:
            answer = child.stdout.read(most + 1)
            if len(answer) > most:
                child.kill()
            ended_well = child.wait() == 0  # the clock still runs: an answer is no end
        finally:
            clock.cancel()
            child.kill()
            feeding.join()  # of two that close the pipe, one would raise what the other suppresses
    return answer if ended_well else None


def _feed(stream: IO[bytes], question: Iterable[bytes]) -> None:
    with suppress(OSError):  # it may end without reading
        for part in question:
            stream.write(part)
        stream.close()
