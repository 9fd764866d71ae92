"""What is asked of people at the door, as `policies/people.toml` says it."""

from __future__ import annotations

from pathlib import Path

from hub.policy.factors import SecondFactorRule
from hub.policy.files import policies_dir, read_toml
from hub.policy.lockout import Lockout
from hub.policy.model import Frozen, Sourced


class Training(Frozen):
    """`[training]`: whether access needs it, and for how many days it counts."""

    required: bool
    valid_days: Sourced[int]


class PeoplePolicy(Frozen):
    """`people.toml`."""

    lockout: Lockout
    training: Training
    second_factor: SecondFactorRule = SecondFactorRule()


def read_people(folder: Path | None = None) -> PeoplePolicy:
    """The policy in `people.toml` of `folder` (default: the shipped policies). Raises: PolicyFileError."""
    return read_toml((folder or policies_dir()) / "people.toml", PeoplePolicy)
