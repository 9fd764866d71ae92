"""What people say of a request: votes, reviews, the decision they make together, approvals, returns, an appeal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from egress.release.status import Status


class Choice(StrEnum):
    """One checker's answer for one output. CHANGE sends the request back: its author corrects this output."""

    APPROVE = "approve"
    CHANGE = "change"
    REJECT = "reject"


class Criterion(StrEnum):
    """The three risks that an opinion on anonymisation looks at (Article 29 Working Party, WP 216): each examined."""

    SINGLING_OUT = "singling_out"
    LINKING = "linking"
    INFERENCE = "inference"


@dataclass(frozen=True)
class Vote:
    """One checker's answer for one output. `comment` is for its author, `note` for checkers only."""

    output: str
    choice: Choice
    comment: str = ""
    note: str = ""
    criteria: tuple[Criterion, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        said: dict[str, Any] = {"output": self.output, "choice": str(self.choice), "comment": self.comment}
        if self.note:
            said["note"] = self.note
        if self.criteria:
            said["criteria"] = [str(criterion) for criterion in self.criteria]
        return said

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Vote:
        return cls(
            str(raw["output"]),
            Choice(raw["choice"]),
            str(raw.get("comment", "")),
            str(raw.get("note", "")),
            tuple(Criterion(criterion) for criterion in raw.get("criteria", ())),
        )


@dataclass(frozen=True)
class Review:
    """One checker's votes on a whole request. `minutes`: what it took them, as they say."""

    checker: str
    at: str
    votes: tuple[Vote, ...]
    comment: str = ""
    note: str = ""
    organisation: str = ""
    minutes: int | None = None

    def vote_on(self, output: str) -> Vote | None:
        """The vote on one output."""
        return next((vote for vote in self.votes if vote.output == output), None)


@dataclass(frozen=True)
class Decision:
    """The reviews combined: the names that leave, those that do not, and those that their author is to change."""

    approved: tuple[str, ...]
    rejected: tuple[str, ...]
    changes: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        """Something to change sends the whole request back; otherwise one approved output is enough for a package."""
        if self.changes:
            return Status.RETURNED
        return Status.APPROVED if self.approved else Status.REJECTED

    def to_dict(self) -> dict[str, Any]:
        said = {"approved": list(self.approved), "rejected": list(self.rejected)}
        return {**said, "changes": list(self.changes)} if self.changes else said

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Decision:
        return cls(tuple(raw["approved"]), tuple(raw["rejected"]), tuple(raw.get("changes", ())))


@dataclass(frozen=True)
class Approval:
    """What somebody whose agreement the source's rules ask for has said after the checkers."""

    person: str
    role: str
    at: str
    agrees: bool
    comment: str = ""


@dataclass(frozen=True)
class Said:
    """Who did something to a request, when, and why: a return, an appeal, a recall."""

    by: str
    at: str
    why: str


@dataclass(frozen=True)
class Appeal:
    """The author's only one. `barred`: who had reviewed before; other people decide."""

    at: str
    why: str
    barred: frozenset[str]


@dataclass(frozen=True)
class Sample:
    """A release of the automatic lane that the lot chose; `seen` once a checker has looked at it."""

    at: str
    seen: Said | None = None
