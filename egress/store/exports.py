"""Exports: finished release packages, `<request>/package.zip`, each written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import re
from pathlib import Path

from hub.atomic import write_whole
from hub.words import Message, say

_REQUEST = re.compile(r"[a-z][a-z0-9-]{0,60}")
PACKAGE = "package.zip"


class ExportError(Exception):
    """A package could not be written or is not what was written; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


class Exports:
    """The folder of release packages at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, request: str, package: bytes) -> str:
        """Write the package of `request` and return its SHA-256. Raises: ExportError; nothing half-written stays."""
        try:
            write_whole(self._place(request), package)
        except OSError as error:
            raise ExportError(_sentence(error)) from error
        return hashlib.sha256(package).hexdigest()

    def discard(self, request: str) -> None:
        """Remove a package that was not released after all. Raises: ExportError."""
        try:
            self._place(request).unlink(missing_ok=True)
        except OSError as error:
            raise ExportError(_sentence(error)) from error

    def read(self, request: str, digest: str) -> bytes:
        """The package of `request`, provided it still is `digest`. Raises: ExportError."""
        try:
            package = self._place(request).read_bytes()
        except OSError as error:
            raise ExportError(
                say(
                    "The package of request {request} cannot be read: {why}.",
                    request=request,
                    why=error.strerror or "I/O error",
                )
            ) from error
        if hashlib.sha256(package).hexdigest() != digest:
            raise ExportError(
                say(
                    "The package of request {request} was changed after it was sealed; it does not leave.",
                    request=request,
                )
            )
        return package

    def _place(self, request: str) -> Path:
        if not _REQUEST.fullmatch(request):
            raise ExportError(say("{request} is not the name of a request.", request=request[:80]))
        return self._path / request / PACKAGE


def _sentence(error: OSError) -> Message:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return say("The export volume is full; the package is made again once an operator has made room.")
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return say("The export volume cannot be written; an operator must give the egress service access to it.")
        case _:
            return say("The package could not be written to exports: {why}.", why=error.strerror or "I/O error")
