"""Imports laid where workspaces and runs read them: whole folders, read-only, made by the worker."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from hub.words import Message, say

_FOLDER = re.compile(r"import-[1-9][0-9]{0,8}")
_READ, _ENTER = 0o444, 0o755  # for the sandbox's user; that it is read-only there is the mount's doing


class PlaceError(Exception):
    """Files could not be laid or taken away; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def lay(parent: Path, folder: str, files: Iterable[tuple[str, bytes]]) -> None:
    """`folder` below `parent` with `files`, whole or not at all; one that stands there is made anew.

    Raises: PlaceError.
    """
    _check(folder)
    try:
        made = Path(tempfile.mkdtemp(dir=parent, prefix=".part-"))
        try:
            for name, content in files:
                handle = os.open(made / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _READ)
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(handle)
                (made / name).chmod(_READ)
            made.chmod(_ENTER)
            take_away(parent, folder)
            made.rename(parent / folder)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
    except OSError as error:
        raise PlaceError(_sentence(error)) from error


def take_away(parent: Path, folder: str) -> None:
    """Remove `folder` below `parent` and what broken-off steps left; again is harmless. Raises: PlaceError."""
    _check(folder)
    try:
        if (parent / folder).exists():
            shutil.rmtree(parent / folder)
    except OSError as error:
        raise PlaceError(_sentence(error)) from error


def _check(folder: str) -> None:
    if not _FOLDER.fullmatch(folder):
        raise PlaceError(say("{folder} is not the folder of an import.", folder=folder[:80]))


def _sentence(error: OSError) -> Message:
    return say("The project's folder of imports cannot be written: {why}.", why=error.strerror or "I/O error")
