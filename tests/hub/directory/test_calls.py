"""A directory that hangs takes its own threads, and people get an answer all the same."""

from __future__ import annotations

import asyncio
import threading

import pytest

from hub.directory.calls import BoundedCalls, BusyError


def test_calls_beyond_the_queue_are_refused_at_once_and_late_ones_given_up() -> None:
    release, calls = threading.Event(), BoundedCalls(threads=1, waiting=1, seconds=0.05)

    async def crowd() -> list[object]:
        waits = [calls.run(lambda: release.wait(5)) for _ in range(4)]
        return await asyncio.gather(*waits, return_exceptions=True)

    async def later() -> str:
        release.set()
        for _ in range(100):
            try:
                return await calls.run(lambda: "answered")
            except BusyError:
                await asyncio.sleep(0.01)
        return "never"

    async def story() -> tuple[list[object], str]:
        return await crowd(), await later()

    refused, answered = asyncio.run(story())
    assert [type(each) for each in refused] == [BusyError] * 4
    assert answered == "answered"


def test_the_event_loop_goes_on_meanwhile() -> None:
    release, calls = threading.Event(), BoundedCalls(threads=1, waiting=0, seconds=5)

    async def story() -> bool:
        waiting = asyncio.create_task(calls.run(lambda: release.wait(5)))
        await asyncio.sleep(0)
        release.set()
        return await waiting

    assert asyncio.run(story()) is True


def test_what_a_call_raises_comes_out() -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(BoundedCalls(1, 0, 5).run(lambda: 1 // 0))
