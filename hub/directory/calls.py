"""Blocking calls kept off the event loop: few at a time, each given up in time, none more than can wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

R = TypeVar("R")


class BusyError(Exception):
    """Too many calls wait already, or this one took too long."""


class BoundedCalls:
    """`threads` calls at once; at most `waiting` beyond; each answered within `seconds` or given up.

    A call that was given up keeps its thread until its own timeouts end it, so a directory that hangs makes people
    wait in a queue that refuses, and never takes the threads that other work of the process needs.
    """

    def __init__(self, threads: int, waiting: int, seconds: float) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="directory")
        self._room = threads + waiting
        self._seconds = seconds
        self._running = 0
        self._lock = threading.Lock()

    async def run(self, call: Callable[[], R]) -> R:
        """The result of `call` in a thread. Raises: BusyError, and what `call` raises."""
        with self._lock:
            if self._running >= self._room:
                raise BusyError
            self._running += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, self._counted, call)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self._seconds)
        except TimeoutError as error:
            future.add_done_callback(lambda late: late.cancelled() or late.exception())  # nobody waits for it any more
            raise BusyError from error

    def _counted(self, call: Callable[[], R]) -> R:
        try:
            return call()
        finally:
            with self._lock:
                self._running -= 1
