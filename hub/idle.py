"""When an open workspace that nobody uses is warned, kept or closed. Pure.

Use is what the workspace's own server reports each minute: a page that somebody looks at, and a kernel that computes or
prints, for as long as it does. So a computation is never closed, however long it takes. Silence closes nothing by
itself: a warning comes first, and the hub must have been listening from the warning to the end, as reports that were
sent while it was down are lost.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from hub.events.state import Warned
from hub.policy.limits import IdleLimits
from hub.policy.verdict import Refusal
from hub.words import say


class Step(StrEnum):
    """What is due for a workspace."""

    WARN = "warn"
    KEEP = "keep"
    CLOSE = "close"


def due(used: datetime, warned: Warned | None, listening: datetime, now: datetime, limits: IdleLimits) -> Step | None:
    """What is due at `now` for a workspace last `used` then, of which the hub hears since `listening`."""
    if warned is None:
        return Step.WARN if now - used >= limits.after else None
    if used > warned.at:
        return Step.KEEP
    return Step.CLOSE if now >= max(warned.until, listening + limits.warning) else None


def unused(limits: IdleLimits) -> Refusal:
    """Why it is closed."""
    why = say(
        "Nobody used the workspace for {minutes} minutes, and nothing ran in it.",
        minutes=limits.after_minutes + limits.warn_minutes,
    )
    return Refusal("session.idle", why)
