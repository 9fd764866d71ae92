"""How administrators work at their desk, as `policies/desk.toml` says it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from hub.policy.base import Frozen
from hub.policy.files import policies_dir, read_toml
from hub.policy.model import Sourced


class Uploads(Frozen):
    """Files that administrators send: permits and catalogues."""

    most_kb: int = Field(ge=1, le=1_000, description="of one file")
    seconds: int = Field(ge=1, description="one upload, wall clock")
    at_once: int = Field(ge=1, description="of all administrators; each has one")


class DeskPolicy(Frozen):
    """`desk.toml`."""

    second_administrator: Sourced[bool] = Field(description="whether who drafted a permit may not issue it")
    soon_days: Sourced[int] = Field(description="before an end that an administrator is told of it")
    uploads: Sourced[Uploads]


def read_desk(folder: Path | None = None) -> DeskPolicy:
    """The policy in `desk.toml` of `folder` (default: the shipped policies). Raises: PolicyFileError."""
    return read_toml((folder or policies_dir()) / "desk.toml", DeskPolicy)
