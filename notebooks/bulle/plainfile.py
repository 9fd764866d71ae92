"""Reading a file that somebody named: a plain one, of a bounded size."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from hub.words import Message, say


class PlainFileError(Exception):
    """The file cannot be read; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def read_plain(path: Path, limit: int, too_large: Message) -> bytes:
    """The bytes of a plain file of at most `limit` bytes; pipes and devices would never end. Raises: PlainFileError."""
    name = path.name[:100]
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            known = os.fstat(handle)
            if not stat.S_ISREG(known.st_mode):
                raise PlainFileError(say("{file} is not a file.", file=name))
            if known.st_size > limit:
                raise PlainFileError(too_large)
            return file.read(limit)
    except IsADirectoryError as error:
        raise PlainFileError(say("{file} is not a file.", file=name)) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "I/O error"
        raise PlainFileError(say("{file} cannot be read: {why}.", file=name, why=why)) from error
