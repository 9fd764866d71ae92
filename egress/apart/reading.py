"""Edge: notebooks read in a child of their own, so that whatever breaks the reader breaks no more than one reading."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO

from pydantic import ValidationError

from egress.apart.reader import Told, read_told
from egress.outputs.model import Rendered, Unreadable
from egress.outputs.reading import Reading
from hub.policy.limits import ReaderLimits
from hub.words import say

# What is told of a notebook repeats parts of it, with names around them.
_MOST_TOLD = 4
_ROOM = 1 << 20


class ApartReader:
    """Reads notebooks in children that hold no file, no network and no secret of this process."""

    def __init__(self, limits: ReaderLimits) -> None:
        self._limits = limits

    def notebook(self, raw: bytes, most: int) -> Rendered | Unreadable:
        """What stands in a notebook of at most `most` bytes. Never raises for what the bytes do."""
        told = self._told((raw, most))
        return told if isinstance(told, Rendered) else _unreadable(told)

    def both(self, submitted: bytes, rerun: bytes, most_submitted: int, most_rerun: int) -> Reading | Unreadable:
        """The reading of a submitted notebook and its re-run. Never raises for what the bytes do."""
        told = self._told((submitted, most_submitted), (rerun, most_rerun))
        return told if isinstance(told, Reading) else _unreadable(told)

    def _told(self, *notebooks: tuple[bytes, int]) -> Told | None:
        limits = self._limits
        sizes = [(len(raw), most) for raw, most in notebooks]
        head = {"seconds": limits.seconds, "memory_mb": limits.memory_mb, "notebooks": sizes}
        question = json.dumps(head).encode() + b"\n" + b"".join(raw for raw, _ in notebooks)
        answer = _asked(question, limits.seconds, _ROOM + _MOST_TOLD * len(question))
        try:
            return None if answer is None else read_told(answer)
        except ValidationError:
            return None


def _unreadable(told: Told | None) -> Unreadable:
    if isinstance(told, Unreadable):
        return told
    return Unreadable("notebook.reader", say("The notebook cannot be read within the limits that reading has."))


def _asked(question: bytes, seconds: int, most: int) -> bytes | None:
    """The child's answer; None when it gave none of at most `most` bytes within `seconds`."""
    command = [sys.executable, "-I", "-m", "egress.apart.reader"]
    environment = {"LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", env=environment
    ) as child:
        if child.stdin is None or child.stdout is None:
            raise OSError("no pipes to the child process")
        clock = threading.Timer(seconds, child.kill)
        clock.start()
        threading.Thread(target=_feed, args=(child.stdin, question), daemon=True).start()
        try:
            answer = child.stdout.read(most + 1)
            if len(answer) > most:
                child.kill()
            ended_well = child.wait() == 0  # the clock still runs: an answer is no end
        finally:
            clock.cancel()
            child.kill()
    return answer if ended_well else None


def _feed(stream: IO[bytes], question: bytes) -> None:
    with suppress(OSError):  # it may end without reading
        stream.write(question)
        stream.close()
