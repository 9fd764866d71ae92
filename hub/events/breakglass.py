"""Break-glass requests folded from the log. An event that the rules do not allow changes nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from hub.events.chain import Event
from hub.policy.breakglass import BreakGlass, Emergency


def fold(events: Iterable[Event], before: Mapping[str, BreakGlass] | None = None) -> Mapping[str, BreakGlass]:
    """The requests after `events`, by id, in order of asking. Malformed and foreign events change nothing."""
    state = dict(before or {})
    for event in events:
        if event.kind.startswith("breakglass."):
            try:
                _apply(state, event)
            except (KeyError, TypeError, ValueError):
                continue  # written by hand: nothing is granted on it
    return MappingProxyType(state)


def next_id(state: Mapping[str, BreakGlass]) -> str:
    """The id of the request that comes after these."""
    return f"bg-{len(state) + 1}"


def _apply(state: dict[str, BreakGlass], event: Event) -> None:
    identity, at = str(event.body["id"]), datetime.fromisoformat(event.at)
    known = state.get(identity)
    if event.kind == "breakglass.asked" and known is None:
        act, until = Emergency(event.body["act"]), datetime.fromisoformat(event.body["until"])
        state[identity] = BreakGlass(identity, act, event.project, event.actor, str(event.body["why"]), at, until)
    if known is None or known.project != event.project:
        return
    match event.kind:
        case "breakglass.confirmed":
            state[identity] = known.confirmed(event.actor, at)
        case "breakglass.used":
            state[identity] = known.used(event.actor, at)
        case "breakglass.ended":
            state[identity] = known.ended()
