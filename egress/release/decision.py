"""Reviews combined into a decision, by the rules of the source. An event that says otherwise is not followed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from egress.checks.model import Outcome
from egress.release.model import Lane, OutputRecord, ReleaseRequest
from egress.release.review import Choice, Decision, Review, Vote
from egress.release.status import Status
from hub.policy.model import DisclosureRules
from hub.policy.review import ReviewRules

ONE_CHECKER = ReviewRules()  # CNIL SEC-EXP-2: at least one; what rules say that do not speak of reviews


def review_rules(rules: DisclosureRules) -> ReviewRules:
    """How requests under `rules` are reviewed."""
    return rules.review.value if rules.review is not None else ONE_CHECKER


def enough(reviews: Iterable[Review], rules: ReviewRules) -> bool:
    """Whether as many different people have reviewed as the rules ask for, from as many organisations."""
    reviews = tuple(reviews)
    organisations = {review.organisation for review in reviews if review.organisation}
    return len({review.checker for review in reviews}) >= rules.checkers and (
        not rules.two_organisations or len(organisations) >= 2
    )


def disagree(reviews: Iterable[Review], outputs: Iterable[OutputRecord]) -> bool:
    """Whether two reviews say different things of an output."""
    reviews = tuple(reviews)
    return any(len({_choice(review, output.name) for review in reviews}) > 1 for output in outputs if output.reviewable)


def decide(reviews: tuple[Review, ...], outputs: Iterable[OutputRecord], rules: ReviewRules) -> Decision | None:
    """The decision once enough people have reviewed, else None.

    Under a veto an output leaves when each of them voted to approve it; under a quorum when so many did. A figure
    leaves with the tables that it shows.
    """
    if not enough(reviews, rules):
        return None
    outputs = tuple(outputs)
    alone = {
        output.name: _fate([_choice(review, output.name) for review in reviews], rules)
        for output in outputs
        if output.reviewable
    }
    fates = {output.name: _with_tables(output, alone) for output in outputs if output.reviewable}
    approved, changes, rejected = (
        tuple(name for name, fate in fates.items() if fate is choice)
        for choice in (Choice.APPROVE, Choice.CHANGE, Choice.REJECT)
    )
    return Decision(approved, rejected, changes)


def _with_tables(output: OutputRecord, alone: Mapping[str, Choice]) -> Choice:
    """What becomes of an output that leaves with its tables or not at all: the worst that befalls any of them."""
    fates = {alone[output.name], *(alone.get(name, Choice.REJECT) for name in output.shows)}
    return next(choice for choice in (Choice.REJECT, Choice.CHANGE, Choice.APPROVE) if choice in fates)


def _fate(choices: list[Choice], rules: ReviewRules) -> Choice:
    needed = len(choices) if rules.quorum is None else rules.quorum
    if choices.count(Choice.APPROVE) >= needed:
        return Choice.APPROVE
    return Choice.REJECT if Choice.REJECT in choices else Choice.CHANGE


def _choice(review: Review, name: str) -> Choice:
    """No vote, or two that differ, is no approval."""
    choices = {vote.choice for vote in review.votes if vote.output == name}
    return choices.pop() if len(choices) == 1 else Choice.REJECT


def due(request: ReleaseRequest) -> Decision | None:
    """What its reviews amount to now; None while people have yet to vote. Reviews that differ wait until everybody has
    voted once more with the others' in view.
    """
    match request.status:
        case Status.CHECKED if request.lane is Lane.AUTOMATIC:
            return automatic(request.outputs)
        case Status.IN_REVIEW | Status.APPEALED if not disagree(request.reviews, request.outputs):
            return decide(request.reviews, request.outputs, request.review)
        case Status.CONSOLIDATING if {review.checker for review in request.reviews} <= request.confirmed:
            return decide(request.reviews, request.outputs, request.review)
        case _:
            return None


def carried(request: ReleaseRequest, checker: str) -> Mapping[str, Vote]:
    """Votes of `checker` from the last turn they reviewed, on outputs that are to the byte what they were then,
    a figure with the tables that it shows.
    """
    for turn in reversed(request.turns):
        review = next((review for review in turn.reviews if review.checker == checker), None)
        if review is None:
            continue
        before = {output.name: output.report for output in turn.outputs}
        now = {output.name: output.report for output in request.outputs}
        same = {
            output.name
            for output in request.reviewable
            if all(before.get(name) == now.get(name) for name in (output.name, *output.shows))
        }
        kept = (vote for vote in review.votes if vote.output in same and vote.choice is not Choice.CHANGE)
        return {vote.output: vote for vote in kept}
    return {}


def completed(request: ReleaseRequest, checker: str, votes: tuple[Vote, ...]) -> tuple[Vote, ...]:
    """`votes`, with those that `checker` gave before and that still count where they give none now."""
    given = {vote.output for vote in votes}
    kept = [vote for name, vote in carried(request, checker).items() if name not in given]
    return (*votes, *kept)


def automatic(outputs: Iterable[OutputRecord]) -> Decision:
    """The decision of the automatic lane: every output, each of which passed."""
    outputs = tuple(outputs)
    return Decision(
        tuple(output.name for output in outputs if output.outcome is Outcome.PASS),
        tuple(output.name for output in outputs if output.outcome is not Outcome.PASS),
    )
