"""The lock of an image's Debian packages (`locks/debian/IMAGE.txt`): one line `name version architecture sha256` each.

    apt-cache show … | python -m scripts.debian_lock write    a lock, on standard output
    python -m scripts.debian_lock pins LOCK                   apt preferences that ask for its versions
    python -m scripts.debian_lock check LOCK FOLDER           whether FOLDER's .deb files are the lock's

A Debian mirror forgets a version when the next one replaces it. In place of what is gone comes what the mirror offers
now, signed by Debian all the same, and `check` says so; with BULLE_STRICT=1 it refuses. Other bytes than the lock names
under a version of the lock are always refused.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

NAMED = 3  # packages that a sentence names; of more it tells the number


class LockError(Exception):
    """The packages are not the lock's; the text says which and what to do."""


@dataclass(frozen=True, order=True)
class Locked:
    """One Debian package as the lock names it; `version` with its epoch, `sha256` of the .deb in hex."""

    name: str
    version: str
    architecture: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} {self.architecture} {self.sha256}"


def read(text: str) -> tuple[Locked, ...]:
    """The packages of a lock. Raises: LockError for a line of another form."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if wrong := [line for line in lines if len(line) != 4]:
        raise LockError(f"a line of the lock is none of `name version architecture sha256`: {' '.join(wrong[0])}")
    return tuple(Locked(*line) for line in lines)


def from_apt(text: str) -> tuple[Locked, ...]:
    """The packages that `apt-cache show` describes, sorted. Raises: LockError for one without a SHA-256."""
    found = set()
    for paragraph in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if re.match(r"[A-Z][\w-]*: ", line))
        try:
            found.add(Locked(*(fields[name] for name in ("Package", "Version", "Architecture", "SHA256"))))
        except KeyError as missing:
            raise LockError(f"apt names no {missing} of {fields.get('Package', 'a package')}") from None
    return tuple(sorted(found))


def pins(locked: Iterable[Locked]) -> str:
    """Apt preferences: each version of the lock before all others, as long as it is offered."""
    return "\n".join(f"Package: {one.name}\nPin: version {one.version}\nPin-Priority: 1001\n" for one in locked)


def fetched(folder: Path) -> tuple[Locked, ...]:
    """The .deb files of `folder`, as apt names them."""
    found = []
    for path in sorted(folder.glob("*.deb")):
        name, version, architecture = path.stem.split("_")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found.append(Locked(name, unquote(version), architecture, digest))
    return tuple(found)


def departures(lock: tuple[Locked, ...], found: tuple[Locked, ...]) -> tuple[str, ...]:
    """How `found` departs from `lock`, a phrase for each package.

    Raises: LockError for other bytes under a locked version.
    """
    known = {one.name: one for one in lock}
    phrases = []
    for one in found:
        there = known.get(one.name)
        if there is None:
            phrases.append(f"{one.name} {one.version} is not in the lock")
        elif (there.version, there.architecture) != (one.version, one.architecture):
            phrases.append(f"{one.name} {there.version} is now {one.version} {one.architecture}")
        elif there.sha256 != one.sha256:
            raise LockError(
                f"{one.name} {one.version}: the mirror gives other bytes than the lock names; ask who runs the mirror,"
                " and rewrite the lock (make lock) only when you know why"
            )
    return tuple(phrases)


def sentence(path: str, phrases: tuple[str, ...]) -> str:
    """What a person who builds is told of `phrases`."""
    more = f" and {len(phrases) - NAMED} more" if len(phrases) > NAMED else ""
    return (
        f"{path}: {len(phrases)} Debian packages came at other versions, since the mirror no longer offers the lock's"
        f" ({'; '.join(phrases[:NAMED])}{more}); `make lock` writes today's down, and with a snapshot of the lock's day"
        " as this machine's mirror the old ones come back"
    )


def main(act: str, *where: str) -> None:
    """One of the calls above. Raises: LockError."""
    if act == "write":
        print("\n".join(str(one) for one in from_apt(sys.stdin.read())))
        return
    lock = read(Path(where[0]).read_text(encoding="utf-8"))
    if act == "pins":
        print(pins(lock))
    elif phrases := departures(lock, fetched(Path(where[1]))):
        if os.environ.get("BULLE_STRICT") == "1":
            raise LockError(sentence(where[0], phrases) + "; BULLE_STRICT=1 builds nothing else")
        print(sentence(where[0], phrases))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except LockError as problem:
        sys.exit(f"bulle: {problem}")
