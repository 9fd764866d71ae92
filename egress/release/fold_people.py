"""What people did to a request, folded: reviews and their decision, approvals, returns, turns, an appeal, a recall.

Every step asks again what the guards asked when it was done: an event that was appended past them changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from egress.release.decision import disagree, due, enough
from egress.release.model import Brought, FrozenFile, ReleaseRequest, Turn
from egress.release.moved import moved
from egress.release.review import Appeal, Approval, Decision, Review, Said, Sample, Vote
from egress.release.status import Status, may_go
from hub.events.chain import Event

REVIEWED_IN = frozenset({Status.IN_REVIEW, Status.APPEALED, Status.CONSOLIDATING})


def _reviewed(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    if request.status not in REVIEWED_IN or event.actor == request.person or event.actor in request.barred:
        return request
    body = event.body
    minutes = body.get("minutes")
    review = Review(
        event.actor,
        event.at,
        tuple(Vote.from_dict(vote) for vote in body["votes"]),
        str(body.get("comment", "")),
        str(body.get("note", "")),
        str(body.get("organisation", "")),
        None if minutes is None else int(minutes),
    )
    given = {each.checker for each in request.reviews}
    if request.status is Status.CONSOLIDATING:
        if event.actor in request.confirmed:
            return request
        others = tuple(each for each in request.reviews if each.checker != event.actor)
        return replace(request, reviews=(*others, review), confirmed=request.confirmed | {event.actor})
    if event.actor in given:
        return request
    request = replace(request, reviews=(*request.reviews, review))
    if enough(request.reviews, request.review) and disagree(request.reviews, request.outputs):
        return moved(request, Status.CONSOLIDATING, event)
    return request


def _decided(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    said = Decision.from_dict(event.body)
    # The event only records what the reviews amount to; one that says otherwise is not followed.
    if due(request) != said:
        return request
    target = said.status
    if target is Status.APPROVED and request.status is not Status.CHECKED and request.review.approvers:
        target = Status.AWAITS_APPROVAL
    return moved(request, target, event, decision=said, signed=None)


def _approved(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    role, agrees = str(event.body["role"]), event.body["agrees"] is True
    seen = {request.person, *(review.checker for review in request.reviews), *(a.person for a in request.approvals)}
    if request.status is not Status.AWAITS_APPROVAL or role not in request.missing_approvals or event.actor in seen:
        return request
    approval = Approval(event.actor, role, event.at, agrees, str(event.body.get("comment", "")))
    request = replace(request, approvals=(*request.approvals, approval))
    if not agrees and request.decision is not None:
        nothing = Decision((), (*request.decision.approved, *request.decision.rejected))
        return moved(request, Status.REJECTED, event, decision=nothing)
    return request if request.missing_approvals else moved(request, Status.APPROVED, event)


def _returned(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    """Sent back by a checker, or taken back by its author, who voids what was said of it in this turn."""
    said = Said(event.actor, event.at, str(event.body["why"]))
    kept = () if event.actor == request.person else request.reviews
    return moved(request, Status.RETURNED, event, returned=said, reviews=kept, decision=None)


def _resubmitted(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    if event.actor != request.person or not may_go(request.status, Status.SUBMITTED):
        return request
    body = event.body
    over = Turn(
        request.notebook,
        request.reached,
        request.outputs,
        request.reviews,
        request.decision,
        request.returned,
        request.reasons,
    )
    return ReleaseRequest(
        id=request.id,
        project=request.project,
        person=request.person,
        title=str(body["title"]),
        entry=str(body["entry"]),
        notebook=FrozenFile.from_dict(body["notebook"]),
        files=tuple(FrozenFile.from_dict(file) for file in body["files"]),
        submitted_at=event.at,
        imports=tuple(Brought.from_dict(each) for each in body.get("imports", ())),
        reached=MappingProxyType({Status.SUBMITTED: event.at}),
        descriptions=str(body["descriptions"]),
        answer=str(body["answer"]),
        turns=(*request.turns, over),
        appeal=request.appeal,
    )


def _appealed(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    if event.actor != request.person or request.appeal is not None:
        return request
    reviews = (*(review for turn in request.turns for review in turn.reviews), *request.reviews)
    barred = frozenset(review.checker for review in reviews) | {given.person for given in request.approvals}
    appeal = Appeal(event.at, str(event.body["why"]), barred)
    return moved(
        request,
        Status.APPEALED,
        event,
        appeal=appeal,
        reviews=(),
        confirmed=frozenset(),
        approvals=(),
        decision=None,
    )


def _downloaded(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    return moved(request, Status.DOWNLOADED, event)


def _recalled(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    return moved(request, Status.RECALLED, event, recall=Said(event.actor, event.at, str(event.body["why"])))


def _sample_seen(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    if request.sample is None or request.sample.seen is not None or event.actor == request.person:
        return request
    seen = Said(event.actor, event.at, str(event.body.get("why", "")))
    return replace(request, sample=Sample(request.sample.at, seen))


def _withdrawn(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    return moved(request, Status.WITHDRAWN, event) if event.actor == request.person else request


STEPS: Mapping[str, Callable[[ReleaseRequest, Event], ReleaseRequest]] = MappingProxyType(
    {
        "review.given": _reviewed,
        "request.decided": _decided,
        "approval.given": _approved,
        "request.returned": _returned,
        "request.resubmitted": _resubmitted,
        "request.appealed": _appealed,
        "package.downloaded": _downloaded,
        "request.recalled": _recalled,
        "sample.seen": _sample_seen,
        "request.withdrawn": _withdrawn,
    }
)
