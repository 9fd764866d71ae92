"""What a sealed container is made of, as a value that one can print and test. The launcher makes nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType

from hub.events.state import ExtractRecord
from hub.policy.verdict import Act, Grant, Refusal
from hub.words import say
from hub.workspace import StateLayout, Workspace

SANDBOX_USER = "1000:1000"


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
    """What one container may use. `seconds` None is unlimited (a workspace)."""

    memory_mb: int
    cpus: float
    pids: int
    seconds: int | None = None


@dataclass(frozen=True)
class ContainerPlan:
    """Everything that differs between two sealed containers. The seal itself (no capabilities, read-only root,
    no new privileges, unprivileged user, no DNS) is the same for all and stands in `hub.launcher`.

    `network` None is no network at all; otherwise the name of an internal network that the launcher makes for it alone.
    """

    name: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    mounts: tuple[Mount, ...] = ()
    tmpfs: tuple[Tmpfs, ...] = ()
    network: str | None = None
    limits: Limits = field(default_factory=lambda: Limits(memory_mb=512, cpus=1.0, pids=128))
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class SessionPlan:
    """A workspace's container, with the Grant and the extract that it was made from."""

    workspace: Workspace
    container: ContainerPlan
    grant: Grant
    extract: ExtractRecord


def session_plan(
    grant: Grant, extract: ExtractRecord | None, layout: StateLayout, image: str, limits: Limits
) -> SessionPlan | Refusal:
    """The plan of the workspace that `grant` opens: its extract read-only, its own folders, its own network."""
    if not grant.covers(Act.OPEN_WORKSPACE, grant.project):
        return Refusal("session.no_grant", say("This grant does not open a workspace."))
    if extract is None or extract.project != grant.project:
        reason = say(
            "The extract of project {project} is not built yet; its data appear once an extractor has built it.",
            project=grant.project,
        )
        return Refusal("extract.missing", reason)
    workspace = Workspace(grant.person, grant.project)
    at = PurePosixPath
    mounts = (
        Mount(layout.extract(grant.project, extract.folder), at("/data"), read_only=True),
        Mount(layout.home(workspace), at("/home/researcher"), read_only=False),
        Mount(layout.shared(grant.project), at("/project"), read_only=False),
        Mount(layout.outbox(workspace), at("/outbox"), read_only=False),
    )
    container = ContainerPlan(
        name=f"bulle-ws-{workspace.slug}",
        image=image,
        command=("jupyterhub-singleuser",),
        environment=MappingProxyType(
            {
                "BULLE_EXTRACT": "/data",
                "BULLE_OUTBOX": "/outbox",
                "BULLE_PROJECT": grant.project,
                "HOME": "/home/researcher",
                "JUPYTERHUB_ROOT_DIR": "/home/researcher",
            }
        ),
        mounts=mounts,
        tmpfs=(Tmpfs(at("/tmp"), 256),),  # noqa: S108 -- a tmpfs inside the container
        network=f"bulle-ws-{workspace.slug}",
        limits=limits,
        labels=MappingProxyType(
            {"bulle.person": grant.person, "bulle.project": grant.project, "bulle.role": "workspace"}
        ),
    )
    return SessionPlan(workspace, container, grant, extract)
