"""Who may do what, now: every answer is a Grant or a Refusal with its rule. No permit means no, and so does a stop."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from hub.policy.habilitation import habilitation_refusal
from hub.policy.model import DataPermit, ImportRules, Person, Role, TableGrant
from hub.policy.roles import administrator_clash, clash
from hub.policy.standing import standing_refusal
from hub.policy.stops import Stops
from hub.policy.verdict import Act, Grant, Refusal
from hub.words import say

# Who answers for what leaves; the last two read requests as their authors do.
RECALLING_ROLES = frozenset({Role.OUTPUT_CHECKER, Role.DATA_HOLDER, Role.DPO})
APPROVING_ROLES = RECALLING_ROLES - {Role.OUTPUT_CHECKER}
_SEEING_ROLES = RECALLING_ROLES | {Role.RESEARCHER}


def may_sign(person: Person | None, name: str, digest: str) -> Grant | Refusal:
    """A person signs the text that is asked of everybody now, and no other; `digest` is of the text that they read."""
    if person is None:
        return _UNKNOWN_PERSON
    if not any((each.name, each.digest) == (name, digest) for each in person.standing.required.undertakings):
        return Refusal("undertaking.changed", say("This text has changed meanwhile; read the one that is asked now."))
    return Grant(Act.SIGN_UNDERTAKING, person.id, "", "undertaking.required")


def may_open_workspace(person: Person | None, permit: DataPermit | None, today: date, stops: Stops) -> Grant | Refusal:
    """A researcher named by a permit in force may open the project's workspace (SATRE 2.1; EHDS art. 73(1)(a))."""
    return _as_member(Act.OPEN_WORKSPACE, Role.RESEARCHER, person, permit, today, stops)


def may_submit(person: Person | None, permit: DataPermit | None, today: date, stops: Stops) -> Grant | Refusal:
    """A researcher of the project may ask for a release."""
    return _as_member(Act.SUBMIT_REQUEST, Role.RESEARCHER, person, permit, today, stops)


def may_download(person: Person | None, permit: DataPermit | None, today: date, stops: Stops) -> Grant | Refusal:
    """A researcher of the project may fetch a release package."""
    return _as_member(Act.DOWNLOAD_PACKAGE, Role.RESEARCHER, person, permit, today, stops)


def may_spend_privacy(person: Person | None, permit: DataPermit | None, today: date, stops: Stops) -> Grant | Refusal:
    """A DP release spends the project's budget; it needs the same standing as a request."""
    return _as_member(Act.SPEND_PRIVACY, Role.RESEARCHER, person, permit, today, stops)


def may_review(
    person: Person | None, permit: DataPermit | None, author: str, today: date, stops: Stops
) -> Grant | Refusal:
    """An output checker of the project, who is not the author, may review (CNIL SEC-EXP-2; SATRE 3.3.05)."""
    if person is not None and person.id == author:
        return Refusal("review.own", say("You cannot review your own request; another output checker must."))
    return _as_member(Act.REVIEW_REQUEST, Role.OUTPUT_CHECKER, person, permit, today, stops)


def may_approve(
    person: Person | None, permit: DataPermit | None, role: Role, today: date, stops: Stops
) -> Grant | Refusal:
    """Whose agreement the source's rules ask for, after the output checkers, agrees in that role."""
    return _as_member(Act.APPROVE_RELEASE, role, person, permit, today, stops)


def may_recall(person: Person | None, permit: DataPermit | None, author: str, stops: Stops) -> Grant | Refusal:
    """Who answers for what leaves recalls a release, also after the permit's end and while the project is halted."""
    if person is None:
        return _UNKNOWN_PERSON
    if permit is None:
        return _NO_PERMIT
    if person.id == author:
        return Refusal("review.own", say("You cannot review your own request; another output checker must."))
    roles = permit.roles_of(person.id) & RECALLING_ROLES
    if not roles:
        return _not_named(person, permit)
    return stops.on_person(person.id) or Grant(Act.RECALL_RELEASE, person.id, permit.project, f"permit.{min(roles)}")


def may_build_extract(builder: str, permit: DataPermit | None, today: date, stops: Stops) -> Grant | Refusal:
    """An extract is built only while its permit is in force, and by nobody who works on it or checks what leaves of it
    (CNNum 2015, extraction cell; SNDS 6.1). `builder` is who acts; a permit need not name them.
    """
    if permit is None:
        return _NO_PERMIT
    refusal = (
        stops.on(builder, permit.project)
        or _permit_in_force(permit, today)
        or clash(builder, permit.roles_of(builder) | {Role.EXTRACTOR})
    )
    return refusal or Grant(Act.BUILD_EXTRACT, builder, permit.project, "permit.in_force")


