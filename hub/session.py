"""A session: what a Grant opens, and the container that follows from it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType

from hub.container import ContainerPlan, Limits, Mount, Tmpfs
from hub.events.state import ExtractRecord
from hub.policy.limits import WorkspaceLimits
from hub.policy.verdict import Act, Grant, Refusal
from hub.words import say
from hub.workspace import StateLayout, Workspace


@dataclass(frozen=True)
class SessionPlan:
    """Which workspace opens on which extract, with the Grant that it was made from. All else follows from it."""

    workspace: Workspace
    extract: ExtractRecord
    grant: Grant


def session_plan(grant: Grant, extract: ExtractRecord | None) -> SessionPlan | Refusal:
    """The plan of the workspace that `grant` opens, on the project's extract."""
    if not grant.covers(Act.OPEN_WORKSPACE, grant.project):
        return Refusal("session.no_grant", say("This grant does not open a workspace."))
    if extract is None or extract.project != grant.project:
        reason = say(
            "The extract of project {project} is not built yet; its data appear once an extractor has built it.",
            project=grant.project,
        )
        return Refusal("extract.missing", reason)
    return SessionPlan(Workspace(grant.person, grant.project), extract, grant)


def session_container(
    workspace: Workspace, folder: str, layout: StateLayout, image: str, limits: WorkspaceLimits
) -> ContainerPlan:
    """The container: the extract in `folder`, imports and notices read-only, its own folders, its own network."""
    at = PurePosixPath
    mounts = (
        Mount(layout.extract(workspace.project, folder), at("/data"), read_only=True),
        Mount(layout.imports(workspace.project), at("/imports"), read_only=True),
        Mount(layout.home(workspace), at("/home/researcher"), read_only=False),
        Mount(layout.shared(workspace.project), at("/project"), read_only=False),
        Mount(layout.outbox(workspace), at("/outbox"), read_only=False),
        Mount(layout.notices_of(workspace), at("/notices"), read_only=True),
    )
    return ContainerPlan(
        name=sealed_name(workspace),
        image=image,
        command=("jupyterhub-singleuser",),
        environment=_environment(workspace),
        mounts=mounts,
        tmpfs=(Tmpfs(at("/tmp"), 256),),  # noqa: S108 -- a tmpfs inside the container
        network=sealed_name(workspace),
        limits=Limits(limits.memory_mb, limits.cpus, limits.pids, limits.file_mb, limits.open_files),
        labels=MappingProxyType(
            {"bulle.person": workspace.person, "bulle.project": workspace.project, "bulle.role": "workspace"}
        ),
    )


def sealed_name(workspace: Workspace) -> str:
    """The name of the workspace's container and of its network."""
    return f"bulle-ws-{workspace.slug}"


def _environment(workspace: Workspace) -> Mapping[str, str]:
    address = f"{workspace.person}@{workspace.project}"
    return MappingProxyType(
        {
            "BULLE_EXTRACT": "/data",
            "BULLE_OUTBOX": "/outbox",
            "BULLE_PROJECT": workspace.project,
            "JUPYTERHUB_ACTIVITY_INTERVAL": "60",  # seconds between two reports of use to the hub
            "GIT_AUTHOR_EMAIL": address,
            "GIT_AUTHOR_NAME": workspace.person,
            "GIT_COMMITTER_EMAIL": address,
            "GIT_COMMITTER_NAME": workspace.person,
            "HOME": "/home/researcher",
            "JUPYTERHUB_DISABLE_USER_CONFIG": "1",
            "JUPYTERHUB_ROOT_DIR": "/home/researcher",
        }
    )
