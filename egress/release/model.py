"""A release request and what was said about it: frozen values, folded from events."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from egress.checks.model import Assurance, Outcome, Protection
from egress.release.review import Appeal, Approval, Decision, Review, Said, Sample
from egress.release.status import STATUS_OWNER, Owner, Status
from hub.events.chain import Event
from hub.policy.review import ReviewRules
from hub.words import Message


class Lane(StrEnum):
    """What the machine does with a checked request."""

    REFUSED = "refused"
    REVIEW = "review"
    AUTOMATIC = "automatic"


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
class Brought:
    """An import that lay in the project when a request was frozen, and in its re-run once there was one: its folder
    below /imports, and its files.
    """

    id: str
    folder: str
    files: tuple[FrozenFile, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"import": self.id, "folder": self.folder, "files": [file.to_dict() for file in self.files]}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Brought:
        return cls(str(raw["import"]), str(raw["folder"]), tuple(FrozenFile.from_dict(file) for file in raw["files"]))


@dataclass(frozen=True)
class OutputRecord:
    """One declared output after the checks. `report` is the digest of its full result in quarantine
    (`egress.release.report`), `fingerprint` that of a recomputed exact table; the event log holds no value of a cell.
    `shows`: the tables that a figure shows; it leaves with all of them or not at all.
    """

    name: str
    title: str
    assurance: Assurance
    outcome: Outcome
    protect: Protection
    report: str
    fingerprint: str | None = None
    shows: tuple[str, ...] = ()

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
        said |= {} if self.fingerprint is None else {"fingerprint": self.fingerprint}
        return {**said, "shows": list(self.shows)} if self.shows else said

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
            tuple(str(name) for name in raw.get("shows", ())),
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

    @classmethod
    def after(cls, before: Failure | None, event: Event) -> Failure:
        """The failure that `event` tells of, after that `before` it."""
        times = before.times + 1 if before else 1
        return cls(event.at, Message.from_dict(event.body["reason"]), times)


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
class Turn:
    """One turn that is over: what was submitted, what came of it, and what sent it back.

    `reviews` are those whose votes go on counting for outputs that stay as they are; none when the author took it back.
    """

    notebook: FrozenFile
    reached: Mapping[Status, str]
    outputs: tuple[OutputRecord, ...]
    reviews: tuple[Review, ...]
    decision: Decision | None
    returned: Said | None
    reasons: tuple[Message, ...]


@dataclass(frozen=True)
class ReleaseRequest:
    """One request for release. `reached` holds when each status was reached in this turn (UTC, ISO 8601).

    `confirmed`: who has voted once more since the reviews were found to differ.
    """

    id: str
    project: str
    person: str
    title: str
    entry: str
    notebook: FrozenFile
    files: tuple[FrozenFile, ...]
    submitted_at: str
    imports: tuple[Brought, ...] = ()
    status: Status = Status.SUBMITTED
    reached: Mapping[Status, str] = field(default_factory=lambda: MappingProxyType({}))
    rerun: Rerun | None = None
    basis: Basis | None = None
    lane: Lane | None = None
    review: ReviewRules = field(default_factory=ReviewRules)
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
    answer: str | None = None  # the digest of what its author says was changed since the last turn
    turns: tuple[Turn, ...] = ()
    confirmed: frozenset[str] = frozenset()
    returned: Said | None = None
    approvals: tuple[Approval, ...] = ()
    appeal: Appeal | None = None
    sample: Sample | None = None
    recall: Said | None = None

    @property
    def turn(self) -> int:
        """Which turn this is, from 1."""
        return len(self.turns) + 1

    @property
    def barred(self) -> frozenset[str]:
        """Who may not review it any more."""
        return self.appeal.barred if self.appeal else frozenset()

    @property
    def missing_approvals(self) -> tuple[str, ...]:
        """The roles that have yet to agree."""
        given = {approval.role for approval in self.approvals}
        return tuple(role for role in self.review.approvers if role not in given)

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
