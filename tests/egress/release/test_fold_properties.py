"""No sequence of events leads to a release past the decisions that the rules ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given as property_of
from hypothesis import settings
from hypothesis import strategies as st

from egress.checks.model import Outcome
from egress.release.fold import fold
from egress.release.model import Lane, ReleaseRequest
from egress.release.review import Choice, Decision
from egress.release.status import TRANSITIONS, Status
from hub.policy.review import Agreement, ReviewRules
from hub.words import say
from tests.egress.release.requests import (
    about,
    change,
    checked,
    decided,
    events,
    given,
    no,
    record,
    rerun,
    resubmitted,
    submitted,
    yes,
)

Act = tuple[str, str, Mapping[str, Any]]
A, B, REFUSED = record("a"), record("b", Outcome.REVIEW), record("refused", Outcome.FAIL)
REASON = say("The engine does not answer.").to_dict()
LEFT = frozenset({Status.APPROVED, Status.RELEASED, Status.DOWNLOADED, Status.RECALLED})

names = st.sampled_from(["a", "b", "refused", "unknown"])
votes = st.one_of(  # mostly whole reviews, so that decisions are reached
    st.lists(st.builds(lambda name, way: way(name), names, st.sampled_from([yes, no, change])), max_size=4),
    st.tuples(*(st.sampled_from([yes(name), yes(name), no(name), change(name)]) for name in ("a", "b"))),
    st.just((yes("a"), yes("b"))),
)
people = st.sampled_from(["alice", "bob", "carol", "dora", "ida", "hilda", "egress"])
rules = st.sampled_from(
    [
        ReviewRules(),
        ReviewRules(checkers=2),
        ReviewRules(checkers=3, agreement=Agreement.QUORUM, quorum=2),
        ReviewRules(checkers=2, two_organisations=True),
        ReviewRules(approvers=("data_holder",)),
        ReviewRules(checkers=2, approvers=("data_holder", "dpo")),
    ]
)
decisions = st.one_of(
    st.just(decided("a", "b")),
    st.builds(
        lambda fates: decided(
            *(name for name, fate in fates.items() if fate == "yes"),
            rejected=tuple(name for name, fate in fates.items() if fate == "no"),
            changes=tuple(name for name, fate in fates.items() if fate == "change"),
        ),
        st.fixed_dictionaries({name: st.sampled_from(["yes", "no", "change"]) for name in ("a", "b")}),
    ),
    st.builds(
        lambda approved, rejected: decided(*approved, rejected=tuple(rejected)),
        st.lists(names, max_size=3, unique=True),
        st.lists(names, max_size=3, unique=True),
    ),
)
acts = st.one_of(
    st.builds(submitted, st.sampled_from(["costs-1", "costs-2"]), people),
    st.builds(rerun, ended=st.sampled_from(["finished", "failed"])),
    st.builds(
        lambda outputs, lane, asked: checked(*outputs, lane=lane, rules=asked),
        st.one_of(st.just([A, B]), st.lists(st.sampled_from([A, B, REFUSED]), unique=True)),
        st.sampled_from([str(lane) for lane in Lane]),
        rules,
    ),
    st.builds(
        lambda who, cast, organisation: given(who, *cast, organisation=organisation),
        people,
        votes,
        st.sampled_from(["", "CNAM", "Insee"]),
    ),
    decisions,
    st.builds(
        lambda who, role, agrees: about(who, "approval.given", role=role, agrees=agrees),
        people,
        st.sampled_from(["data_holder", "dpo", "operator"]),
        st.sampled_from([True, True, False, "yes"]),
    ),
    st.builds(
        lambda who, kind: about(who, kind, package="5" * 64, why="Because.", digest="6" * 64),
        people,
        st.sampled_from(
            [
                "request.released",
                "package.downloaded",
                "request.withdrawn",
                "request.returned",
                "request.appealed",
                "request.recalled",
                "request.expired",
                "request.sampled",
                "sample.seen",
            ]
        ),
    ),
    st.builds(resubmitted, people),
    st.builds(about, people, st.just("request.failed"), reason=st.one_of(st.just(REASON), st.none(), st.just({}))),
    # bodies of any shape under any kind, as another version or a hand might have written them
    st.tuples(
        people,
        st.sampled_from(
            [
                "request.submitted",
                "request.resubmitted",
                "request.checked",
                "review.given",
                "request.decided",
                "request.refused",
                "approval.given",
                "request.appealed",
            ]
        ),
        st.dictionaries(st.sampled_from(["request", "votes", "lane", "outputs", "approved", "rejected"]), st.none()),
    ),
)


def said_of(request: ReleaseRequest, name: str) -> list[Choice]:
    """What each reviewer says of one output, in a way of the test's own."""
    said = []
    for review in request.reviews:
        choices = {vote.choice for vote in review.votes if vote.output == name}
        said.append(choices.pop() if len(choices) == 1 else Choice.REJECT)
    return said


