"""Workspaces as they run: which are open, since when, which were warned, and how others were closed last. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.events.state import Closing, Enclave, Filled, Warned
from hub.opening import opening
from hub.policy.verdict import Refusal
from hub.workspace import Workspace


@dataclass(frozen=True)
class Running:
    """One open workspace. `refusal`: why it is being closed, where it is not granted any more."""

    person: str
    project: str
    since: datetime
    warned: Warned | None
    refusal: Refusal | None


@dataclass(frozen=True)
class Closed:
    """One workspace that is not open, and how it was closed last."""

    person: str
    project: str
    closing: Closing


def running(enclave: Enclave, now: datetime) -> tuple[Running, ...]:
    """The open workspaces, the longest open first."""
    found = []
    for (person, project), since in enclave.sessions.items():
        verdict = opening(Workspace(person, project), enclave, now.date())
        refusal = verdict if isinstance(verdict, Refusal) else None
        found.append(Running(person, project, since, enclave.idle.get((person, project)), refusal))
    return tuple(sorted(found, key=lambda each: (each.since, each.project, each.person)))


@dataclass(frozen=True)
class Folders:
    """How full the folders of one person on one project were when their workspace opened last, in MiB by where they are
    mounted.
    """

    person: str
    project: str
    filled: Filled


def folders(enclave: Enclave) -> tuple[Folders, ...]:
    """Those that were told, by project and person."""
    found = (Folders(*key, filled) for key, filled in enclave.folders.items())
    return tuple(sorted(found, key=lambda each: (each.project, each.person)))


def closed(enclave: Enclave) -> tuple[Closed, ...]:
    """The workspaces that are not open, the last closed first."""
    left = [Closed(*key, closing) for key, closing in enclave.closings.items() if key not in enclave.sessions]
    return tuple(sorted(left, key=lambda each: (each.closing.at, each.project, each.person), reverse=True))
