"""Reviews combined into a decision."""

from __future__ import annotations

from collections.abc import Iterable

from egress.checks.model import Outcome
from egress.release.model import Choice, Decision, Lane, OutputRecord, Review
from hub.policy.model import DisclosureRules


def checkers_required(rules: DisclosureRules) -> int:  # noqa: ARG001 -- the number moves into the rules with the review issue
    """How many independent checkers must review a request under `rules` (CNIL SEC-EXP-2: at least one)."""
    return 1


def decide(reviews: tuple[Review, ...], outputs: Iterable[OutputRecord], required: int) -> Decision | None:
    """The decision once `required` different checkers have reviewed, else None.

    An output leaves when nobody voted to reject it and each of them voted to approve it.
    """
    if required < 1 or len({review.checker for review in reviews}) < required:
        return None
    names = [output.name for output in outputs if output.reviewable]
    approved = tuple(name for name in names if all(_approves(review, name) for review in reviews))
    return Decision(approved, tuple(name for name in names if name not in approved))


def _approves(review: Review, name: str) -> bool:
    choices = {vote.choice for vote in review.votes if vote.output == name}
    return choices == {Choice.APPROVE}


def lane_of(outputs: tuple[OutputRecord, ...], rules: DisclosureRules) -> Lane:
    """Refused when nothing is left that may leave; automatic only where the rules open it and every output passes."""
    if not any(output.reviewable for output in outputs):
        return Lane.REFUSED
    if rules.automatic_lane.value and all(output.outcome is Outcome.PASS for output in outputs):
        return Lane.AUTOMATIC
    return Lane.REVIEW


def automatic(outputs: Iterable[OutputRecord]) -> Decision:
    """The decision of the automatic lane: every output, each of which passed."""
    outputs = tuple(outputs)
    return Decision(
        tuple(output.name for output in outputs if output.outcome is Outcome.PASS),
        tuple(output.name for output in outputs if output.outcome is not Outcome.PASS),
    )
