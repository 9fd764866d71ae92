"""Arrivals: what browsers uploaded, by digest, until the worker has frozen it. The one folder that the pages write."""

from __future__ import annotations

import math
import re
from datetime import datetime
from pathlib import Path

from egress.store.quarantine import Quarantine, QuarantineError
from hub.words import say

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Arrivals:
    """The folder at `path`. Nothing here is looked into, and nothing here is believed: the worker compares digests."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = Quarantine(path)

    def put(self, content: bytes) -> str:
        """Keep `content` and return its SHA-256. Raises: QuarantineError."""
        return self._kept.put(content)

    def get(self, digest: str) -> bytes:
        """The bytes that arrived as `digest`. Raises: QuarantineError when they are not there unchanged."""
        return self._kept.get(digest)

    def drop(self, digest: str) -> None:
        """Forget them; again is harmless. Raises: QuarantineError."""
        try:
            (self._path / digest[:2] / digest).unlink(missing_ok=True)
        except OSError as error:
            why = say("The folder of arrivals cannot be written: {why}.", why=error.strerror or "I/O error")
            raise QuarantineError(why) from error

    def older_than(self, moment: datetime) -> tuple[str, ...]:
        """What arrived before `moment` and is still here, by digest."""
        found = (path for path in self._path.glob("??/*") if _DIGEST.fullmatch(path.name))
        return tuple(path.name for path in found if _arrived(path) < moment.timestamp())


def _arrived(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # taken meanwhile
        return math.inf
