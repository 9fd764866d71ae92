"""Who drafts, issues and withdraws a permit at the desk: an administrator, and for what opens anything a second one.
Pure.
"""

from __future__ import annotations

from datetime import date

from hub.administration.papers import Draft, Fate
from hub.policy.administrators import may_administer
from hub.policy.model import Person
from hub.policy.roles import issuer_refusal
from hub.policy.stops import Stops
from hub.policy.verdict import Act, Grant, Refusal
from hub.words import say


def may_issue(  # noqa: PLR0913 -- which draft, by whom, against what, when
    draft: Draft,
    person: Person | None,
    against: tuple[Refusal, ...],
    current: str,
    *,
    second: bool,
    today: date,
    stops: Stops,
) -> Grant | Refusal:
    """An administrator issues an open draft that nothing stands against. `current`: the digest of the project's version
    now; `second`: whether who drafted it may not issue it.
    """
    standing = may_administer(person, today, stops)
    if isinstance(standing, Refusal):
        return standing
    if draft.fate in _CLOSED:
        return Refusal("draft.closed", _CLOSED[draft.fate])
    if second and draft.by == standing.person:
        why = say("You drafted this permit yourself; another administrator reads and issues it.")
        return Refusal("draft.own", why)
    if draft.base != current:
        why = say("Another version of this permit was issued since the draft was written; draft the change anew.")
        return Refusal("draft.stale", why)
    own = issuer_refusal(draft.permit, standing.person)
    refusal = own or (against[0] if against else None)
    return refusal or Grant(Act.ISSUE_PERMIT, standing.person, draft.permit.project, "draft.issue")


def may_withdraw(draft: Draft, person: Person | None, today: date, stops: Stops) -> Grant | Refusal:
    """Its author takes a draft back; any other administrator turns it down."""
    standing = may_administer(person, today, stops)
    if isinstance(standing, Refusal):
        return standing
    if draft.fate in _CLOSED:
        return Refusal("draft.closed", _CLOSED[draft.fate])
    return Grant(Act.WITHDRAW_DRAFT, standing.person, draft.permit.project, "draft.withdraw")


UNKNOWN_DRAFT = Refusal("draft.unknown", say("There is no such draft."))
_CLOSED = {
    Fate.ISSUED: say("This draft was issued already; nothing was done a second time."),
    Fate.WITHDRAWN: say("This draft was withdrawn."),
    Fate.REPLACED: say("This draft was replaced by a later one of the same project."),
}
