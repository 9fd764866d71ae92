"""What the public register tells, as `policies/register.toml` says it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from hub.policy.base import Frozen, Title
from hub.policy.files import policies_dir, read_toml


class RegisterPolicy(Frozen):
    """`register.toml`."""

    operator: Title = Field(description="who answers for the enclave")
    contact: Title = Field(description="where questions go")
    researchers: Literal["none", "count"] = Field(description="what is told of those whom a permit names")
    least_for_median: int = Field(ge=1, description="cases below which a delay is not told")


def read_register(folder: Path | None = None) -> RegisterPolicy:
    """The policy in `register.toml` of `folder` (default: the shipped policies). Raises: PolicyFileError."""
    return read_toml((folder or policies_dir()) / "register.toml", RegisterPolicy)
