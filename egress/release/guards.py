"""Who may move a request, in which status: state and standing together answer Grant or Refusal."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

from egress.release.model import ReleaseRequest, Vote
from egress.release.status import Status, may_go
from hub.policy.decide import may_download, may_review, may_submit
from hub.policy.model import DataPermit, Person
from hub.policy.stops import Stops
from hub.policy.verdict import Act, Grant, Refusal
from hub.words import Message, say

EGRESS = "egress"  # the actor of what the service does by itself
SIGNER = "signer"


def can_process(
    request: ReleaseRequest, author: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """The machine's steps need the author's standing: a permit that ended meanwhile stops a request where it is."""
    if request.status not in {Status.SUBMITTED, Status.RERUN, Status.CHECKED}:
        return _wrong_status(request)
    return may_submit(author, permit, today, stops)


def can_recheck(
    request: ReleaseRequest, author: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """Checks may be repeated until the package is made."""
    if request.status not in {Status.IN_REVIEW, Status.APPROVED}:
        return _wrong_status(request)
    return may_submit(author, permit, today, stops)


def can_review(  # noqa: PLR0913, PLR0917 -- who votes what, by which permit, when
    request: ReleaseRequest,
    votes: tuple[Vote, ...],
    person: Person | None,
    permit: DataPermit | None,
    today: date,
    stops: Stops,
) -> Grant | Refusal:
    """An output checker of the project who is not the author votes once, on every output that was not refused."""
    standing = may_review(person, permit, request.person, today, stops)
    if isinstance(standing, Refusal):
        return standing
    if request.status is not Status.IN_REVIEW:
        return _wrong_status(request)
    if any(review.checker == standing.person for review in request.reviews):
        return Refusal("review.twice", say("You have reviewed request {request} already.", request=request.id))
    return _votes_fit(request, votes) or standing


def _votes_fit(request: ReleaseRequest, votes: tuple[Vote, ...]) -> Refusal | None:
    voted = [vote.output for vote in votes]
    for name in voted:
        output = request.output(name)
        if output is None:
            text = say("Request {request} has no output called {output}.", request=request.id, output=name)
            return Refusal("review.unknown_output", text)
        if not output.reviewable:
            text = say("The output {output} was refused by the checks; nobody can approve it.", output=name)
            return Refusal("review.refused_output", text)
        if voted.count(name) > 1:
            return Refusal("review.two_votes", say("The output {output} has two votes; give one.", output=name))
    missing = [output.name for output in request.reviewable if output.name not in voted]
    if missing:
        text = say("Vote on every output; without a vote: {outputs}.", outputs=", ".join(missing))
        return Refusal("review.incomplete", text)
    return None


def can_withdraw(request: ReleaseRequest, person: str, stops: Stops) -> Grant | Refusal:
    """Its author withdraws a request until its package is released, also after the permit's end; a halt keeps
    everything as it stands.
    """
    if person != request.person:
        return Refusal(
            "request.not_author", say("Only the author of request {request} can withdraw it.", request=request.id)
        )
    if not may_go(request.status, Status.WITHDRAWN):
        return _wrong_status(request)
    return stops.halt(person, request.project) or Grant(Act.SUBMIT_REQUEST, person, request.project, "request.author")


def can_release(
    request: ReleaseRequest, author: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """A package is made for an approved request whose author still has standing."""
    if request.status is not Status.APPROVED:
        return _wrong_status(request)
    standing = may_submit(author, permit, today, stops)
    if isinstance(standing, Refusal):
        return standing
    return Grant(Act.RELEASE_REQUEST, EGRESS, request.project, "request.approved")


def can_download(
    request: ReleaseRequest, person: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """A researcher of the project fetches a released package, once."""
    standing = may_download(person, permit, today, stops)
    if isinstance(standing, Refusal):
        return standing
    if request.status is Status.DOWNLOADED:
        text = say("The package of request {request} was fetched already; it leaves once.", request=request.id)
        return Refusal("package.once", text)
    if request.status is not Status.RELEASED:
        return _wrong_status(request)
    return standing


def _wrong_status(request: ReleaseRequest) -> Refusal:
    return Refusal("request.wrong_status", Message(_STANDS[request.status].text, {"request": request.id}))


# Templates: `_wrong_status` fills in the request.
_STANDS = MappingProxyType(
    {
        Status.SUBMITTED: say("Request {request} still waits for its re-run; try again later."),
        Status.RERUN: say("Request {request} still waits for its checks; try again later."),
        Status.CHECKED: say("Request {request} is being checked; try again later."),
        Status.IN_REVIEW: say("Request {request} waits for its output checkers; nothing is decided yet."),
        Status.APPROVED: say("Request {request} is decided; its package is being made."),
        Status.REFUSED: say("Request {request} was refused by the checks; correct the notebook and submit it again."),
        Status.REJECTED: say("Request {request} was rejected by its output checkers; nothing leaves."),
        Status.RELEASED: say("Request {request} is released; its package waits to be fetched."),
        Status.DOWNLOADED: say("Request {request} is closed; its package was fetched."),
        Status.WITHDRAWN: say("Request {request} was withdrawn by its author."),
    }
)
