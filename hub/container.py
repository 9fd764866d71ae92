"""What a sealed container is made of, as a value that one can print and test. The launcher makes nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType

SANDBOX_USER = "1000:1000"
SERVICE_GROUP = 900  # of the services' user (images/egress)


@dataclass(frozen=True)
class Mount:
    """One bind mount; `source` is an absolute path on the host."""

    source: PurePosixPath
    target: PurePosixPath
    read_only: bool


@dataclass(frozen=True)
class Tmpfs:
    """A memory folder with a size cap. Nothing in it is executable, a device or setuid."""

    target: PurePosixPath
    size_mb: int


@dataclass(frozen=True)
class Limits:
    """What one container may use: `file_mb` is the largest file and `open_files` the most that one process may have.

    `seconds` None is unlimited (a workspace).
    """

    memory_mb: int
    cpus: float
    pids: int
    file_mb: int
    open_files: int
    seconds: int | None = None


@dataclass(frozen=True)
class ContainerPlan:
    """Everything that differs between two sealed containers. The seal itself (no capabilities, read-only root,
    no new privileges, unprivileged user, no DNS) is the same for all and stands in `hub.launcher.seal`.

    `runtime` is the engine's name for what runs it: runc, or runsc (gVisor) where there is no network.
    `network` None is no network at all; otherwise the name of an internal network that the launcher makes for it alone.
    """

    name: str
    image: str
    command: tuple[str, ...]
    limits: Limits
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    mounts: tuple[Mount, ...] = ()
    tmpfs: tuple[Tmpfs, ...] = ()
    network: str | None = None
    runtime: str = "runc"
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
