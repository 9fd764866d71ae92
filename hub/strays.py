"""Processes of the enclave that asked for what is not theirs: none does so by mistake, so that one which did is broken
or taken over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hub.events.chain import Event

# Which event tells of it, and where it names the process; else its actor is it.
_TOLD = {"launcher.refused": "", "log.refused": "writer"}


@dataclass(frozen=True)
class Stray:
    """One such question. `at` as the event has it; `process` and `rule` by name."""

    at: str
    process: str
    rule: str


def strays(events: Iterable[Event], before: tuple[Stray, ...] = ()) -> tuple[Stray, ...]:
    """What the log tells of them, in order, after what was told `before`."""
    return before + tuple(
        Stray(event.at, str(event.body.get(_TOLD[event.kind]) or event.actor), str(event.body.get("rule")))
        for event in events
        if event.kind in _TOLD
    )
