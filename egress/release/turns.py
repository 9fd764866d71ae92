"""Who may send a request back, submit it again, appeal, agree, recall it, take it back; and when it expires."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from egress.release.guards import wrong_status
from egress.release.model import ReleaseRequest
from egress.release.status import Owner, Status, may_go
from hub.policy.decide import may_approve, may_recall, may_review, may_submit
from hub.policy.limits import RequestLimits
from hub.policy.model import DataPermit, Person, Role
from hub.policy.stops import Scope, Stops
from hub.policy.verdict import Act, Grant, Refusal
from hub.words import say


def can_return(
    request: ReleaseRequest, person: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """An output checker sends a request back while it is reviewed; its author takes it back to correct it."""
    own = person is not None and person.id == request.person
    standing = (
        may_submit(person, permit, today, stops) if own else may_review(person, permit, request.person, today, stops)
    )
    if isinstance(standing, Refusal):
        return standing
    if not may_go(request.status, Status.RETURNED):
        return wrong_status(request)
    if standing.person in request.barred:
        why = say("You reviewed request {request} before its appeal; other people decide on it.", request=request.id)
        return Refusal("review.barred", why)
    return Grant(Act.RETURN_REQUEST, standing.person, request.project, standing.rule)


def can_resubmit(
    request: ReleaseRequest, person: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """Its author submits a request again that was returned, or refused by the checks."""
    if person is not None and person.id != request.person:
        return _not_author(request)
    if not may_go(request.status, Status.SUBMITTED):
        return wrong_status(request)
    return may_submit(person, permit, today, stops)


def can_appeal(
    request: ReleaseRequest, person: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """Its author asks, once, that other people decide on a rejected request."""
    standing = may_submit(person, permit, today, stops)
    if isinstance(standing, Refusal):
        return standing
    if standing.person != request.person:
        return _not_author(request)
    if request.appeal is not None:
        why = say("Request {request} had its appeal; the second decision stands.", request=request.id)
        return Refusal("appeal.once", why)
    if request.status is not Status.REJECTED:
        return wrong_status(request)
    return Grant(Act.APPEAL_REQUEST, standing.person, request.project, "request.author")


def can_approve(
    request: ReleaseRequest, person: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """Somebody in a role whose agreement the rules ask for agrees or not. The grant's rule ends with that role."""
    if request.status is not Status.AWAITS_APPROVAL:
        return wrong_status(request)
    if person is not None and person.id in {request.person, *(review.checker for review in request.reviews)}:
        return Refusal(
            "approval.own",
            say("Who submitted or reviewed request {request} cannot agree to it as well.", request=request.id),
        )
    if person is not None and any(given.person == person.id for given in request.approvals):
        return Refusal("approval.twice", say("You have answered for request {request} already.", request=request.id))
    verdicts = [may_approve(person, permit, Role(role), today, stops) for role in request.missing_approvals]
    return next((verdict for verdict in verdicts if isinstance(verdict, Grant)), verdicts[0])


def can_recall(
    request: ReleaseRequest, person: Person | None, permit: DataPermit | None, stops: Stops
) -> Grant | Refusal:
    """Who checks outputs of the project, holds its data or protects them recalls what should not have left; also after
    the permit's end and while the project is halted.
    """
    standing = may_recall(person, permit, request.person, stops)
    if isinstance(standing, Refusal) or may_go(request.status, Status.RECALLED):
        return standing
    return wrong_status(request)


def can_see_sample(
    request: ReleaseRequest, person: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """An output checker says that a release of the automatic lane, which the lot chose, was looked at."""
    standing = may_review(person, permit, request.person, today, stops)
    if isinstance(standing, Refusal):
        return standing
    if request.sample is None or request.sample.seen is not None:
        why = say("Nobody has to look at request {request} after its release.", request=request.id)
        return Refusal("sample.none", why)
    return standing


def can_withdraw(request: ReleaseRequest, person: str, stops: Stops) -> Grant | Refusal:
    """Its author withdraws a request until its package is released, also after the permit's end; a halt keeps
    everything as it stands.
    """
    if person != request.person:
        return Refusal(
            "request.not_author", say("Only the author of request {request} can withdraw it.", request=request.id)
        )
    if not may_go(request.status, Status.WITHDRAWN):
        return wrong_status(request)
    return stops.halt(person, request.project) or Grant(Act.SUBMIT_REQUEST, person, request.project, "request.author")


def has_expired(
    request: ReleaseRequest, permit: DataPermit | None, now: datetime, stops: Stops, limits: RequestLimits
) -> bool:
    """Whether an open request waits in vain: its permit ended, or its author had it, so many days ago. A halt keeps
    everything as it stands.
    """
    if permit is None or not may_go(request.status, Status.EXPIRED):
        return False
    if stops.halt(request.person, request.project) is not None:
        return False
    if now.date() > _last_day(permit, stops) + timedelta(days=limits.ended_days):
        return True
    since = request.reached.get(request.status)
    waits = request.owner is Owner.AUTHOR and since is not None
    return waits and now >= datetime.fromisoformat(str(since)) + timedelta(days=limits.author_days)


def _last_day(permit: DataPermit, stops: Stops) -> date:
    ended = stops.standing.get((Scope.PERMIT, permit.project))
    return permit.valid_until if ended is None else min(permit.valid_until, datetime.fromisoformat(ended.at).date())


def _not_author(request: ReleaseRequest) -> Refusal:
    return Refusal("request.not_author", say("Only the author of request {request} can do that.", request=request.id))
