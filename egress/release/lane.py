"""What the machine does with a checked request, and how much may leave without people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from egress.checks.model import Outcome
from egress.release.model import Lane, OutputRecord, ReleaseRequest
from egress.release.status import Status
from hub.policy.model import DisclosureRules
from hub.policy.review import AutomaticCaps

_DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Load:
    """What a request would take of the automatic lane (`size` in bytes), and when its project took it before."""

    size: int
    before: tuple[datetime, ...]
    now: datetime


def lane_of(outputs: tuple[OutputRecord, ...], rules: DisclosureRules) -> Lane:
    """Refused when nothing is left that may leave; automatic only where the rules open it and every output passes."""
    if not any(output.reviewable for output in outputs):
        return Lane.REFUSED
    if rules.automatic_lane.value and all(output.outcome is Outcome.PASS for output in outputs):
        return Lane.AUTOMATIC
    return Lane.REVIEW


def within_caps(lane: Lane, outputs: tuple[OutputRecord, ...], rules: DisclosureRules, load: Load) -> Lane:
    """`lane`; what the caps of the automatic lane do not cover goes to people. Without caps nothing is covered."""
    if lane is not Lane.AUTOMATIC:
        return lane
    caps = rules.automatic_caps.value if rules.automatic_caps is not None else None
    return lane if caps is not None and _covers(caps, len(outputs), load) else Lane.REVIEW


def _covers(caps: AutomaticCaps, outputs: int, load: Load) -> bool:
    today = [at for at in load.before if at > load.now - _DAY]
    apart = timedelta(minutes=caps.minutes_apart)
    return (
        outputs <= caps.outputs
        and load.size <= caps.kilobytes * 1000
        and len(today) < caps.per_day
        and all(load.now - at >= apart for at in today)
    )


def automatic_before(requests: Iterable[ReleaseRequest], project: str) -> tuple[datetime, ...]:
    """When requests of `project` were let into the automatic lane."""
    return tuple(
        datetime.fromisoformat(request.reached[Status.CHECKED])
        for request in requests
        if request.project == project and request.lane is Lane.AUTOMATIC and Status.CHECKED in request.reached
    )
