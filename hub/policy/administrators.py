"""Administrators: who appoints them, what they may do, and what they cannot be beside it. Pure.

They register people, sources and permits for the whole enclave, and work on no project's data or outputs (CNNum 2015,
extraction cell; SNDS 6.1). Who they are is said on the machine, by nothing that a browser's session reaches.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from hub.policy.model import DataPermit, Person
from hub.policy.roles import administrator_clash
from hub.policy.standing import standing_refusal
from hub.policy.stops import Stops
from hub.policy.verdict import Act, Grant, Refusal
from hub.words import say


def may_appoint(person: Person | None, permits: Iterable[DataPermit]) -> Grant | Refusal:
    """A known person becomes an administrator, unless one of `permits`, those that are in force or to come, gives them
    a role that excludes it.
    """
    if person is None:
        return _UNKNOWN
    if person.administrator:
        return Refusal("administrator.already", say("{person} is an administrator already.", person=person.id))
    for permit in permits:
        found = administrator_clash(person.id, permit.roles_of(person.id))
        if found is not None:
            why = say(
                "{person} cannot become an administrator: the permit of project {project} names them as one who works "
                "on its data or outputs, or watches over it.",
                person=person.id,
                project=permit.project,
            )
            return Refusal(found.rule, why)
    return Grant(Act.APPOINT_ADMINISTRATOR, person.id, "", "administrator.appoint")


def may_dismiss(person: Person | None) -> Grant | Refusal:
    """An administrator is dismissed at any time."""
    if person is None or not person.administrator:
        return Refusal(
            "administrator.none", say("This person is no administrator of the enclave; nothing was changed.")
        )
    return Grant(Act.DISMISS_ADMINISTRATOR, person.id, "", "administrator.dismiss")


def may_administer(person: Person | None, today: date, stops: Stops) -> Grant | Refusal:
    """An administrator who has signed and learnt what is asked of everybody, and whose access is not halted. A halt of
    the whole enclave does not keep them out: it is looked into at their desk, and permits are ended there.
    """
    if person is None or not person.administrator:
        return _NO_ADMINISTRATOR
    refusal = stops.on_person(person.id) or standing_refusal(person.standing, today)
    return refusal or Grant(Act.ADMINISTER, person.id, "", "administrator")


_UNKNOWN = Refusal("person.unknown", say("This person is not known to the enclave; an admin adds them first."))
_NO_ADMINISTRATOR = Refusal(
    "administrator.none",
    say("You are no administrator of the enclave; whoever runs the machine appoints them (bulle person appoint)."),
)
