"""Whether a workspace may be open: asked when it opens, and again whenever the enclave or the day changes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from hub.events.state import Enclave
from hub.policy.decide import may_open_workspace
from hub.policy.verdict import Grant, Refusal
from hub.workspace import Workspace


def opening(workspace: Workspace, enclave: Enclave, today: date) -> Grant | Refusal:
    """The rule's answer for this person on this project."""
    person, permit = enclave.persons.get(workspace.person), enclave.permits.get(workspace.project)
    return may_open_workspace(person, permit, today, enclave.stops)


def revoked(workspaces: Iterable[Workspace], enclave: Enclave, today: date) -> Mapping[Workspace, Refusal]:
    """Those of these open workspaces that are not granted any more, each with what refuses it."""
    verdicts = {workspace: opening(workspace, enclave, today) for workspace in workspaces}
    return {workspace: verdict for workspace, verdict in verdicts.items() if isinstance(verdict, Refusal)}
