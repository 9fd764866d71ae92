"""How people review what leaves of one data source, and what may leave without them first: values of its rules."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from hub.policy.base import Frozen


class Mode(StrEnum):
    """Whether a checker sees the others' votes before their own: blinded, not until all have voted; sequential, yes."""

    BLINDED = "blinded"
    SEQUENTIAL = "sequential"


class Agreement(StrEnum):
    """What a dissent does: under a veto one is enough to keep an output in; under a quorum so many approvals let it
    out, whatever the others say.
    """

    VETO = "veto"
    QUORUM = "quorum"


class ReviewRules(Frozen):
    """How many people decide on a request of this source, how, and who else must agree."""

    checkers: int = Field(1, ge=1, le=5, description="different output checkers who vote on every output")
    mode: Mode = Mode.BLINDED
    agreement: Agreement = Agreement.VETO
    quorum: int | None = Field(None, ge=1, description="approvals that let an output out, under agreement = quorum")
    approvers: tuple[Literal["data_holder", "dpo"], ...] = Field(
        (), description="roles that must agree after the checkers, one person each"
    )
    two_organisations: bool = Field(default=False, description="the checkers of a request come from at least two")
    reply_days: int = Field(5, ge=1, description="working days in which checkers should answer")
    criteria: bool = Field(
        default=False, description="an approval says that each of the three criteria of WP 216 was examined"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.agreement is Agreement.QUORUM) != (self.quorum is not None):
            raise ValueError("quorum: stands with agreement = quorum, and only there")
        if self.quorum is not None and not self.checkers / 2 < self.quorum <= self.checkers:
            raise ValueError("quorum: more than half of the checkers, and no more than there are")
        if self.two_organisations and self.checkers < 2:
            raise ValueError("two_organisations: one checker comes from one organisation")
        if len(set(self.approvers)) != len(self.approvers):
            raise ValueError("approvers: a role is named twice")
        return self


class AutomaticCaps(Frozen):
    """What one project may release without people, at most, and how much of it is looked at afterwards."""

    outputs: int = Field(ge=1, description="outputs of one request")
    kilobytes: int = Field(ge=1, description="of 1000 bytes: the CSV tables of one request together")
    per_day: int = Field(ge=1, description="requests of a project in 24 hours")
    minutes_apart: int = Field(ge=0, description="between two requests of a project")
    sampled: float = Field(gt=0, le=1, description="share of the requests that checkers look at afterwards, by lot")
