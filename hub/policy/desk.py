"""How administrators work at their desk, as `policies/desk.toml` says it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from hub.policy.base import Frozen
from hub.policy.files import policies_dir, read_toml
from hub.policy.model import Sourced


class DeskPolicy(Frozen):
    """`desk.toml`."""

    second_administrator: Sourced[bool] = Field(description="whether who drafted a permit may not issue it")
    soon_days: Sourced[int] = Field(description="before an end that an administrator is told of it")


def read_desk(folder: Path | None = None) -> DeskPolicy:
    """The policy in `desk.toml` of `folder` (default: the shipped policies). Raises: PolicyFileError."""
    return read_toml((folder or policies_dir()) / "desk.toml", DeskPolicy)
