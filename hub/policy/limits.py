"""What sealed containers may use, as `policies/limits.toml` says it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from hub.policy.files import policies_dir, read_toml
from hub.policy.model import Frozen


class WorkspaceLimits(Frozen):
    """One open workspace."""

    memory_mb: int = Field(ge=128)
    cpus: float = Field(gt=0)
    pids: int = Field(ge=16)


class RunnerLimits(Frozen):
    """One re-run of a notebook."""

    memory_mb: int = Field(ge=128)
    cpus: float = Field(gt=0)
    pids: int = Field(ge=16)
    seconds: int = Field(ge=1, description="wall clock")
    max_output_mb: int = Field(ge=1, description="what the run may hand back")
    scratch_mb: int = Field(ge=1, description="its temporary folder, in memory")


class ContainerLimits(Frozen):
    """`limits.toml`."""

    workspace: WorkspaceLimits
    runner: RunnerLimits


def read_limits(folder: Path | None = None) -> ContainerLimits:
    """The limits in `limits.toml` of `folder` (default: the shipped policies). Raises: PolicyFileError."""
    return read_toml((folder or policies_dir()) / "limits.toml", ContainerLimits)
