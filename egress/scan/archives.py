"""Archives opened in memory, member by member, under a budget. Nothing is ever written to a path that they name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from egress.scan.kinds import Kind
from hub.words import Message, say

_MOST_NAME = 255  # a path that file systems take
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)
_BROKEN_TOO = (NotImplementedError, RuntimeError, KeyError, IndexError, OverflowError)


class ArchiveError(Exception):
    """An archive that is refused; `rule` and `why` say what it does."""

    def __init__(self, rule: str, why: Message) -> None:
        super().__init__(rule)
        self.rule = rule
        self.why = why


@dataclass
class Budget:
    """What is left for all archives of one import together."""

    unpacked: int
    entries: int

    def read(self, stream: IO[bytes] | io.BufferedIOBase) -> bytes:
        """All of `stream`. Raises: ArchiveError when it holds more than is left."""
        content = stream.read(self.unpacked + 1)
        if len(content) > self.unpacked:
            why = say(
                "Its archives hold more than an import may when they are opened; bring less, or ask for a source."
            )
            raise ArchiveError("archive.bomb", why)
        self.unpacked -= len(content)
        return content

    def enter(self, count: int) -> None:
        """Raises: ArchiveError when there are more entries than are left."""
        self.entries -= count
        if self.entries < 0:
            raise ArchiveError("archive.entries", say("Its archives hold more files than an import may; bring less."))


def members(content: bytes, kind: Kind, budget: Budget) -> Iterator[tuple[str, bytes]]:
    """The files in an archive, each with its path there. Raises: ArchiveError."""
    try:
        if kind is Kind.ZIP:
            yield from _zipped(content, budget)
        elif kind is Kind.TAR:
            yield from _tarred(content, budget)
        else:
            budget.enter(1)
            yield "", budget.read(_unpacked(content, kind))
    except (*_BROKEN, *_BROKEN_TOO) as error:
        why = say("This archive is damaged or made to mislead: it cannot be read to its end.")
        raise ArchiveError("archive.broken", why) from error


def _unpacked(content: bytes, kind: Kind) -> io.BufferedIOBase:
    raw = io.BytesIO(content)
    match kind:
        case Kind.GZIP:
            return gzip.GzipFile(fileobj=raw)
        case Kind.BZIP2:
            return bz2.BZ2File(raw)
        case _:
            return lzma.LZMAFile(raw, format=lzma.FORMAT_XZ)


def _zipped(content: bytes, budget: Budget) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = archive.infolist()
        budget.enter(len(infos))
        _check_names([info.orig_filename for info in infos])
        for info in infos:
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise _no_file(info.filename)
            if info.flag_bits & 0x1:
                raise ArchiveError(
                    "archive.locked", say("This archive is locked by a password; nobody can look into it.")
                )
            if info.is_dir():
                continue
            with archive.open(info) as stream:
                yield info.filename, budget.read(stream)


def _tarred(content: bytes, budget: Budget) -> Iterator[tuple[str, bytes]]:
    seen: list[str] = []
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for info in archive:
            budget.enter(1)
            seen.append(info.name)
            _check_name(info.name)
            if not (info.isreg() or info.isdir()) or info.issparse():
                raise _no_file(info.name)
            stream = archive.extractfile(info)
            if stream is not None:
                yield info.name, budget.read(stream)
    _check_names(seen)


def _check_names(names: list[str]) -> None:
    for name in names:
        _check_name(name)
    if len({name.rstrip("/").lower() for name in names}) != len(names):
        raise ArchiveError("archive.twice", say("Two files of this archive have one name; one would hide the other."))


def _check_name(name: str) -> None:
    """A path that stays inside the folder it is unpacked in, wherever that is done."""
    plain = name.isprintable() and "\\" not in name and ":" not in name and len(name) <= _MOST_NAME
    path = PurePosixPath(name)
    if not name or not plain or path.is_absolute() or ".." in path.parts:
        why = say(
            "This archive holds a path that leads out of it, or one that no system takes ({path}).", path=shown(name)
        )
        raise ArchiveError("archive.path", why)


def _no_file(name: str) -> ArchiveError:
    why = say("This archive holds a link, a device or something else that is no file ({path}).", path=shown(name))
    return ArchiveError("archive.link", why)


def shown(name: str) -> str:
    """A name that somebody chose, as a sentence may hold it."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:80]
