"""An import and what was said about it: a frozen value, folded from events. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from egress.imports.status import STATUS_TURN, ImportStatus, Turn
from egress.release.model import Brought, Failure, FrozenFile
from hub.policy.model import Role
from hub.words import Message


def digest_of(files: Iterable[FrozenFile]) -> str:
    """One digest for all files of an import and their names."""
    return hashlib.sha256("".join(f"{file.sha256}  {file.name}\n" for file in files).encode()).hexdigest()


@dataclass(frozen=True)
class Decided:
    """Who said yes or no, and what they want the asker to know."""

    by: str
    at: str
    comment: str


@dataclass(frozen=True)
class ImportRequest:
    """Files that `person` asks to have in `project`. `number` counts within the project; `reached` holds when each
    status was reached (UTC, ISO 8601). `report` is the digest of the scan (`egress.scan.model.Scanned`) in quarantine.
    """

    id: str
    project: str
    number: int
    person: str
    title: str
    why: str
    origin: str
    files: tuple[FrozenFile, ...]
    status: ImportStatus = ImportStatus.ASKED
    reached: Mapping[ImportStatus, str] = field(default_factory=lambda: MappingProxyType({}))
    report: str | None = None
    approver: Role | None = None
    reasons: tuple[Message, ...] = ()
    decided: Decided | None = None
    withdrawn: Decided | None = None
    failure: Failure | None = None

    @property
    def turn(self) -> Turn:
        """Whose turn it is."""
        return STATUS_TURN[self.status]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)

    @property
    def digest(self) -> str:
        """Of all its files, with their names."""
        return digest_of(self.files)

    @property
    def folder(self) -> str:
        """Its folder among the project's imports."""
        return f"import-{self.number}"

    @property
    def holds_room(self) -> bool:
        """Whether it counts towards what the project's imports may hold."""
        return self.status not in {ImportStatus.REFUSED, ImportStatus.REJECTED, ImportStatus.REMOVED}

    @property
    def brought(self) -> Brought:
        """As a release request names it."""
        return Brought(self.id, self.folder, self.files)


def import_id(project: str, number: int) -> str:
    """The id of a project's import: it counts, so that nobody's bytes can be spelled in it."""
    return f"{project}-import-{number}"
