"""Which messages are due now, each gathering all that is new for one person. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from egress.mail.matters import Matter, matters, recent
from egress.mail.told import Known
from hub.mailbox import Mailbox
from hub.policy.mail import MailPolicy


@dataclass(frozen=True)
class Due:
    """What one person is told in one message."""

    person: str
    box: Mailbox
    matters: tuple[Matter, ...]


def due(known: Known, boxes: Mapping[str, Mailbox], policy: MailPolicy, now: datetime) -> tuple[Due, ...]:
    """The messages that are due at `now`: those whose oldest news has waited for the others long enough."""
    found: list[Due] = []
    moved = recent(known.situation, now - policy.news)
    for person, box in boxes.items():
        if not box.takes_mail or person not in known.situation.enclave.persons:
            continue
        done = known.told.done.get(person, frozenset())
        news = matters(moved, person, now.date())
        new = tuple(each for each in news if each.digest(person) not in done)
        if new and now - new[0].since >= policy.gather:
            found.append(Due(person, box, new))
    return tuple(found)
