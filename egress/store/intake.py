"""Takes submissions out of outboxes, which researchers' containers can change at any moment.

Every name is opened once, without following links and from a folder already held open; its bytes are read once.
What is checked, hashed and run later are those bytes and never the file again.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from itertools import islice
from pathlib import Path

from egress.release.entries import Entry
from egress.store.submission import FOLDER_ENDING, SUBMISSION, IntakeError, Submission, read_submission
from hub.policy.limits import IntakeLimits
from hub.words import say

_PERSON_OR_PROJECT = re.compile(r"[a-z][a-z0-9._-]{0,31}")
MEGABYTE = 1_000_000
_SUBMISSION_BYTES = 256_000
_SCANNED = 10_000  # names looked at in one outbox: whoever leaves more there keeps only their own requests waiting


@dataclass(frozen=True)
class Taken:
    """One submission's bytes, read once."""

    entry: Entry
    submission: Submission
    notebook: bytes
    files: tuple[tuple[str, bytes], ...]


def waiting(outboxes: Path) -> tuple[Entry, ...]:
    """Every submission folder that stands in an outbox, by project, person and name; unreadable ones are not there."""
    found = []
    for project in _names(outboxes):
        for person in _names(outboxes / project):
            if _PERSON_OR_PROJECT.fullmatch(project) and _PERSON_OR_PROJECT.fullmatch(person):
                names = _names(outboxes / project / person)
                found += [Entry(project, person, name) for name in names if name.endswith(FOLDER_ENDING)]
    return tuple(found)


def _names(folder: Path) -> list[str]:
    try:
        with _opened(folder) as handle, os.scandir(handle) as entries:
            return sorted(entry.name for entry in islice(entries, _SCANNED))
    except OSError:
        return []


def take(outboxes: Path, entry: Entry, limits: IntakeLimits) -> Taken:
    """The bytes of one submission. Raises: IntakeError with the sentence for its sender."""
    if not entry.is_plain:
        raise IntakeError(say("The folder's name may hold letters, digits, dots, hyphens and underscores only."))
    try:
        with _opened(outboxes / entry.project / entry.person) as outbox, _opened(entry.name, outbox) as folder:
            return _take(entry, folder, limits)
    except OSError as error:
        raise IntakeError(
            say("The submission cannot be read ({why}); it must be a folder of plain files.", why=_why(error))
        ) from error


def _take(entry: Entry, folder: int, limits: IntakeLimits) -> Taken:
    with os.scandir(folder) as entries:
        names = {item.name for item in islice(entries, limits.max_files + 2)}
    if len(names) > limits.max_files + 1:
        raise IntakeError(
            say("The submission holds more than the {limit} files that one may have.", limit=limits.max_files)
        )
    if SUBMISSION not in names:
        raise IntakeError(say("submission.json is missing; use `bulle request submit`, which writes it."))
    submission = read_submission(_read(folder, SUBMISSION, _SUBMISSION_BYTES))
    wanted = (submission.notebook, *submission.files)
    if names - {SUBMISSION, *wanted}:
        raise IntakeError(say("The folder holds something that submission.json does not name; remove it."))
    contents: dict[str, bytes] = {}
    left = limits.max_total_mb * MEGABYTE
    for name in wanted:
        if name not in names:
            raise IntakeError(say("The file {file} is missing from the submission.", file=name))
        contents[name] = _read(folder, name, min(limits.max_file_mb * MEGABYTE, left))
        left -= len(contents[name])
    files = tuple((name, contents[name]) for name in submission.files)
    return Taken(entry, submission, contents[submission.notebook], files)


def _read(folder: int, name: str, limit: int) -> bytes:
    # O_NONBLOCK: a FIFO without a writer must not hold the worker.
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(handle, "rb", buffering=0) as file:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):
            raise IntakeError(say("{file} is not a plain file.", file=name))
        if before.st_nlink != 1:
            raise IntakeError(say("{file} is a hard link to another place; copy it instead.", file=name))
        content = _at_most(file, limit + 1)
        if len(content) > limit:
            raise IntakeError(
                say("{file} is larger than the {limit} bytes that are left for it.", file=name, limit=limit)
            )
        after = os.fstat(handle)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(content) != after.st_size:
            raise IntakeError(say("{file} changed while it was read; submit it again when it is complete.", file=name))
    return content


def _at_most(file: FileIO, size: int) -> bytes:
    parts, left = [], size
    while left > 0:
        part = file.read(min(left, 1 << 20))
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


@contextmanager
def _opened(path: Path | str, parent: int | None = None) -> Iterator[int]:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        yield handle
    finally:
        os.close(handle)


def _why(error: OSError) -> str:
    return (error.strerror or "I/O error").lower()
