"""Who may vote on a request, and on what: an output checker of the project, not its author, once in each round."""

from __future__ import annotations

from datetime import date

from egress.release.fold_people import REVIEWED_IN
from egress.release.guards import wrong_status
from egress.release.model import ReleaseRequest
from egress.release.review import Choice, Criterion, Review, Vote
from egress.release.status import Status
from hub.policy.decide import may_review
from hub.policy.model import DataPermit, Person
from hub.policy.review import Mode
from hub.policy.stops import Stops
from hub.policy.verdict import Grant, Refusal
from hub.words import say


def can_review(  # noqa: PLR0913, PLR0917 -- who votes what, by which permit, when
    request: ReleaseRequest,
    votes: tuple[Vote, ...],
    person: Person | None,
    permit: DataPermit | None,
    today: date,
    stops: Stops,
) -> Grant | Refusal:
    """`votes` are all that this person says of the request, those of an earlier turn that still count included."""
    standing = can_open_review(request, person, permit, today, stops)
    return standing if isinstance(standing, Refusal) else _votes_fit(request, votes) or standing


def can_open_review(
    request: ReleaseRequest, person: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """Whether a vote of this person would count now, whatever it says."""
    standing = may_review(person, permit, request.person, today, stops)
    if isinstance(standing, Refusal) or person is None:
        return standing
    if request.status not in REVIEWED_IN:
        return wrong_status(request)
    if person.id in request.barred:
        why = say("You reviewed request {request} before its appeal; other people decide on it.", request=request.id)
        return Refusal("review.barred", why)
    consolidating = request.status is Status.CONSOLIDATING
    given = request.confirmed if consolidating else {review.checker for review in request.reviews}
    if person.id in given:
        return Refusal("review.twice", say("You have reviewed request {request} already.", request=request.id))
    return _other_organisation(request, person) or standing


def _other_organisation(request: ReleaseRequest, person: Person) -> Refusal | None:
    """The last review that the rules ask for comes from another organisation than all before it."""
    if not request.review.two_organisations:
        return None
    if person.organisation is None:
        why = say("The rules ask for checkers of two organisations, and nobody has recorded yours; an operator must.")
        return Refusal("review.no_organisation", why)
    others = [review for review in request.reviews if review.checker != person.id]
    organisations = {person.organisation, *(review.organisation for review in others)}
    if len(others) + 1 >= request.review.checkers and len(organisations) < 2:
        why = say("The rules ask for checkers of two organisations; somebody of another one than yours must review.")
        return Refusal("review.organisation", why)
    return None


def _votes_fit(request: ReleaseRequest, votes: tuple[Vote, ...]) -> Refusal | None:
    voted = [vote.output for vote in votes]
    for vote in votes:
        refusal = _vote_fits(request, vote)
        if refusal is not None:
            return refusal
        if voted.count(vote.output) > 1:
            text = say("The output {output} has two votes; give one.", output=vote.output)
            return Refusal("review.two_votes", text)
    missing = [output.name for output in request.reviewable if output.name not in voted]
    if missing:
        text = say("Vote on every output; without a vote: {outputs}.", outputs=", ".join(missing))
        return Refusal("review.incomplete", text)
    return None


def _vote_fits(request: ReleaseRequest, vote: Vote) -> Refusal | None:
    output = request.output(vote.output)
    if output is None:
        text = say("Request {request} has no output called {output}.", request=request.id, output=vote.output)
        return Refusal("review.unknown_output", text)
    if not output.reviewable:
        text = say("The output {output} was refused by the checks; nobody can approve it.", output=vote.output)
        return Refusal("review.refused_output", text)
    if vote.choice is Choice.CHANGE and not vote.comment.strip():
        text = say("Say to the author of {output} what to change: a comment is missing.", output=vote.output)
        return Refusal("review.comment", text)
    if request.review.criteria and vote.choice is Choice.APPROVE and set(vote.criteria) != set(Criterion):
        text = say(
            "The rules ask that an approval examines singling out, linking and inference; {output} lacks one.",
            output=vote.output,
        )
        return Refusal("review.criteria", text)
    return None


def told_to_author(request: ReleaseRequest) -> bool:
    """Whether what checkers say in this turn is their author's to read: with the decision or the return, not before."""
    return request.decision is not None or request.status is Status.RETURNED


def visible_reviews(request: ReleaseRequest, checker: str) -> tuple[Review, ...]:
    """The reviews of this turn that an output checker may read: blinded ones, not before everybody has voted."""
    blinded = request.review.mode is Mode.BLINDED and request.status in {Status.IN_REVIEW, Status.APPEALED}
    return tuple(review for review in request.reviews if not blinded or review.checker == checker)


def review_of(request: ReleaseRequest, person: str) -> Review | None:
    """The review that `person` gave of `request`."""
    return next((review for review in request.reviews if review.checker == person), None)


def has_voted(request: ReleaseRequest, person: str) -> bool:
    """Whether nothing more is asked of `person` in this round."""
    if request.status is Status.CONSOLIDATING:
        return person in request.confirmed
    return review_of(request, person) is not None


def asks_vote(request: ReleaseRequest, checker: str) -> bool:
    """Whether `request` waits for a vote of this output checker of its project."""
    its_own = checker == request.person or checker in request.barred
    return request.status in REVIEWED_IN and not its_own and not has_voted(request, checker)


def asks_look(request: ReleaseRequest, checker: str) -> bool:
    """Whether the lot chose `request`, and this output checker of its project may look at it."""
    return request.sample is not None and request.sample.seen is None and checker != request.person
