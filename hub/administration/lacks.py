"""What keeps a person out until they have it, and what of it ends soon. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from hub.policy.model import Person
from hub.policy.standing import Required, Standing, unsigned
from hub.words import Message, say


def missing(person: Person | None, today: date) -> tuple[Message, ...]:
    """What keeps a person out of everything."""
    if person is None:
        return (say("not known to the enclave"),)
    standing = person.standing
    found = [
        say("undertaking {name}, version {version}: not signed", name=each.name, version=each.version)
        for each in unsigned(standing, today)
    ]
    if standing.required.training and standing.trained_until is None:
        found.append(say("no training recorded"))
    elif standing.required.training and standing.trained_until is not None and today > standing.trained_until:
        found.append(say("training ended on {day}", day=standing.trained_until.isoformat()))
    return tuple(found)


def signed_until(standing: Standing, required: Required) -> date | None:
    """The last day for which a signature under this very version counts; None without one."""
    days = [
        signature.day + timedelta(days=required.valid_days)
        for signature in standing.signed
        if (signature.name, signature.version, signature.digest) == (required.name, required.version, required.digest)
    ]
    return max(days, default=None)


def ending(person: Person, today: date, soon_days: int) -> tuple[Message, ...]:
    """What the person has today, and will not have in `soon_days`."""
    return tuple(_ending(person.standing, today, today + timedelta(days=soon_days)))


def _ending(standing: Standing, today: date, soon: date) -> Iterator[Message]:
    trained = standing.trained_until
    if standing.required.training and trained is not None and today <= trained <= soon:
        yield say("training ends on {day}", day=trained.isoformat())
    for required in standing.required.undertakings:
        until = signed_until(standing, required)
        if until is not None and today <= until <= soon:
            yield say("undertaking {name} is to be signed again by {day}", name=required.name, day=until.isoformat())
