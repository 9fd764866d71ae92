"""Turns, consolidation, agreement, appeal and recall: by whom, when, and what becomes of the votes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from egress.checks.model import Outcome
from egress.release.decision import carried, completed, decide, disagree, due
from egress.release.fold import fold
from egress.release.model import ReleaseRequest
from egress.release.review import Choice, Criterion, Decision, Review, Vote
from egress.release.reviewing import can_review, visible_reviews
from egress.release.status import Owner, Status
from egress.release.turns import (
    can_appeal,
    can_approve,
    can_recall,
    can_resubmit,
    can_return,
    can_see_sample,
    has_expired,
)
from hub.policy.limits import RequestLimits
from hub.policy.model import Membership, Person, Role
from hub.policy.review import Agreement, Mode, ReviewRules
from hub.policy.stops import Scope, Stop, Stops
from hub.policy.verdict import Grant, Refusal
from tests.egress.release.requests import (
    ALICE,
    BOB,
    CAROL,
    DORA,
    TODAY,
    about,
    change,
    checked,
    decided,
    events,
    given,
    no,
    permit,
    record,
    rerun,
    resubmitted,
    submitted,
    yes,
)

NONE, TWO = Stops(), ReviewRules(checkers=2)
A, B = record("a"), record("b", Outcome.REVIEW)
HILDA, IDA = Person(id="hilda", name="Hilda"), Person(id="ida", name="Ida")
PERMIT = permit(
    persons=(
        *permit().persons,
        Membership(person="ida", role=Role.OUTPUT_CHECKER),
        Membership(person="hilda", role=Role.DATA_HOLDER),
    )
)


def start(rules: ReviewRules = TWO) -> tuple[Any, ...]:
    return (submitted(), rerun(), checked(A, B, rules=rules))


def after(*acts: Any) -> ReleaseRequest:
    return fold(events(*acts))["costs-1"]


def rule(verdict: Grant | Refusal) -> str:
    return verdict.rule if isinstance(verdict, Refusal) else "granted"


def ask(can: Callable[..., Grant | Refusal], request: ReleaseRequest, person: Person) -> str:
    return rule(can(request, person, PERMIT, TODAY, NONE))


# -- reviews --------------------------------------------------------------------------------------------------------


def test_two_who_agree_decide_and_two_who_differ_read_each_other() -> None:
    agreed = after(*start(), given("carol", yes("a"), no("b")), given("dora", yes("a"), no("b")))
    assert (agreed.status, due(agreed)) == (Status.IN_REVIEW, Decision(("a",), ("b",)))
    differ = [*start(), given("carol", yes("a"), no("b")), given("dora", yes("a"), yes("b"))]
    request = after(*differ)
    assert (request.status, request.owner, due(request)) == (Status.CONSOLIDATING, Owner.CHECKERS, None)
    once = after(*differ, given("carol", yes("a"), yes("b")))
    assert due(once) is None  # dora has not seen it yet
    assert due(after(*differ, given("carol", yes("a"), yes("b")), given("dora", yes("a"), yes("b")))) == Decision(
        ("a", "b"), ()
    )


def test_a_third_person_may_help_and_is_waited_for_like_the_others() -> None:
    differ = [*start(), given("carol", no("a"), no("b")), given("dora", yes("a"), yes("b"))]
    helped = after(*differ, given("ida", yes("a"), yes("b")))
    assert due(helped) is None
    every = [given(who, yes("a"), no("b")) for who in ("carol", "dora")]
    assert due(after(*differ, given("ida", yes("a"), yes("b")), *every)) == Decision(("a",), ("b",))  # a veto


@pytest.mark.parametrize(("mode", "seen"), [(Mode.BLINDED, ["dora"]), (Mode.SEQUENTIAL, ["carol", "dora"])])
def test_blinded_checkers_see_their_own_until_all_have_voted(mode: Mode, seen: list[str]) -> None:
    three = ReviewRules(checkers=3, mode=mode)
    acts = [*start(three), given("carol", yes("a"), yes("b")), given("dora", no("a"), yes("b"))]
    assert [review.checker for review in visible_reviews(after(*acts), "dora")] == seen
    told = visible_reviews(after(*acts, given("ida", yes("a"), yes("b"))), "dora")
    assert len(told) == 3


@pytest.mark.parametrize(
    ("rules", "votes", "decision"),
    [
        (ReviewRules(checkers=3), (yes, yes, no), Decision((), ("a",))),
        (ReviewRules(checkers=3), (yes, yes, change), Decision((), (), ("a",))),
        (ReviewRules(checkers=3), (yes, no, change), Decision((), ("a",))),
        (ReviewRules(checkers=3, agreement=Agreement.QUORUM, quorum=2), (yes, yes, no), Decision(("a",), ())),
        (ReviewRules(checkers=3, agreement=Agreement.QUORUM, quorum=2), (yes, no, no), Decision((), ("a",))),
        (
            ReviewRules(checkers=3, agreement=Agreement.QUORUM, quorum=2),
            (yes, change, change),
            Decision((), (), ("a",)),
        ),
        (ReviewRules(checkers=3, agreement=Agreement.QUORUM, quorum=3), (yes, yes, no), Decision((), ("a",))),
    ],
)
def test_veto_and_quorum(rules: ReviewRules, votes: tuple[Callable[[str], Vote], ...], decision: Decision) -> None:
    people = ("carol", "dora", "ida")
    reviews = tuple(Review(who, "2026", (vote("a"),)) for who, vote in zip(people, votes, strict=True))
    assert disagree(reviews, (A,))
    assert decide(reviews, (A,), rules) == decision
    assert decide(reviews[:2], (A,), rules) is None


@pytest.mark.parametrize(
    "raw",
    [
        {"agreement": "quorum"},
        {"quorum": 1},
        {"checkers": 3, "agreement": "quorum", "quorum": 1},
        {"checkers": 2, "agreement": "quorum", "quorum": 3},
        {"two_organisations": True},
        {"approvers": ["dpo", "dpo"]},
        {"approvers": ["researcher"]},
        {"checkers": 0},
    ],
)
def test_rules_of_review_that_contradict_themselves_are_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        ReviewRules.model_validate(raw)


def test_two_organisations() -> None:
    rules = ReviewRules(checkers=2, two_organisations=True)
    here, there = (Person(id="dora", name="D", organisation=name) for name in ("CNAM", "Insee"))
    request = after(*start(rules), given("carol", yes("a"), yes("b"), organisation="CNAM"))
    votes = (yes("a"), yes("b"))
    assert rule(can_review(request, votes, here, PERMIT, TODAY, NONE)) == "review.organisation"
    assert rule(can_review(request, votes, DORA, PERMIT, TODAY, NONE)) == "review.no_organisation"
    assert rule(can_review(request, votes, there, PERMIT, TODAY, NONE)) == "granted"
    same = after(*start(rules), *(given(who, *votes, organisation="CNAM") for who in ("carol", "dora")))
    assert due(same) is None  # written past the guard: it still does not count


def test_changes_need_a_comment_and_approvals_the_criteria_where_the_rules_ask() -> None:
    request = after(*start(ReviewRules(criteria=True)))
    every = tuple(Criterion)
    for vote, expected in (
        (Vote("a", Choice.CHANGE, " "), "review.comment"),
        (Vote("a", Choice.CHANGE, "Group."), "granted"),
        (Vote("a", Choice.APPROVE, criteria=every[:2]), "review.criteria"),
        (Vote("a", Choice.APPROVE, criteria=every), "granted"),
        (Vote("a", Choice.REJECT), "granted"),
    ):
        assert rule(can_review(request, (vote, no("b")), CAROL, PERMIT, TODAY, NONE)) == expected


# -- turns ----------------------------------------------------------------------------------------------------------

RETURNED = (*start(ReviewRules()), given("carol", yes("a"), change("b")), decided("a", changes=("b",)))


def test_changes_return_the_request_and_the_next_turn_keeps_votes_on_what_stays() -> None:
    request = after(*RETURNED)
    assert (request.status, request.owner, request.turn) == (Status.RETURNED, Owner.AUTHOR, 1)
    mended = record("b", Outcome.PASS)
    request = after(*RETURNED, resubmitted(), rerun(), checked(A, mended, rules=ReviewRules()))
    assert (request.status, request.turn, request.reviews, request.decision) == (Status.IN_REVIEW, 2, (), None)
    assert request.notebook.sha256 == "6" * 64
    assert list(carried(request, "carol")) == ["a"]
    assert carried(request, "dora") == {}
    assert {vote.output for vote in completed(request, "carol", (yes("b"),))} == {"a", "b"}
    assert rule(can_review(request, (yes("b"),), CAROL, PERMIT, TODAY, NONE)) == "review.incomplete"
    changed = completed(request, "carol", (no("a"), yes("b")))
    assert {vote.output: vote.choice for vote in changed}["a"] is Choice.REJECT  # a later word counts


def test_any_changed_byte_of_an_output_voids_its_votes() -> None:
    other = replace(A, report="9" * 64)
    request = after(*RETURNED, resubmitted(), rerun(), checked(other, B, rules=ReviewRules()))
    assert carried(request, "carol") == {}


def test_a_vote_on_a_figure_is_void_when_a_table_that_it_shows_has_changed() -> None:
    figure = replace(record("figure"), shows=("b",))
    seen = given("carol", yes("a"), change("b"), yes("figure"))
    first = (
        submitted(),
        rerun(),
        checked(A, B, figure, rules=ReviewRules()),
        seen,
        decided("a", changes=("b", "figure")),
    )
    again = (*first, resubmitted(), rerun())
    assert set(carried(after(*again, checked(A, B, figure, rules=ReviewRules())), "carol")) == {"a", "figure"}
    mended = replace(B, report="9" * 64)
    assert set(carried(after(*again, checked(A, mended, figure, rules=ReviewRules())), "carol")) == {"a"}


def test_votes_survive_a_turn_that_the_machine_refused() -> None:
    broken = (resubmitted(), about("egress", "request.refused", reasons=[]))
    request = after(*RETURNED, *broken, resubmitted(), rerun(), checked(A, B, rules=ReviewRules()))
    assert (request.turn, list(carried(request, "carol"))) == (3, ["a"])


def test_who_sends_back_who_takes_back_and_what_that_does_to_votes() -> None:
    one = [*start(), given("carol", yes("a"), yes("b"))]
    by_checker = after(*one, about("dora", "request.returned", why="Name the years."))
    assert (by_checker.status, len(by_checker.reviews)) == (Status.RETURNED, 1)
    by_author = after(*one, about("alice", "request.returned", why="A mistake."))
    assert (by_author.status, by_author.reviews) == (Status.RETURNED, ())
    assert [ask(can_return, after(*one), who) for who in (ALICE, CAROL, DORA, BOB, HILDA)] == [
        "granted",
        "granted",
        "granted",
        "permit.not_named",
        "permit.not_named",
    ]
    assert ask(can_return, by_checker, DORA) == "request.wrong_status"


@pytest.mark.parametrize("person", [ALICE, BOB, CAROL])
def test_only_its_author_submits_a_request_again(person: Person) -> None:
    expected = "granted" if person is ALICE else "request.not_author"
    assert ask(can_resubmit, after(*RETURNED), person) == expected
    assert ask(can_resubmit, after(submitted(), about("egress", "request.refused", reasons=[])), person) == expected
    assert after(*RETURNED, resubmitted("bob")).status is Status.RETURNED
    if person is ALICE:
        assert ask(can_resubmit, after(*start()), person) == "request.wrong_status"


# -- agreement ------------------------------------------------------------------------------------------------------

ASKED = ReviewRules(approvers=("data_holder", "dpo"))
DECIDED = (*start(ASKED), given("carol", yes("a"), no("b")), decided("a", rejected=("b",)))


def agreed(who: str, role: str, agrees: object = True) -> tuple[str, str, Any]:
    return about(who, "approval.given", role=role, agrees=agrees)


def test_those_whom_the_rules_name_must_all_agree() -> None:
    request = after(*DECIDED)
    assert (request.status, request.owner) == (Status.AWAITS_APPROVAL, Owner.APPROVERS)
    assert after(*DECIDED, agreed("hilda", "data_holder")).status is Status.AWAITS_APPROVAL
    assert after(*DECIDED, agreed("hilda", "data_holder"), agreed("dan", "dpo")).status is Status.APPROVED


@pytest.mark.parametrize(
    "forged",
    [
        [agreed("hilda", "data_holder"), agreed("hilda", "dpo")],  # one person is one
        [agreed("alice", "data_holder"), agreed("dan", "dpo")],
        [agreed("carol", "data_holder"), agreed("dan", "dpo")],  # she reviewed
        [agreed("hilda", "auditor"), agreed("dan", "dpo")],
        [agreed("hilda", "data_holder"), agreed("dan", "dpo", "yes")],  # not a word of ours: no agreement
        [about("egress", "request.released", package="5" * 64)],
    ],
)
def test_nobody_gets_round_an_agreement(forged: list[Any]) -> None:
    assert after(*DECIDED, *forged).status is not Status.APPROVED


def test_one_who_does_not_agree_keeps_everything_inside() -> None:
    request = after(*DECIDED, agreed("hilda", "data_holder", agrees=False))
    assert (request.status, request.approved) == (Status.REJECTED, ())


def test_rules_of_agreement() -> None:
    request = after(*DECIDED)
    assert [ask(can_approve, request, who) for who in (HILDA, BOB, CAROL, ALICE)] == [
        "granted",
        "permit.not_named",
        "approval.own",
        "approval.own",
    ]
    assert ask(can_approve, after(*DECIDED, agreed("hilda", "data_holder")), HILDA) == "approval.twice"
    assert ask(can_approve, after(*start()), HILDA) == "request.wrong_status"


# -- appeal ---------------------------------------------------------------------------------------------------------

REJECTED = (*start(ReviewRules()), given("carol", no("a"), no("b")), decided(rejected=("a", "b")))
APPEALED = (*REJECTED, about("alice", "request.appealed", why="They are public."))


def test_an_appeal_is_decided_once_by_other_people() -> None:
    request = after(*APPEALED)
    assert (request.status, request.reviews, request.barred) == (Status.APPEALED, (), {"carol"})
    votes = (yes("a"), yes("b"))
    assert rule(can_review(request, votes, CAROL, PERMIT, TODAY, NONE)) == "review.barred"
    assert rule(can_review(request, votes, DORA, PERMIT, TODAY, NONE)) == "granted"
    assert after(*APPEALED, given("carol", *votes)).reviews == ()
    assert after(*APPEALED, given("dora", *votes), decided("a", "b")).status is Status.APPROVED
    again = after(*APPEALED, given("dora", no("a"), no("b")), decided(rejected=("a", "b")))
    assert (again.status, ask(can_appeal, again, ALICE)) == (Status.REJECTED, "appeal.once")
    twice = about("alice", "request.appealed", why="Again.")
    assert after(*APPEALED, given("dora", no("a"), no("b")), decided(rejected=("a", "b")), twice).status is (
        Status.REJECTED
    )


def test_who_was_barred_stays_barred_over_turns() -> None:
    back = (*APPEALED, given("dora", yes("a"), change("b")), decided("a", changes=("b",)))
    request = after(*back, resubmitted(), rerun(), checked(A, B, rules=ReviewRules()))
    assert (request.status, request.barred) == (Status.IN_REVIEW, {"carol"})
    assert ask(can_return, request, CAROL) == "review.barred"


def test_only_its_author_appeals_and_only_against_a_rejection() -> None:
    assert [ask(can_appeal, after(*REJECTED), who) for who in (ALICE, BOB, CAROL)] == [
        "granted",
        "request.not_author",
        "permit.not_named",
    ]
    assert ask(can_appeal, after(*RETURNED), ALICE) == "request.wrong_status"
    assert after(*REJECTED, about("bob", "request.appealed", why="For alice.")).status is Status.REJECTED


# -- after the release ----------------------------------------------------------------------------------------------

RELEASED = (
    *start(ReviewRules()),
    given("carol", yes("a"), yes("b")),
    decided("a", "b"),
    about("egress", "request.released", package="5" * 64),
)
AUTOMATIC = (submitted(), rerun(), checked(A, lane="automatic"), decided("a"), RELEASED[-1])


@pytest.mark.parametrize("fetched", [(), (about("bob", "package.downloaded"),)])
def test_a_release_is_recalled_by_those_who_answer_for_it(fetched: tuple[Any, ...]) -> None:
    released = after(*RELEASED, *fetched)
    for person, expected in ((CAROL, "granted"), (HILDA, "granted"), (BOB, "permit.not_named")):
        assert rule(can_recall(released, person, PERMIT, NONE)) == expected
    assert rule(can_recall(released, ALICE, PERMIT, NONE)) == "review.own"
    recalled = after(*RELEASED, *fetched, about("carol", "request.recalled", why="A cell of 4."))
    assert (recalled.status, recalled.owner) == (Status.RECALLED, Owner.NOBODY)
    assert rule(can_recall(recalled, CAROL, PERMIT, NONE)) == "request.wrong_status"
    assert after(*RELEASED, about("carol", "request.recalled", why="x"), about("bob", "package.downloaded")).status is (
        Status.RECALLED
    )


def test_the_lot_chooses_releases_of_the_automatic_lane_only() -> None:
    sampled = about("egress", "request.sampled")
    assert after(*RELEASED, sampled).sample is None
    request = after(*AUTOMATIC, sampled)
    assert ask(can_see_sample, request, CAROL) == "granted"
    assert ask(can_see_sample, request, ALICE) == "review.own"
    assert ask(can_see_sample, after(*AUTOMATIC), CAROL) == "sample.none"
    assert after(*AUTOMATIC, sampled, about("alice", "sample.seen", why="Fine.")).sample == request.sample
    seen = after(*AUTOMATIC, sampled, about("carol", "sample.seen", why="Fine."))
    assert seen.sample is not None
    assert seen.sample.seen is not None
    assert ask(can_see_sample, seen, CAROL) == "sample.none"


# -- expiry ---------------------------------------------------------------------------------------------------------

LIMITS = RequestLimits(author_days=90, ended_days=30)


@pytest.mark.parametrize(("days", "over"), [(29, False), (30, False), (31, True)])
def test_a_request_expires_after_its_permit_unless_halted(days: int, over: bool) -> None:
    now = datetime(2026, 12, 31, 12, tzinfo=UTC) + timedelta(days=days)
    for acts in (start(), RETURNED, DECIDED):
        assert has_expired(after(*acts), permit(), now, NONE, LIMITS) is (over or acts is RETURNED)
    assert not has_expired(after(*RELEASED), permit(), now, NONE, LIMITS)
    assert not has_expired(after(*REJECTED), permit(), now, NONE, LIMITS)
    halt = NONE.stopped(Stop(Scope.PROJECT, "costs", "omar", now.isoformat(), "an incident"))
    assert not has_expired(after(*start()), permit(), now, halt, LIMITS)


@pytest.mark.parametrize(("days", "over"), [(89, False), (90, True), (91, True)])
def test_a_returned_request_waits_for_its_author_so_long(days: int, over: bool) -> None:
    request = after(*RETURNED)
    since = datetime.fromisoformat(request.reached[Status.RETURNED])
    longer = permit(valid_until=date(2030, 1, 1))
    assert has_expired(request, longer, since + timedelta(days=days), NONE, LIMITS) is over
    assert not has_expired(after(*start()), longer, since + timedelta(days=days), NONE, LIMITS)


def test_an_ended_permit_counts_from_its_end() -> None:
    ended = NONE.stopped(Stop(Scope.PERMIT, "costs", "omar", "2026-06-01T08:00:00+00:00", "over"))
    for days, over in ((30, False), (31, True)):
        now = datetime(2026, 6, 1, 12, tzinfo=UTC) + timedelta(days=days)
        assert has_expired(after(*start()), permit(), now, ended, LIMITS) is over
