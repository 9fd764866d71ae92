"""The cells of submitted notebooks, for people to read: hostile bytes, met by a child and never by this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

from egress.outputs.model import Rendered, Unreadable
from egress.package.spelling import visible
from egress.store.quarantine import Quarantine, QuarantineError
from hub.words import Message

_KEPT = 8  # notebooks; some megabytes each at most
CellSource: TypeAlias = tuple[int, bool, str]  # its number, whether it is code, its text
Read = Callable[[bytes, int], Rendered | Unreadable]


class Submitted:
    """Reads one notebook at a time. Frozen bytes do not change: what was read of the last few is kept."""

    def __init__(self, quarantine: Quarantine, read: Read) -> None:
        self._quarantine, self._read = quarantine, read
        self._kept: dict[str, tuple[CellSource, ...] | Message] = {}
        self._reading = threading.Lock()

    def of(self, digest: str) -> tuple[CellSource, ...] | Message:
        """The cells of the frozen notebook of that digest, or why there are none."""
        with self._reading:
            if digest not in self._kept:
                try:
                    raw = self._quarantine.get(digest)
                except QuarantineError as error:
                    return error.message
                self._kept[digest] = _cells(self._read(raw, len(raw)))
                for oldest in list(self._kept)[:-_KEPT]:
                    del self._kept[oldest]
            return self._kept[digest]


def _cells(found: Rendered | Unreadable) -> tuple[CellSource, ...] | Message:
    if isinstance(found, Unreadable):
        return found.why
    return tuple((cell.number, cell.is_code, visible(cell.source)) for cell in found.cells)
