"""How much a folder can hold: whether the file system itself stops it at the size that the site has set.

The launcher has no right to mount or to set quotas, and gets none: `scripts/folders` gives a folder its size, as root
on the host. What a folder's file system says of itself is the same for a project quota of XFS or ext4 and for a mounted
image: its own size, instead of the disk's. Pure.
"""

from __future__ import annotations

from hub.policy.verdict import Refusal
from hub.words import say

_MIB = 1024 * 1024


class QuotaError(Exception):
    """A folder holds as much as the disk. `refusal` is for the person who waits."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.rule)
        self.refusal = refusal


def mebibytes(size: int) -> int:
    """`size` bytes in MiB, rounded up: what holds anything is not empty."""
    return -(-size // _MIB)


def quota_refusal(held: int, limit_mb: int) -> Refusal | None:
    """Why no workspace opens on a folder whose file system holds `held` bytes, where `limit_mb` MiB are allowed."""
    if held <= limit_mb * _MIB:
        return None
    reason = say(
        "A folder of this workspace has no limit of {limit} MiB yet, so it stays closed; an operator gives it one.",
        limit=limit_mb,
    )
    return Refusal("launcher.quota", reason)
