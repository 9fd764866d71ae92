"""What a scan tells: for each file what it is, what stands in it, and what people must know. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from egress.checks.model import Outcome, worst
from egress.scan.kinds import Kind
from hub.words import Message, say

Severity = Literal["refuse", "review"]


@dataclass(frozen=True)
class Rules:
    """What the scan goes by: the data holder's rules and the limits of this installation, sizes in bytes."""

    compiled: Severity
    identifiers: Severity
    max_unpacked: int
    max_entries: int
    max_depth: int
    encoded_run: int


@dataclass(frozen=True)
class Notice:
    """One finding in one sentence; `place` is the file, or the file and the archive's member in it. In a text also how
    many `lines` it is on, and the `first` of them; 0 elsewhere.
    """

    outcome: Outcome
    rule: str
    place: str
    why: Message
    lines: int = 0
    first: int = 0

    def sentences(self) -> tuple[Message, ...]:
        """What it is, and on which lines."""
        if not self.lines:
            return (self.why,)
        where = say("Lines with it: {lines}; the first is line {first}.", lines=self.lines, first=self.first)
        return self.why, where


@dataclass(frozen=True)
class Member:
    """A file in an archive: its path there, its size in bytes, what it is."""

    path: str
    size: int
    kind: Kind


@dataclass(frozen=True)
class Looked:
    """One uploaded file."""

    name: str
    kind: Kind
    members: tuple[Member, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class Scanned:
    """All files of one import, in the order in which they were uploaded."""

    files: tuple[Looked, ...]

    @property
    def notices(self) -> tuple[Notice, ...]:
        return tuple(notice for file in self.files for notice in file.notices)

    @property
    def outcome(self) -> Outcome:
        """The worst of all; pass is "no automatic finding"."""
        return worst((Outcome.PASS, *(notice.outcome for notice in self.notices))) if self.files else Outcome.REVIEW

    @property
    def reasons(self) -> tuple[Message, ...]:
        """Why it is refused; empty when it is not."""
        return tuple(notice.why for notice in self.notices if notice.outcome is Outcome.FAIL)

    def to_bytes(self) -> bytes:
        """As it leaves the child, and as quarantine keeps it."""
        return _SCANNED.dump_json(self, fallback=dict, warnings=False)

    @classmethod
    def from_bytes(cls, content: bytes) -> Scanned:
        """Raises: ValueError (pydantic's ValidationError) for anything else."""
        return _SCANNED.validate_json(content, strict=True)


_SCANNED: TypeAdapter[Scanned] = TypeAdapter(Scanned)
