"""Quarantine: frozen bytes by their SHA-256. What is read is what was put in, or an error."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path

from hub.atomic import write_whole
from hub.words import Message, say

_DIGEST = re.compile(r"[0-9a-f]{64}")


class QuarantineError(Exception):
    """Quarantine cannot keep or give back what it was asked for; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


class Quarantine:
    """The store at `path`, a folder that researchers cannot reach."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, content: bytes, limit: int | None = None) -> str:
        """Keep `content` (at most `limit` bytes) and return its SHA-256. The same content twice is kept once.

        Raises: QuarantineError when it is too large, cannot be written, or a changed file stands in its place.
        """
        if limit is not None and len(content) > limit:
            raise QuarantineError(
                say("A file of {size} bytes is larger than the {limit} allowed.", size=len(content), limit=limit)
            )
        digest = hashlib.sha256(content).hexdigest()
        path = self._place(digest)
        if path.exists():
            self.get(digest)  # never written over: a changed file is evidence
            return digest
        try:
            write_whole(path, content)
        except OSError as error:
            raise QuarantineError(
                say("The quarantine volume cannot be written: {why}.", why=error.strerror or "I/O error")
            ) from error
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes that were kept as `digest`.

        Raises: QuarantineError when they are not there, are not a plain file, or are no longer what was kept.
        """
        content = self._read(self._place(digest), digest)
        if hashlib.sha256(content).hexdigest() != digest:
            raise QuarantineError(
                say("The file {digest} in quarantine was changed after it was frozen.", digest=digest[:12])
            )
        return content

    def _place(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise QuarantineError(say("{digest} is not a digest.", digest=digest[:80]))
        return self._path / digest[:2] / digest

    @staticmethod
    def _read(path: Path, digest: str) -> bytes:
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise QuarantineError(
                        say("The file {digest} in quarantine is not a plain file.", digest=digest[:12])
                    )
                return file.read()
        except OSError as error:
            raise QuarantineError(
                say(
                    "The file {digest} in quarantine cannot be read: {why}.",
                    digest=digest[:12],
                    why=error.strerror or "I/O error",
                )
            ) from error
