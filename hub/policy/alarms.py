"""Which refusals raise an alarm, as `policies/alarms.toml` says it: what was tried, and who refused it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field

from hub.policy.base import Frozen, Name, Text
from hub.policy.files import policies_dir, read_toml


class Place(StrEnum):
    """Who refuses."""

    EDGE = "edge"
    GATE = "gate"
    HUB = "hub"
    ENGINE = "engine"


class AlarmRule(Frozen):
    """One kind of refused act."""

    what: Text = Field(description="what was tried")
    alarm: bool = Field(description="whether it becomes `alarm.raised` in the event log")
    why: Text = Field(description="why it is abnormal, or why it is not")


class AlarmPolicy(Frozen):
    """`alarms.toml`: kinds of refused acts by who refuses them."""

    edge: dict[Name, AlarmRule]
    gate: dict[Name, AlarmRule]
    hub: dict[Name, AlarmRule]
    engine: dict[Name, AlarmRule]

    def rules(self, place: Place) -> dict[str, AlarmRule]:
        """The kinds of one place."""
        return {Place.EDGE: self.edge, Place.GATE: self.gate, Place.HUB: self.hub, Place.ENGINE: self.engine}[place]

    def raises(self, place: Place, tried: str) -> bool:
        """Whether such an act raises an alarm. What the policy does not name does."""
        rule = self.rules(place).get(tried)
        return rule is None or rule.alarm


def read_alarms(folder: Path | None = None) -> AlarmPolicy:
    """The policy in `alarms.toml` of `folder` (default: the shipped policies). Raises: PolicyFileError."""
    return read_toml((folder or policies_dir()) / "alarms.toml", AlarmPolicy)
