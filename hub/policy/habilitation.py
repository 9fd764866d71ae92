"""What a habilitation review asks of one person's memberships: which still wait for a word, which were withdrawn. Pure.

SNDS security baseline 8.2 and CNIL's EDS reference SEC-HAB-5, SEC-HAB-6: habilitations are reviewed at least yearly,
and what nobody needs any more is taken away.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from hub.policy.base import Frozen, ProjectId
from hub.policy.verdict import Refusal
from hub.words import say


class Effect(StrEnum):
    """What becomes of a membership that nobody confirmed by a campaign's last day: it closes, or the desk names it."""

    CLOSE = "close"
    REMIND = "remind"


class Asked(Frozen):
    """One membership that a campaign asks about and that nobody confirmed since.

    `until` is the last day for which it counts all the same, None where it goes on counting.
    """

    project: ProjectId
    campaign: str
    until: date | None
    withdrawn: bool = False


def habilitation_refusal(asked: tuple[Asked, ...], project: str, today: date) -> Refusal | None:
    """Why the person's membership of `project` does not count today, with what to do; None when it does."""
    found = next((each for each in asked if each.project == project), None)
    if found is None:
        return None
    told = {"project": project, "campaign": found.campaign}
    if found.withdrawn:
        reason = say(
            "Your access to project {project} was withdrawn in the habilitation review {campaign}; if you still need "
            "it, ask an administrator to confirm it.",
            **told,
        )
        return Refusal("habilitation.withdrawn", reason)
    if found.until is None or today <= found.until:
        return None
    reason = say(
        "Nobody confirmed your access to project {project} by {day}, in the habilitation review {campaign}; ask an "
        "administrator to confirm it.",
        day=found.until.isoformat(),
        **told,
    )
    return Refusal("habilitation.unconfirmed", reason)
