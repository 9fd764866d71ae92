"""When the machine may move a request, and who fetches its package: state and standing answer Grant or Refusal."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

from egress.release.model import ReleaseRequest
from egress.release.status import RECHECKED_IN, Status
from hub.policy.decide import may_download, may_submit
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
        return wrong_status(request)
    return may_submit(author, permit, today, stops)


def can_recheck(
    request: ReleaseRequest, author: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """Checks may be repeated until the package is made."""
    if request.status not in RECHECKED_IN:
        return wrong_status(request)
    return may_submit(author, permit, today, stops)


def can_release(
    request: ReleaseRequest, author: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """A package is made for an approved request whose author still has standing."""
    if request.status is not Status.APPROVED:
        return wrong_status(request)
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
        return wrong_status(request)
    return standing


def wrong_status(request: ReleaseRequest) -> Refusal:
    """Where the request stands instead."""
    return Refusal("request.wrong_status", Message(_STANDS[request.status].text, {"request": request.id}))


# Templates: `wrong_status` fills in the request.
_STANDS = MappingProxyType(
    {
        Status.SUBMITTED: say("Request {request} still waits for its re-run; try again later."),
        Status.RERUN: say("Request {request} still waits for its checks; try again later."),
        Status.CHECKED: say("Request {request} is being checked; try again later."),
        Status.IN_REVIEW: say("Request {request} waits for its output checkers; nothing is decided yet."),
        Status.CONSOLIDATING: say("Request {request} waits for its output checkers, who read each other's reviews."),
        Status.RETURNED: say("Request {request} is with its author, who corrects it."),
        Status.AWAITS_APPROVAL: say("Request {request} waits for those who must agree after its output checkers."),
        Status.APPEALED: say("Request {request} waits for other output checkers, who decide on the appeal."),
        Status.RECALLED: say("Request {request} was recalled; its package is not given out any more."),
        Status.EXPIRED: say("Request {request} has expired; submit the notebook again."),
        Status.APPROVED: say("Request {request} is decided; its package is being made."),
        Status.REFUSED: say("Request {request} was refused by the checks; correct the notebook and submit it again."),
        Status.REJECTED: say("Request {request} was rejected by its output checkers; nothing leaves."),
        Status.RELEASED: say("Request {request} is released; its package waits to be fetched."),
        Status.DOWNLOADED: say("Request {request} is closed; its package was fetched."),
        Status.WITHDRAWN: say("Request {request} was withdrawn by its author."),
    }
)
