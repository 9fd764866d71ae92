"""Reviews into decisions, and the lane."""

from dataclasses import replace

import pytest

from egress.checks.model import Outcome
from egress.release.decision import automatic, decide, review_rules
from egress.release.lane import lane_of
from egress.release.model import Lane, OutputRecord
from egress.release.review import Choice, Decision, Review, Vote
from egress.release.status import Status
from hub.policy.files import read_rules
from hub.policy.review import ReviewRules
from tests.egress.release.requests import no, record, yes

ONE, TWO = ReviewRules(), ReviewRules(checkers=2)
OUTPUTS = (record("a"), record("b", Outcome.REVIEW), record("refused", Outcome.FAIL))


def review(checker: str, *votes: Vote) -> Review:
    return Review(checker, "2026-06-01", votes)


def test_without_enough_checkers_there_is_no_decision() -> None:
    one = review("carol", yes("a"), yes("b"))
    assert decide((), OUTPUTS, ONE) is None
    assert decide((one,), OUTPUTS, TWO) is None
    assert decide((one, one), OUTPUTS, TWO) is None  # one person twice is one person
    with pytest.raises(ValueError, match="checkers"):
        ReviewRules(checkers=0)  # no rule may ask for nobody
    assert decide((one, review("dora", yes("a"), yes("b"))), OUTPUTS, TWO) == Decision(("a", "b"), ())


def test_one_rejection_keeps_an_output_inside() -> None:
    reviews = (review("carol", yes("a"), yes("b")), review("dora", yes("a"), no("b")))
    assert decide(reviews, OUTPUTS, TWO) == Decision(("a",), ("b",))


def test_an_output_without_a_vote_or_with_two_is_not_approved() -> None:
    assert decide((review("carol", yes("a")),), OUTPUTS, ONE) == Decision(("a",), ("b",))
    assert decide((review("carol", yes("a"), no("a"), yes("b")),), OUTPUTS, ONE) == Decision(("b",), ("a",))


@pytest.mark.parametrize(
    ("tables", "fate"),
    [
        ((yes("t"), yes("u")), Decision(("t", "u", "figure"), ())),
        ((yes("t"), no("u")), Decision(("t",), ("u", "figure"))),
        ((yes("t"),), Decision(("t",), ("u", "figure"))),
        ((yes("t"), Vote("u", Choice.CHANGE, "how?")), Decision(("t",), (), ("u", "figure"))),
    ],
)
def test_a_figure_leaves_with_all_its_tables_or_not_at_all(tables: tuple[Vote, ...], fate: Decision) -> None:
    figure = replace(record("figure", Outcome.REVIEW), shows=("t", "u"))
    outputs = (record("t"), record("u"), figure)
    assert decide((review("carol", *tables, yes("figure")),), outputs, ONE) == fate
    lost = (record("t"), record("u", Outcome.FAIL), figure)
    assert decide((review("carol", yes("t"), yes("figure")),), lost, ONE) == Decision(("t",), ("figure",))
    assert OutputRecord.from_dict(figure.to_dict()) == figure


def test_a_refused_output_is_never_approved() -> None:
    decision = decide((review("carol", yes("a"), yes("b"), yes("refused")),), OUTPUTS, ONE)
    assert decision == Decision(("a", "b"), ())


def test_nothing_approved_is_a_rejection() -> None:
    assert Decision((), ("a",)).status is Status.REJECTED
    assert Decision(("a",), ("b",)).status is Status.APPROVED


@pytest.mark.parametrize(
    ("outcomes", "opened", "lane"),
    [
        ((), True, Lane.REFUSED),
        ((Outcome.FAIL,), True, Lane.REFUSED),
        ((Outcome.FAIL, Outcome.REVIEW), True, Lane.REVIEW),
        ((Outcome.PASS, Outcome.REVIEW), True, Lane.REVIEW),
        ((Outcome.PASS, Outcome.FAIL), True, Lane.REVIEW),
        ((Outcome.PASS, Outcome.PASS), True, Lane.AUTOMATIC),
        ((Outcome.PASS, Outcome.PASS), False, Lane.REVIEW),
    ],
)
def test_lanes(outcomes: tuple[Outcome, ...], opened: bool, lane: Lane) -> None:
    shipped = read_rules("health-fr")
    rules = shipped.model_copy(update={"automatic_lane": shipped.automatic_lane.model_copy(update={"value": opened})})
    assert lane_of(tuple(record(f"t{place}", outcome) for place, outcome in enumerate(outcomes)), rules) is lane


def test_the_automatic_lane_lets_out_only_what_passed() -> None:
    assert automatic(OUTPUTS) == Decision(("a",), ("b", "refused"))


def test_every_shipped_rule_asks_for_a_human() -> None:
    for name in ("health-fr", "business-fr", "acro-default"):
        assert review_rules(read_rules(name)).checkers >= 1
        assert not read_rules(name).automatic_lane.value
