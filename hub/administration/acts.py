"""What administrators do, each with the event that makes it so; the desk and the command line do the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hub.administration.against import Known, against
from hub.administration.papers import Draft, Papers
from hub.administration.rules import UNKNOWN_DRAFT, may_issue, may_withdraw
from hub.catalogue.model import Catalogue
from hub.events.log import Transaction
from hub.events.state import Enclave
from hub.extracts.plan import permit_digest, permit_text
from hub.policy.administrators import may_administer
from hub.policy.model import DataPermit, Person
from hub.policy.roles import issuer_refusal
from hub.policy.stops import Scope
from hub.policy.verdict import Refusal, RefusedError, require
from hub.words import say


@dataclass(frozen=True)
class Acting:
    """One act in one transaction: the state it is decided on, who acts, through what, and when (UTC)."""

    transaction: Transaction
    enclave: Enclave
    papers: Papers
    actor: str
    channel: str
    now: datetime

    @property
    def today(self) -> date:
        """Permits begin and end with the UTC day."""
        return self.now.date()

    @property
    def person(self) -> Person | None:
        """Who acts, as far as the enclave knows them."""
        return self.enclave.persons.get(self.actor)

    def append(self, kind: str, project: str, **body: object) -> None:
        """Write the event down."""
        self.transaction.append(self.actor, kind, project, {**body, "channel": self.channel})


def is_in_force(enclave: Enclave, permit: DataPermit) -> bool:
    """Whether exactly this version was issued and not ended since."""
    ended = enclave.stops.at(Scope.PERMIT, permit.project) is not None
    return enclave.permits.get(permit.project) == permit and not ended


def issue(acting: Acting, permit: DataPermit, known: Known, why: str = "") -> tuple[Refusal, ...]:
    """Issue `permit` without a draft, as whoever owns the machine does; what stands against it, nothing where it is
    issued.
    """
    found = against(permit, known)
    own = issuer_refusal(permit, acting.actor)
    if own is not None:
        found = (*found, own)
    if not found:
        acting.append("permit.issued", permit.project, **_spelled(permit), **_because(why))
    return found


def draft(acting: Acting, permit: DataPermit, why: str = "") -> str:
    """Keep `permit` as the project's draft, in place of an open one; its id. `why` goes with it into the version that
    it becomes. Raises: RefusedError.
    """
    require(may_administer(acting.person, acting.today, acting.enclave.stops))
    if (own := issuer_refusal(permit, acting.actor)) is not None:
        raise RefusedError(own)
    if is_in_force(acting.enclave, permit):
        same = say("The draft says what the permit in force says already; nothing was drafted.")
        raise RefusedError(Refusal("draft.same", same))
    base, identity = acting.papers.current(permit.project), acting.papers.next_draft(permit.project)
    for each in acting.papers.open_drafts():
        if (each.permit, each.by, each.base, each.why) == (permit, acting.actor, base, why):
            return each.id  # a second click
    acting.append("permit.drafted", permit.project, draft=identity, base=base, **_spelled(permit), **_because(why))
    return identity


def issue_draft(acting: Acting, identity: str, known: Known, *, second: bool) -> Refusal | None:
    """Issue an open draft. A refusal is written down, and told to whoever asked once the transaction has ended."""
    found = acting.papers.drafts.get(identity)
    if found is None:
        return UNKNOWN_DRAFT
    current, stops = acting.papers.current(found.permit.project), acting.enclave.stops
    standing = against(found.permit, known)
    verdict = may_issue(found, acting.person, standing, current, second=second, today=acting.today, stops=stops)
    if isinstance(verdict, Refusal):
        return _refused(acting, found, verdict)
    told = {"draft": found.id, "drafted_by": found.by}
    acting.append("permit.issued", verdict.project, **_spelled(found.permit), **told, **_because(found.why))
    return None


def withdraw_draft(acting: Acting, identity: str, why: str) -> Refusal | None:
    """Take a draft back, or turn it down; refusals as in `issue_draft`."""
    found = acting.papers.drafts.get(identity)
    if found is None:
        return UNKNOWN_DRAFT
    verdict = may_withdraw(found, acting.person, acting.today, acting.enclave.stops)
    if isinstance(verdict, Refusal):
        return _refused(acting, found, verdict)
    acting.append("permit.draft_withdrawn", verdict.project, draft=found.id, why=why)
    return None


def end_permit(acting: Acting, project: str, why: str) -> bool:
    """End the project's permit before its last day; False where it is ended already. Raises: RefusedError."""
    if project not in acting.enclave.permits:
        why_not = say("There is no permit for this project; nothing opens without one.")
        raise RefusedError(Refusal("permit.unknown", why_not))
    if acting.enclave.stops.at(Scope.PERMIT, project) is not None:
        return False
    acting.append("permit.ended", project, why=why)
    return True


def register_source(acting: Acting, catalogue: Catalogue) -> bool:
    """Register a catalogue, in place of an earlier one of its name; False where it is registered already."""
    if acting.enclave.sources.get(catalogue.source.name) == catalogue:
        return False
    acting.append("source.registered", "", catalogue=catalogue.model_dump_json(exclude_none=True))
    return True


def add_person(acting: Acting, person: Person) -> bool:
    """Make a person known, or correct their name; False where nothing would change."""
    known = acting.enclave.persons.get(person.id)
    if known is not None and (known.name, known.organisation) == (person.name, person.organisation):
        return False
    acting.append("person.added", "", person=person.model_dump(mode="json"))
    return True


def remove_person(acting: Acting, person: str, why: str) -> None:
    """Make a person unknown: they are out within seconds. Administrators are dismissed first, which no page can do.

    Raises: RefusedError.
    """
    known = acting.enclave.persons.get(person)
    if known is None:
        unknown = say("No person {name} is known to the enclave; nothing was changed.", name=person[:64])
        raise RefusedError(Refusal("person.unknown", unknown))
    if known.administrator:
        first = say("{person} is an administrator; they are dismissed first (bulle person dismiss).", person=person)
        raise RefusedError(Refusal("person.administrator", first))
    acting.append("person.removed", "", person=person, why=why)


def record_training(acting: Acting, person: str, done: date, valid_days: int) -> date:
    """Record that a person followed the site's training; the last day for which it counts. Raises: RefusedError."""
    if done > acting.today:
        why = say("A training is recorded once it was followed; {day} is to come.", day=done.isoformat())
        raise RefusedError(Refusal("training.to_come", why))
    if person not in acting.enclave.persons:
        why = say("{person} is not known to the enclave; add them first.", person=person[:64])
        raise RefusedError(Refusal("person.unknown", why))
    until = done + timedelta(days=valid_days)
    acting.append("training.recorded", "", person=person, done=done.isoformat(), until=until.isoformat())
    return until


def _spelled(permit: DataPermit) -> dict[str, str]:
    return {"permit": permit_text(permit), "sha256": permit_digest(permit)}


def _because(why: str) -> dict[str, str]:
    return {"why": why} if why else {}


def _refused(acting: Acting, found: Draft, refusal: Refusal) -> Refusal:
    told = {"draft": found.id, "rule": refusal.rule, "reason": refusal.reason.to_dict()}
    acting.append("permit.draft_refused", found.permit.project, **told)
    return refusal