def holds(request: ReleaseRequest) -> None:
    """What must be true of whatever leaves."""
    assert request.decision is not None
    approved = request.decision.approved
    assert set(approved) <= {output.name for output in request.reviewable}
    assert not request.decision.changes
    if request.lane is Lane.AUTOMATIC:
        assert all(output.outcome is Outcome.PASS for output in request.approved)
        return
    asked, reviewers = request.review, {review.checker for review in request.reviews}
    assert len(reviewers) >= asked.checkers
    assert request.person not in reviewers
    assert not reviewers & request.barred
    if asked.two_organisations:
        assert len({review.organisation for review in request.reviews} - {""}) >= 2
    for name in approved:
        votes_for = said_of(request, name).count(Choice.APPROVE)
        assert votes_for >= (asked.quorum or len(request.reviews))
    agreeing = {given.person for given in request.approvals if given.agrees}
    assert {given.role for given in request.approvals} >= set(asked.approvers)
    assert len(agreeing) >= len(asked.approvers)
    assert not agreeing & {request.person, *reviewers}


@settings(max_examples=600, deadline=None)
@property_of(rules, st.lists(acts, max_size=16))
def test_no_sequence_of_events_raises_or_gets_round_a_decision(asked: ReviewRules, sequence: list[Act]) -> None:
    start = (submitted(), rerun(), checked(A, B, rules=asked))
    for request in fold(events(*start, *sequence)).values():
        if request.status in LEFT:
            holds(request)
        assert all(review.checker != request.person for review in request.reviews)
        assert not {review.checker for review in request.reviews} & request.barred


@settings(max_examples=300, deadline=None)
@property_of(rules, st.lists(acts, max_size=12))
def test_a_request_only_ever_goes_where_the_table_leads(asked: ReviewRules, sequence: list[Act]) -> None:
    """One event may take two steps of the table: what is checked goes on to its review at once."""
    made, state = events(submitted(), rerun(), checked(A, B, rules=asked), *sequence), fold(())
    for event in made:
        before = state.get("costs-1")
        state = fold([event], state)
        here = state.get("costs-1")
        if before is not None and here is not None and here.status is not before.status:
            near = TRANSITIONS[before.status]
            assert here.status in near | {further for status in near for further in TRANSITIONS[status]}


def test_the_properties_can_fail() -> None:
    """Plain ways to a release exist, so the properties above do look at approved requests."""
    two = ReviewRules(checkers=2, approvers=("data_holder",))
    every = (yes("a"), yes("b"))
    way = (submitted(), rerun(), checked(A, B, rules=two), given("carol", *every), given("dora", *every))
    agreed = about("hilda", "approval.given", role="data_holder", agrees=True)
    request = fold(events(*way, decided("a", "b"), agreed))["costs-1"]
    assert (request.status, request.decision) == (Status.APPROVED, Decision(("a", "b"), ()))
    holds(request)
