"""What is asked of people at the door, as `policies/people.toml` says it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from hub.policy.factors import SecondFactorRule
from hub.policy.files import policies_dir, read_toml
from hub.policy.habilitation import Effect
from hub.policy.lockout import Lockout
from hub.policy.model import Frozen, Sourced


class Training(Frozen):
    """`[training]`: whether access needs it, and for how many days it counts."""

    required: bool
    valid_days: Sourced[int]


Days = Annotated[int, Field(ge=1)]


class HabilitationRule(Frozen):
    """`[habilitation]`: how often every membership is reviewed, and what becomes of one that nobody confirms."""

    interval_days: Sourced[Days] = Field(description="from one campaign to the next, at most")
    answer_days: Sourced[Days] = Field(description="from a campaign's first day to its last, at least")
    effect: Sourced[Effect]
    data_holders: Sourced[bool] = Field(description="whether a project's data holder answers for its memberships")


class PeoplePolicy(Frozen):
    """`people.toml`."""

    lockout: Lockout
    training: Training
    second_factor: SecondFactorRule = SecondFactorRule()
    habilitation: HabilitationRule | None = Field(None, description="absent: no campaign can be opened")


def read_people(folder: Path | None = None) -> PeoplePolicy:
    """The policy in `people.toml` of `folder` (default: the shipped policies). Raises: PolicyFileError."""
    return read_toml((folder or policies_dir()) / "people.toml", PeoplePolicy)
