"""What a privacy worker gives up before it reads data: see `egress.apart.confine`.

Files that the service may read stay readable to native code here (no Landlock rules; DuckDB is told which files it may
open). It all stands in the container that holds the service. `offline` tells whether the kernel took the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from egress.apart import confine as apart


@dataclass(frozen=True)
class Limits:
    """The part of `policies/limits.toml` that one request brings along."""

    seconds: int
    memory_mb: int
    threads: int
    max_numbers: int

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Limits:
        """Raises: KeyError, TypeError, ValueError."""
        found = cls(*(int(raw[name]) for name in ("seconds", "memory_mb", "threads", "max_numbers")))
        if min(found.seconds, found.memory_mb, found.threads, found.max_numbers) < 1:
            raise ValueError("limits")
        return found


def confine(limits: Limits) -> bool:
    """Limits for this process, for good; True when the kernel took its network away."""
    return apart.confine(limits.seconds * limits.threads, limits.memory_mb)
