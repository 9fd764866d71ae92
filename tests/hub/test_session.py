"""Session plans as a table: what opens, with which mounts, and what does not."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.container import ContainerPlan, Limits
from hub.events.state import ExtractRecord
from hub.policy.limits import WorkspaceLimits
from hub.policy.verdict import Act, Grant, Refusal
from hub.session import SessionPlan, session_container, session_plan
from hub.workspace import StateLayout, Workspace

LAYOUT = StateLayout(PurePosixPath("/srv/bulle"))
LIMITS = WorkspaceLimits(memory_mb=2048, cpus=1.0, pids=256, file_mb=99, open_files=88)
EXTRACT = ExtractRecord("p", "20261122-1", "0" * 64, "2026-11-22T00:00:00Z")


def plan(
    act: Act = Act.OPEN_WORKSPACE, person: str = "alice", project: str = "p", extract: ExtractRecord | None = EXTRACT
) -> SessionPlan | Refusal:
    return session_plan(Grant(act, person, project, "permit.researcher"), extract)


def opened(person: str = "alice") -> ContainerPlan:
    made = plan(person=person)
    assert isinstance(made, SessionPlan)
    return session_container(made.workspace, made.extract.folder, LAYOUT, "image", LIMITS)


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.OPEN_WORKSPACE])
def test_a_grant_for_another_act_opens_nothing(act: Act) -> None:
    refusal = plan(act)
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "session.no_grant"


@pytest.mark.parametrize("extract", [None, ExtractRecord("other", "20261122-1", "0" * 64, "")])
def test_without_its_own_extract_nothing_opens(extract: ExtractRecord | None) -> None:
    refusal = plan(extract=extract)
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "extract.missing"


def test_the_mounts_are_exactly_these() -> None:
    mounts = [(str(mount.source), str(mount.target), mount.read_only) for mount in opened().mounts]
    assert mounts == [
        ("/srv/bulle/extracts/p/20261122-1", "/data", True),
        ("/srv/bulle/imports/p", "/imports", True),
        ("/srv/bulle/homes/p/alice", "/home/researcher", False),
        ("/srv/bulle/projects/p", "/project", False),
        ("/srv/bulle/outboxes/p/alice", "/outbox", False),
        ("/srv/bulle/notices/p/alice", "/notices", True),
    ]


def test_the_container_is_the_persons_own() -> None:
    container = opened()
    assert container.name == container.network == "bulle-ws-p--alice"
    assert container.command == ("jupyterhub-singleuser",)
    assert container.image == "image"
    assert container.limits == Limits(memory_mb=2048, cpus=1.0, pids=256, file_mb=99, open_files=88)
    assert container.labels == {"bulle.person": "alice", "bulle.project": "p", "bulle.role": "workspace"}
    assert container.environment == {
        "BULLE_EXTRACT": "/data",
        "BULLE_OUTBOX": "/outbox",
        "BULLE_PROJECT": "p",
        "GIT_AUTHOR_EMAIL": "alice@p",
        "GIT_AUTHOR_NAME": "alice",
        "GIT_COMMITTER_EMAIL": "alice@p",
        "GIT_COMMITTER_NAME": "alice",
        "HOME": "/home/researcher",
        "JUPYTERHUB_ACTIVITY_INTERVAL": "60",
        "JUPYTERHUB_DISABLE_USER_CONFIG": "1",
        "JUPYTERHUB_ROOT_DIR": "/home/researcher",
    }


def test_two_persons_share_the_project_folder_extract_and_imports_and_nothing_else() -> None:
    alice, amir = ({str(mount.source) for mount in opened(name).mounts} for name in ("alice", "amir"))
    assert alice & amir == {"/srv/bulle/extracts/p/20261122-1", "/srv/bulle/imports/p", "/srv/bulle/projects/p"}


projects = st.from_regex(r"^[a-z](?:-?[a-z0-9])*$", fullmatch=True).filter(lambda text: len(text) <= 30)
persons = st.from_regex(r"^[a-z][a-z0-9._-]{0,31}$", fullmatch=True)


@given(st.tuples(projects, persons), st.tuples(projects, persons))
def test_two_workspaces_never_share_a_name(one: tuple[str, str], other: tuple[str, str]) -> None:
    slugs = [Workspace(person, project).slug for project, person in (one, other)]
    assert (slugs[0] == slugs[1]) == (one == other)
