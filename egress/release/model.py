"""A release request and what was said about it: frozen values, folded from events."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from egress.checks.model import Assurance, Outcome, Protection
from egress.release.status import STATUS_OWNER, Owner, Status
from hub.words import Message


class Lane(StrEnum):
    """What the machine does with a checked request."""

    REFUSED = "refused"
    REVIEW = "review"
    AUTOMATIC = "automatic"


class Choice(StrEnum):
    """One checker's answer for one output."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True)
class FrozenFile:
    """A file of a request; `sha256` is its place in quarantine."""

    name: str
    sha256: str
    size: int

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "sha256": self.sha256, "size": self.size}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> FrozenFile:
        return cls(str(raw["name"]), str(raw["sha256"]), int(raw["size"]))


@dataclass(frozen=True)
class OutputRecord:
    """One declared output after the checks. `report` is the digest of its full result in quarantine
    (`egress.release.report`), `fingerprint` that of a recomputed exact table; the event log holds no value of a cell.
    """

    name: str
    title: str
    assurance: Assurance
    outcome: Outcome
    protect: Protection
    report: str
    fingerprint: str | None = None

    @property
    def reviewable(self) -> bool:
        """Refused outputs never come before a checker: they cannot be approved."""
        return self.outcome is not Outcome.FAIL

    def to_dict(self) -> dict[str, Any]:
        said = {
            "name": self.name,
            "title": self.title,
            "assurance": str(self.assurance),
            "outcome": str(self.outcome),
            "protect": str(self.protect),
            "report": self.report,
        }
        return said if self.fingerprint is None else {**said, "fingerprint": self.fingerprint}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> OutputRecord:
        return cls(
            str(raw["name"]),
            str(raw["title"]),
            Assurance(raw["assurance"]),
            Outcome(raw["outcome"]),
            Protection(raw["protect"]),
            str(raw["report"]),
            None if raw.get("fingerprint") is None else str(raw["fingerprint"]),
        )


@dataclass(frozen=True)
class Undeclared:
    """How many things of one kind the notebook shows without declaring them, and why they stay."""

    kind: str
    count: int
    why: Message

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "count": self.count, "why": self.why.to_dict()}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Undeclared:
        return cls(str(raw["kind"]), int(raw["count"]), Message.from_dict(raw["why"]))


@dataclass(frozen=True)
class Vote:
    """One checker's answer for one output, with what they want its author to know."""

    output: str
    choice: Choice
    comment: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {"output": self.output, "choice": str(self.choice), "comment": self.comment}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Vote:
        return cls(str(raw["output"]), Choice(raw["choice"]), str(raw.get("comment", "")))


@dataclass(frozen=True)
class Review:
    """One checker's votes on a whole request."""

    checker: str
    at: str
    votes: tuple[Vote, ...]
    comment: str = ""


@dataclass(frozen=True)
class Decision:
    """The reviews combined: the names that leave and the names that do not."""

    approved: tuple[str, ...]
    rejected: tuple[str, ...]

    @property
    def status(self) -> Status:
        """One approved output is enough for a package."""
        return Status.APPROVED if self.approved else Status.REJECTED


@dataclass(frozen=True)
class Rerun:
    """The sealed re-run: its notebook in quarantine, the extract it ran on, the image's digest, what held it.
    `environment`: the packages that the runner named, in quarantine; "" where it named none.
    """

    notebook: str
    folder: str
    extract: str
    image: str
    isolation: str
    environment: str = ""


@dataclass(frozen=True)
class Failure:
    """The last failed step since the request last moved, and how often it has failed there."""

    at: str
    reason: Message
    times: int


@dataclass(frozen=True)
class Basis:
    """What the outputs were checked with; `rules` is the digest of their canonical JSON in quarantine."""

    rules_name: str
    rules: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Standing:
    """What a request's tables were held against: the source, and the state of its ledger (`egress.release.ledger`)."""

    source: str
    state: str
    tables: int

    def to_dict(self) -> dict[str, Any]:
        return {"source": self.source, "state": self.state, "tables": self.tables}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Standing:
        return cls(str(raw["source"]), str(raw["state"]), int(raw["tables"]))


@dataclass(frozen=True)
class Recheck:
    """Checks repeated because tables were released meanwhile; `void`: the reviews that they made void."""

    at: str
    changed: bool
    void: int


@dataclass(frozen=True)
class ReleaseRequest:
    """One request for release. `reached` holds when each status was reached (UTC, ISO 8601)."""

    id: str
    project: str
    person: str
    title: str
    entry: str
    notebook: FrozenFile
    files: tuple[FrozenFile, ...]
    submitted_at: str
    status: Status = Status.SUBMITTED
    reached: Mapping[Status, str] = field(default_factory=lambda: MappingProxyType({}))
    rerun: Rerun | None = None
    basis: Basis | None = None
    lane: Lane | None = None
    checkers_required: int = 1
    outputs: tuple[OutputRecord, ...] = ()
    undeclared: tuple[Undeclared, ...] = ()
    reasons: tuple[Message, ...] = ()
    reviews: tuple[Review, ...] = ()
    decision: Decision | None = None
    signed: str | None = None  # the digest that the signer signed since the decision
    package: str | None = None
    dossier: str | None = None
    failure: Failure | None = None
    standing: Standing | None = None
    rechecks: tuple[Recheck, ...] = ()
    descriptions: str | None = None  # the digest of what its author says of each output; None in older logs

    @property
    def owner(self) -> Owner:
        """Whose turn it is."""
        return STATUS_OWNER[self.status]

    @property
    def reviewable(self) -> tuple[OutputRecord, ...]:
        """The outputs that checkers vote on."""
        return tuple(output for output in self.outputs if output.reviewable)

    @property
    def approved(self) -> tuple[OutputRecord, ...]:
        """The outputs that the decision lets out, in the notebook's order. A refused one is never among them."""
        names = frozenset(self.decision.approved) if self.decision else frozenset()
        return tuple(output for output in self.reviewable if output.name in names)

    @property
    def checks(self) -> str:
        """Which checks these are, in a word: other reports have another. A vote is about the checks it has seen."""
        said = "".join(f"{output.name} {output.report}\n" for output in self.outputs)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def output(self, name: str) -> OutputRecord | None:
        """The output called `name`."""
        return next((output for output in self.outputs if output.name == name), None)
