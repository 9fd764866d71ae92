"""Files by day, `<day>.jsonl` in one folder: one process appends lines, another reads them and drops old days."""

from __future__ import annotations

import os
import re
from datetime import date, datetime, timedelta
from pathlib import Path

MOST_AT_ONCE = 64 * 1024 * 1024  # bytes of one file before the others have their turn
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)\.jsonl")


def append(folder: Path, at: datetime, line: str) -> None:
    """Append one line to the file of the day of `at`. Raises: OSError, also where the file is a link."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(folder / f"{at.date()}.jsonl", flags, 0o644)
    with os.fdopen(handle, "ab") as file:
        file.write(line.encode() + b"\n")


class Follower:
    """Reads each line once. What was read is nowhere kept: another follower begins with the first day that is left."""

    def __init__(self, folder: Path, keep_days: int) -> None:
        self._folder, self._keep = folder, timedelta(days=keep_days)
        self._places: dict[str, int] = {}

    def new_lines(self, today: date) -> list[str]:
        """What was written since the last call. Raises: OSError."""
        found: list[str] = []
        for path in sorted(self._folder.iterdir()):
            day = _day_of(path.name)
            if day is not None and day < today - self._keep:
                path.unlink()
                self._places.pop(path.name, None)
            elif day is not None and path.is_file() and not path.is_symlink():
                found += self._lines_of(path)
        return found

    def _lines_of(self, path: Path) -> list[str]:
        place = self._places.get(path.name, 0)
        with path.open("rb") as file:
            file.seek(place)
            chunk = file.read(MOST_AT_ONCE)
        whole = chunk.rfind(b"\n") + 1  # a line that is being written is read next time
        if not whole and len(chunk) == MOST_AT_ONCE:
            whole = len(chunk)  # no line of ours is that long
        self._places[path.name] = place + whole
        return chunk[:whole].decode("utf-8", "replace").splitlines()


def _day_of(name: str) -> date | None:
    found = _DAY.fullmatch(name)
    try:
        return date.fromisoformat(found.group(1)) if found else None
    except ValueError:
        return None
