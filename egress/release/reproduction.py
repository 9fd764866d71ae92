"""Re-runs that reproducibility reviewers asked for, folded from events. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

from egress.release.guards import EGRESS
from hub.events.chain import Event
from hub.words import Message


@dataclass(frozen=True)
class Reproduction:
    """One re-run: entry `asked` of the log says who asked for it. `certificate` is the digest of its result in
    quarantine, `refused` why there is none; neither while it waits for the worker.
    """

    asked: int
    at: str
    request: str
    project: str
    person: str
    certificate: str | None = None
    refused: Message | None = None

    @property
    def waits(self) -> bool:
        return self.certificate is None and self.refused is None


Reproductions: TypeAlias = Mapping[int, Reproduction]


def fold_reproductions(events: Iterable[Event], before: Reproductions | None = None) -> Reproductions:
    """Every re-run that was asked for, by the entry that asked, oldest first. Malformed events change nothing."""
    state = dict(before or {})
    for event in events:
        try:
            _apply(state, event)
        except (KeyError, TypeError, ValueError):
            continue  # `bulle log verify` is what judges the log itself
    return MappingProxyType(state)


def _apply(state: dict[int, Reproduction], event: Event) -> None:
    if event.kind == "reproduction.asked":
        state[event.seq] = Reproduction(event.seq, event.at, str(event.body["request"]), event.project, event.actor)
        return
    if event.actor != EGRESS or not event.kind.startswith("reproduction."):
        return
    found = state.get(int(event.body["asked"]))
    if found is None or not found.waits:
        return
    if event.kind == "reproduction.ended":
        state[found.asked] = replace(found, certificate=str(event.body["certificate"]))
    elif event.kind == "reproduction.refused":
        state[found.asked] = replace(found, refused=Message.from_dict(event.body["reason"]))
