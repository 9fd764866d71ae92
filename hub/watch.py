"""Closes workspaces that are not granted any more, within a second or two of the event or the day that ended them.

JupyterHub asks each server by itself every 30 seconds. This looks at the log's end once a second, for all of them, and
does nothing more while neither the log nor the day has changed.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import date
from functools import cache, partial
from typing import Protocol

from hub.events.state import Enclave
from hub.opening import revoked
from hub.policy.verdict import Refusal
from hub.present import Present, present_of
from hub.workspace import Workspace

LOG = logging.getLogger("bulle.watch")
PERIOD = 1.0  # seconds between two looks


class Watched(Protocol):
    """An open workspace, or one that is being opened."""

    @property
    def workspace(self) -> Workspace: ...

    async def revoke(self, refusal: Refusal) -> None:
        """Close it now. Again is harmless. Raises whatever kept it from closing."""


class Watch:
    """Looks while something is open. What fails is tried again at the next look, for as long as it takes."""

    def __init__(self, present: Present, period: float = PERIOD) -> None:
        self._present = present
        self._period = period
        self._open: set[Watched] = set()
        self._closing: dict[Watched, asyncio.Task[None]] = {}
        self._seen: tuple[Enclave, date] | None = None  # None: look in any case
        self._running: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether it looks at nothing, because nothing is open."""
        return not self._open

    def add(self, session: Watched) -> None:
        """Watch `session` from now on; in a running event loop."""
        self._open.add(session)
        self._seen = None
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run())

    def remove(self, session: Watched) -> None:
        """It is closed. Again is harmless."""
        self._open.discard(session)

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
        now = (enclave, self._present.now().date())
        # The same object is the same state: the fold makes a new one only for an event that changes something.
        if self._seen is not None and self._seen[0] is now[0] and self._seen[1] == now[1]:
            return
        self._seen = now
        sessions = {session.workspace: session for session in self._open}
        for workspace, refusal in revoked(sessions, *now).items():
            self._close(sessions[workspace], refusal)

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
def watch_of(log: str) -> Watch:
    """The one watch over the log at `log` (path or URL) in this process."""
    return Watch(present_of(log))
