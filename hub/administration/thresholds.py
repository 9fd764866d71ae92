"""Disclosure rules as lines for people: each threshold with its value and where it comes from. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hub.policy.model import DisclosureRules, Frozen, Sourced
from hub.words import Message, say


@dataclass(frozen=True)
class Threshold:
    """One rule: what it is, its value as its file spells it, and its source."""

    what: Message
    value: str
    source: str


_WORDS = {
    "min_persons": say("persons in a cell, at least"),
    "min_events": say("events in a cell, at least"),
    "min_units": say("units in a cell, at least"),
    "zeros": say("zeros are looked at"),
    "dominance": say("dominance"),
    "p_ratio": say("p ratio"),
    "unanimity": say("share from which a cell is unanimous"),
    "min_dof": say("degrees of freedom, at least"),
    "secondary_suppression": say("secondary suppression"),
    "rounding_base": say("rounding base"),
    "significant_digits": say("significant digits"),
    "review": say("how people review"),
    "imports": say("what may be brought in"),
    "automatic_lane": say("automatic lane"),
    "automatic_caps": say("caps of the automatic lane"),
    "private_kinds": say("private releases beside tables"),
    "models": say("fitted models"),
}


def thresholds(rules: DisclosureRules) -> tuple[Threshold, ...]:
    """The thresholds that are set, in the order of their file's description."""
    return tuple(_lines(rules))


def _lines(rules: DisclosureRules) -> Iterator[Threshold]:
    for name, what in _WORDS.items():
        sourced: Sourced[Any] | None = getattr(rules, name)
        if sourced is not None:
            yield Threshold(what, _spelled(sourced.value), sourced.source)


def _spelled(value: Any) -> str:
    if isinstance(value, Frozen):
        parts = value.model_dump(mode="json", exclude_none=True, exclude_defaults=False)
        return ", ".join(f"{key} = {_spelled(each)}" for key, each in parts.items())
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_spelled(each) for each in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
