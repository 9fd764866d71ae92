"""Closes workspaces that are not granted any more, within a second or two of the event or the day that ended them, and
those that nobody uses, after a warning (`hub.idle`).

JupyterHub asks each server by itself every 30 seconds. This looks at the log's end once a second, for all of them, and
does nothing more while neither the log nor the day has changed; for use it looks every ten seconds.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Protocol

from hub.events.state import Enclave
from hub.idle import Step, due, unused
from hub.opening import revoked
from hub.policy.limits import IdleLimits
from hub.policy.verdict import Refusal
from hub.present import Present, present_of
from hub.workspace import Workspace

LOG = logging.getLogger("bulle.watch")
PERIOD = 1.0  # seconds between two looks
USE_PERIOD = timedelta(seconds=10)  # between two looks at use


class Watched(Protocol):
    """An open workspace, or one that is being opened."""

    @property
    def workspace(self) -> Workspace: ...

    @property
    def used(self) -> datetime:
        """When it was last used, as its server reported."""

    async def revoke(self, refusal: Refusal) -> None:
        """Close it now. Again is harmless. Raises whatever kept it from closing."""


class Watch:
    """Looks while something is open. What fails is tried again at the next look, for as long as it takes."""

    def __init__(self, present: Present, idle: IdleLimits, period: float = PERIOD) -> None:
        self._present = present
        self._idle = idle
        self._period = period
        self._open: dict[Watched, datetime] = {}  # since when the hub hears of it
        self._use_seen: datetime | None = None
        self._closing: dict[Watched, asyncio.Task[None]] = {}
        self._seen: tuple[Enclave, date] | None = None  # None: look in any case
        self._running: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether it looks at nothing, because nothing is open."""
        return not self._open

    def add(self, session: Watched) -> None:
        """Watch `session` from now on; in a running event loop."""
        self._open.setdefault(session, self._present.now())
        self._seen = None
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run())

    def remove(self, session: Watched) -> None:
        """It is closed. Again is harmless."""
        self._open.pop(session, None)

    async def _run(self) -> None:
        while self._open:
            try:
                await self.look()
            except Exception:  # the log may be locked or its disk full: the next look may do better
                LOG.exception("could not look at the log; open workspaces stay as they are until it can be read")
            await asyncio.sleep(self._period)

    async def look(self) -> None:
        """One look: begin to close what is not granted any more."""
        enclave = await asyncio.to_thread(self._present.enclave)
        moment = self._present.now()
        self._look_at_grants(enclave, moment.date())
        if self._use_seen is None or not timedelta() <= moment - self._use_seen < USE_PERIOD:
            self._use_seen = moment
            await self._look_at_use(enclave, moment)

    def _look_at_grants(self, enclave: Enclave, today: date) -> None:
        now = (enclave, today)
        # The same object is the same state: the fold makes a new one only for an event that changes something.
        if self._seen is not None and self._seen[0] is now[0] and self._seen[1] == now[1]:
            return
        self._seen = now
        sessions = {session.workspace: session for session in self._open}
        for workspace, refusal in revoked(sessions, *now).items():
            self._close(sessions[workspace], refusal)

    async def _look_at_use(self, enclave: Enclave, now: datetime) -> None:
        for session, listening in list(self._open.items()):
            workspace = session.workspace
            opened = (workspace.person, workspace.project)
            if opened not in enclave.sessions or session in self._closing:
                continue  # it is being opened, or closed
            match due(session.used, enclave.idle.get(opened), listening, now, self._idle):
                case Step.WARN:
                    body = {"until": (now + self._idle.warning).isoformat(), "unused_since": session.used.isoformat()}
                    await self._tell("session.idle", workspace, body)
                case Step.KEEP:
                    await self._tell("session.used", workspace, {})
                case Step.CLOSE:
                    self._close(session, unused(self._idle))

    async def _tell(self, kind: str, workspace: Workspace, body: dict[str, str]) -> None:
        said = {"person": workspace.person, **body}
        await asyncio.to_thread(self._present.tell, "hub", kind, workspace.project, said)

    def _close(self, session: Watched, refusal: Refusal) -> None:
        """In a task of its own: one engine call that hangs must not keep the others open."""
        if session not in self._closing:
            LOG.warning("closing %s: %s", session.workspace.slug, refusal.rule)
            task = asyncio.ensure_future(session.revoke(refusal))
            self._closing[session] = task
            task.add_done_callback(partial(self._closed, session))

    def _closed(self, session: Watched, task: asyncio.Task[None]) -> None:
        del self._closing[session]
        if not task.cancelled() and task.exception() is not None:
            LOG.error("could not close %s; trying again", session.workspace.slug, exc_info=task.exception())
            self._seen = None


@cache
def watch_of(log: str, idle: IdleLimits) -> Watch:
    """The one watch over the log at `log` (path or URL) in this process."""
    return Watch(present_of(log), idle)