def may_reproduce(
    person: Person | None, permits: Iterable[DataPermit], original: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """A reproducibility reviewer, by a permit in force of their own, has requests of the project of `original` run
    again: on the data that both permits grant, and never their own work. The end of `original` does not matter.
    """
    if person is None:
        return _UNKNOWN_PERSON
    if original is None:
        return _NO_PERMIT
    role = Role.REPRODUCIBILITY_REVIEWER
    theirs = [each for each in permits if each.reproduces == original.project and role in each.roles_of(person.id)]
    if not theirs:
        return _no_reproduction(person, original)
    verdicts = [_reproduces(person, each, original, today, stops) for each in theirs]
    return next((verdict for verdict in verdicts if isinstance(verdict, Grant)), verdicts[-1])


def _no_reproduction(person: Person, original: DataPermit) -> Refusal:
    reason = say(
        "No permit makes {person} a reproducibility reviewer of project {project}; its data holder issues one of their "
        "own.",
        person=person.id,
        project=original.project,
    )
    return Refusal("reproduce.no_permit", reason)


def _reproduces(person: Person, permit: DataPermit, original: DataPermit, today: date, stops: Stops) -> Grant | Refusal:
    standing = _as_member(Act.REPRODUCE_REQUEST, Role.REPRODUCIBILITY_REVIEWER, person, permit, today, stops)
    if isinstance(standing, Refusal):
        return standing
    if original.roles_of(person.id) & {Role.RESEARCHER, Role.OUTPUT_CHECKER}:
        reason = say("You had a part in project {project}; somebody else must reproduce it.", project=original.project)
        return Refusal("reproduce.own", reason)
    if permit.source != original.source or not _covers(permit, original):
        reason = say(
            "The permit of project {project} does not grant all the data that project {other} used; ask its data "
            "holder for one that does.",
            project=permit.project,
            other=original.project,
        )
        return Refusal("reproduce.other_data", reason)
    halted = stops.halt(person.id, original.project)
    return halted or Grant(Act.REPRODUCE_REQUEST, person.id, original.project, standing.rule)


def _covers(permit: DataPermit, original: DataPermit) -> bool:
    """Whether `permit` grants every table, column and year that `original` grants."""
    return all(
        table in permit.tables and _within(grant, permit.tables[table]) for table, grant in original.tables.items()
    )


def _within(inner: TableGrant, outer: TableGrant) -> bool:
    if not set(inner.columns) <= set(outer.columns):
        return False
    if outer.years is None:
        return True
    years = inner.years
    return (
        years is not None
        and years.column == outer.years.column
        and outer.years.first <= years.first
        and years.last <= outer.years.last
    )


def may_ask_import(
    person: Person | None, permit: DataPermit | None, rules: ImportRules | None, today: date, stops: Stops
) -> Grant | Refusal:
    """A researcher of the project asks for files to be brought in, where the data holder's rules allow it at all
    (SATRE 3.1.04).
    """
    standing = _as_member(Act.ASK_IMPORT, Role.RESEARCHER, person, permit, today, stops)
    if isinstance(standing, Grant) and rules is None:
        why = say("The rules of this project's data source let nothing be brought in; ask its data holder.")
        return Refusal("import.no_rules", why)
    return standing


def may_decide_import(  # noqa: PLR0913, PLR0917 -- who says what of whose import, in which role, by which permit, when
    person: Person | None, permit: DataPermit | None, asker: str, approver: Role, today: date, stops: Stops
) -> Grant | Refusal:
    """Who has the role that the rules name, and did not ask, approves or rejects (SATRE 3.1.04)."""
    if person is not None and person.id == asker:
        return Refusal("import.own", say("You cannot decide on what you asked for yourself; somebody else must."))
    return _as_member(Act.DECIDE_IMPORT, approver, person, permit, today, stops)


def may_see_imports(person: Person | None, permit: DataPermit | None, stops: Stops) -> Grant | Refusal:
    """Researchers of a project, its output checkers and those who answer for its data see what was brought in, also
    after the permit's end and while the project is halted.
    """
    return _may_look(Act.SEE_IMPORT, SEEING_IMPORTS, person, permit, stops)


def may_see_requests(person: Person | None, permit: DataPermit | None, stops: Stops) -> Grant | Refusal:
    """Researchers, output checkers, the data holder and the DPO of a project see its requests, also after the permit's
    end and while the project is halted: then nothing moves, and an inquiry needs readers.
    """
    if person is None:
        return _UNKNOWN_PERSON
    if permit is None:
        return _NO_PERMIT
    if not permit.roles_of(person.id) & _SEEING_ROLES:
        return _not_named(person, permit)
    return stops.on_person(person.id) or Grant(Act.SEE_REQUEST, person.id, permit.project, "permit.names_person")


# Who answers for the data, or for how it is used, may take the statement of a source's budget away.
_ANSWERING = frozenset({Role.DATA_HOLDER, Role.AUDITOR, Role.OVERSIGHT})
OVERSEEING_ROLES = _ANSWERING
SEEING_IMPORTS = _ANSWERING | {Role.OUTPUT_CHECKER, Role.RESEARCHER}
BUDGET_ROLES = _ANSWERING | {Role.OUTPUT_CHECKER, Role.RESEARCHER}
_ROLES_OF = {
    Act.SEE_BUDGET: BUDGET_ROLES,
    Act.SEE_SOURCE_BUDGET: _ANSWERING | {Role.OUTPUT_CHECKER},
    Act.EXPORT_BUDGET: _ANSWERING,
}


def may_see_budget(
    person: Person | None, permit: DataPermit | None, stops: Stops, act: Act = Act.SEE_BUDGET
) -> Grant | Refusal:
    """Who sees what a project spent of its privacy budget (`SEE_BUDGET`), what its source has spent in all projects
    (`SEE_SOURCE_BUDGET`), or takes the statement of it away (`EXPORT_BUDGET`); also after the permit's end and while
    the project is halted.
    """
    return _may_look(act, _ROLES_OF.get(act, frozenset()), person, permit, stops)


def may_oversee(person: Person | None, permit: DataPermit | None, stops: Stops) -> Grant | Refusal:
    """Who answers for the data, or for how it is used, sees what is halted on a project and what its operators did
    outside their role (TEHDAS2 M7.4 OPR-2); also after the permit's end and while the project is halted.
    """
    return _may_look(Act.OVERSEE, OVERSEEING_ROLES, person, permit, stops)


def _may_look(
    act: Act, seeing: frozenset[Role], person: Person | None, permit: DataPermit | None, stops: Stops
) -> Grant | Refusal:
    if person is None:
        return _UNKNOWN_PERSON
    if permit is None:
        return _NO_PERMIT
    roles = permit.roles_of(person.id) & seeing
    if not roles:
        return _not_named(person, permit)
    return stops.on_person(person.id) or Grant(act, person.id, permit.project, f"permit.{min(roles)}")


_UNKNOWN_PERSON = Refusal("person.unknown", say("This person is not known to the enclave; an admin adds them first."))
_NO_PERMIT = Refusal("permit.missing", say("There is no permit for this project; nothing opens without one."))


def _as_member(  # noqa: PLR0913, PLR0917 -- who asks for what, in which role, by which permit, when
    act: Act, role: Role, person: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    if person is None:
        return _UNKNOWN_PERSON
    if permit is None:
        return _NO_PERMIT
    roles = permit.roles_of(person.id)
    if role not in roles:
        return _not_named(person, permit, role)
    refusal = (
        _permit_in_force(permit, today)
        or stops.on(person.id, permit.project)
        or clash(person.id, roles)
        or (administrator_clash(person.id, roles) if person.administrator else None)
        or standing_refusal(person.standing, today)
        or habilitation_refusal(person.standing.asked, permit.project, today)
    )
    return refusal or Grant(act, person.id, permit.project, f"permit.{role}")


def _permit_in_force(permit: DataPermit, today: date) -> Refusal | None:
    if today < permit.valid_from:
        reason = say(
            "The permit of project {project} begins on {day}.", project=permit.project, day=str(permit.valid_from)
        )
        return Refusal("permit.not_begun", reason)
    if today > permit.valid_until:
        reason = say(
            "The permit of project {project} ended on {day}; ask its data holder for a new one.",
            project=permit.project,
            day=str(permit.valid_until),
        )
        return Refusal("permit.ended", reason)
    return None


def _not_named(person: Person, permit: DataPermit, role: Role | None = None) -> Refusal:
    if role is None:
        text = say("The permit of project {project} does not name {person}.", project=permit.project, person=person.id)
    else:
        text = say(
            "The permit of project {project} does not name {person} as {role}.",
            project=permit.project,
            person=person.id,
            role=str(role),
        )
    return Refusal("permit.not_named", text)
