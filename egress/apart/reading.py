"""Edge: notebooks read in a child of their own, so that whatever breaks the reader breaks no more than one reading."""

from __future__ import annotations

import json

from pydantic import ValidationError

from egress.apart.asking import asked
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
        question = (json.dumps(head).encode(), b"\n", *(raw for raw, _ in notebooks))
        most = _ROOM + _MOST_TOLD * sum(map(len, question))
        answer = asked("egress.apart.reader", question, limits.seconds, most)
        try:
            return None if answer is None else read_told(answer)
        except ValidationError:
            return None


def _unreadable(told: Told | None) -> Unreadable:
    if isinstance(told, Unreadable):
        return told
    return Unreadable("notebook.reader", say("The notebook cannot be read within the limits that reading has."))
