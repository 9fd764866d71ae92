"""After an act that takes access away: wait until the hub has closed the workspaces that it reaches, and say so."""

from __future__ import annotations

import time
from collections.abc import Mapping

from bulle.cli.failure import Code
from bulle.cli.settings import Settings
from hub.events.log import EventLog, utc_now
from hub.events.state import Enclave, fold
from hub.opening import revoked
from hub.policy.verdict import Refusal
from hub.words import say
from hub.workspace import Workspace

PATIENCE = 15.0  # seconds; the hub needs a few
PAUSE = 0.1


def wait_closed(settings: Settings, log: EventLog) -> Code:
    """PASS when nothing is open that is not granted any more; REVIEW when something still is: a person must look.

    The log is what is asked: it is the hub that closes workspaces, and says there what it closed.
    """
    began, seen = time.monotonic(), log.read()
    enclave = fold(seen)
    reached = left = _open(enclave)
    while left and time.monotonic() - began < PATIENCE:
        time.sleep(PAUSE)
        new = log.read(after=seen[-1].seq)
        enclave, seen = fold(new, enclave), new or seen
        left = _open(enclave)
    seconds = round(time.monotonic() - began, 1)
    if left:
        names = ", ".join(f"{each.person} ({each.project})" for each in left)
        settings.print(
            say(
                "Still open after {seconds} s: {workspaces}. Is the hub running? By hand: docker rm -f {container}",
                seconds=seconds,
                workspaces=names,
                container=" ".join(f"bulle-ws-{each.slug}" for each in left),
            )
        )
        return Code.REVIEW
    if reached:
        settings.print(
            say("Open workspaces that closed: {number}, within {seconds} s.", number=len(reached), seconds=seconds)
        )
    return Code.PASS


def _open(enclave: Enclave) -> Mapping[Workspace, Refusal]:
    opened = (Workspace(person, project) for person, project in sorted(enclave.sessions))
    return revoked(opened, enclave, utc_now().date())
