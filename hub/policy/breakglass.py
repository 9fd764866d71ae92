"""Break-glass: an operator does one named act outside their role, once, on one project, with another person's word.

Pure. Privileged access is limited, authorised, bounded in time and watched (TEHDAS2 M7.4 SDR-2, OPR-2; SNDS 5.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from hub.policy.model import DataPermit, Person, Role
from hub.policy.roles import clash
from hub.policy.stops import Stops
from hub.policy.verdict import Act, Grant, Refusal
from hub.words import say


class Emergency(StrEnum):
    """The acts there are; each is asked for, confirmed and used by name."""

    QUARANTINE = "quarantine"  # read what a project's researchers handed in
    FOLDERS = "folders"  # read what lies in a project's homes and shared folder


class Stage(StrEnum):
    """How far it has come. Its expiry is no stage: it follows from the time."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    USED = "used"
    ENDED = "ended"


@dataclass(frozen=True)
class BreakGlass:
    """One request of the operator `by`; it holds until `until`, which is itself outside."""

    id: str
    act: Emergency
    project: str
    by: str
    why: str
    asked_at: datetime
    until: datetime
    stage: Stage = Stage.ASKED
    confirmed_by: str = ""

    def is_over(self, now: datetime) -> bool:
        """Whether nothing can come of it any more."""
        return self.stage in {Stage.USED, Stage.ENDED} or now >= self.until

    def stage_at(self, now: datetime) -> str:
        """How far it has come, in one word."""
        return "expired" if self.stage in {Stage.ASKED, Stage.CONFIRMED} and now >= self.until else str(self.stage)

    def confirmed(self, by: str, at: datetime) -> BreakGlass:
        """Confirmed by `by`; unchanged where that is no confirmation."""
        if self.stage is not Stage.ASKED or by == self.by or at >= self.until:
            return self
        return replace(self, stage=Stage.CONFIRMED, confirmed_by=by)

    def used(self, by: str, at: datetime) -> BreakGlass:
        """Used by `by`; unchanged where it could not be."""
        if self.stage is not Stage.CONFIRMED or by != self.by or at >= self.until:
            return self
        return replace(self, stage=Stage.USED)

    def ended(self) -> BreakGlass:
        """Ended before it was used."""
        return self if self.stage is Stage.USED else replace(self, stage=Stage.ENDED)


_CONFIRMING = frozenset({Role.OPERATOR, Role.OVERSIGHT})


def may_ask(
    person: Person | None, permit: DataPermit | None, duration: timedelta, longest: timedelta, stops: Stops
) -> Grant | Refusal:
    """An operator of the project asks, for no longer than the policy allows. Halts and the permit's end do not refuse
    it: incidents are when it is needed.
    """
    standing = _as_one_of(frozenset({Role.OPERATOR}), person, permit, stops)
    if isinstance(standing, Refusal) or timedelta(0) < duration <= longest:
        return standing
    hours = round(longest / timedelta(hours=1), 1)
    why = say("It can be asked for more than 0 and at most {hours} hours.", hours=hours)
    return Refusal("breakglass.duration", why)


def may_confirm(
    glass: BreakGlass, person: Person | None, permit: DataPermit | None, now: datetime, stops: Stops
) -> Grant | Refusal:
    """Another operator of the project, or its oversight, confirms."""
    standing = _as_one_of(_CONFIRMING, person, permit, stops)
    if isinstance(standing, Refusal):
        return standing
    if standing.person == glass.by:
        return Refusal(
            "breakglass.own", say("You cannot confirm your own request; another operator or oversight must.")
        )
    return _refusal(glass, Stage.ASKED, now) or standing


def may_use(  # noqa: PLR0913, PLR0917 -- what was granted, what is done, by whom, by which permit, when
    glass: BreakGlass,
    act: Emergency,
    project: str,
    person: Person | None,
    permit: DataPermit | None,
    now: datetime,
    stops: Stops,
) -> Grant | Refusal:
    """Who asked does what was confirmed, once."""
    standing = _as_one_of(frozenset({Role.OPERATOR}), person, permit, stops)
    if isinstance(standing, Refusal):
        return standing
    if standing.person != glass.by:
        return Refusal("breakglass.other_person", say("{id} was asked by {person}.", id=glass.id, person=glass.by))
    if (act, project) != (glass.act, glass.project):
        why = say(
            "{id} allows {act} on project {project} and nothing else.",
            id=glass.id,
            act=str(glass.act),
            project=glass.project,
        )
        return Refusal("breakglass.other_act", why)
    return _refusal(glass, Stage.CONFIRMED, now) or standing


def may_end(
    glass: BreakGlass, person: Person | None, permit: DataPermit | None, now: datetime, stops: Stops
) -> Grant | Refusal:
    """Any operator of the project, or its oversight, ends what is not over."""
    standing = _as_one_of(_CONFIRMING, person, permit, stops)
    if isinstance(standing, Refusal) or not glass.is_over(now):
        return standing
    return Refusal("breakglass.over", say("{id} is over already.", id=glass.id))


def _refusal(glass: BreakGlass, due: Stage, now: datetime) -> Refusal | None:
    if glass.stage is Stage.USED:
        return Refusal("breakglass.used", say("{id} was used already; ask for another one.", id=glass.id))
    if glass.stage is Stage.ENDED:
        return Refusal("breakglass.ended", say("{id} was ended; ask for another one.", id=glass.id))
    if now >= glass.until:
        return Refusal("breakglass.expired", say("{id} has expired; ask for another one.", id=glass.id))
    if glass.stage is due:
        return None
    if due is Stage.CONFIRMED:
        why = say("{id} waits for its confirmation by another operator or oversight.", id=glass.id)
        return Refusal("breakglass.unconfirmed", why)
    return Refusal("breakglass.confirmed", say("{id} is confirmed already.", id=glass.id))


def _as_one_of(
    wanted: frozenset[Role], person: Person | None, permit: DataPermit | None, stops: Stops
) -> Grant | Refusal:
    if person is None:
        why = say("This person is not known to the enclave; an admin adds them first.")
        return Refusal("person.unknown", why)
    if permit is None:
        return Refusal("permit.missing", say("There is no permit for this project; nothing opens without one."))
    roles = permit.roles_of(person.id)
    if not roles & wanted:
        why = say(
            "The permit of project {project} does not name {person} as {role}.",
            project=permit.project,
            person=person.id,
            role=", ".join(sorted(wanted)),
        )
        return Refusal("permit.not_named", why)
    grant = Grant(Act.BREAK_GLASS, person.id, permit.project, f"permit.{min(roles & wanted)}")
    return stops.on_person(person.id) or clash(person.id, roles) or grant
