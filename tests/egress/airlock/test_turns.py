"""Turns through the airlock: returned, submitted again, decided by several, agreed to, appealed, recalled, expired."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from egress.airlock.desk import Remarks
from egress.release.review import Choice, Decision, Vote
from egress.release.status import Status
from hub.policy.model import Membership, Role
from hub.policy.review import ReviewRules
from hub.policy.verdict import RefusedError
from tests.egress.airlock.enclave import BY_SEX, TinyEnclave, airlock_of, issue, notebook, release
from tests.egress.airlock.remembering import RememberingRunner
from tests.egress.release.requests import checked, permit, record, rerun, submitted

YES = (Vote("by_sex", Choice.APPROVE),)


def in_review(enclave: TinyEnclave, **rules: object) -> str:
    """A request that waits for its checkers under these rules, as the worker would have written it; its id."""
    table = record("by_sex")
    for actor, kind, body in (submitted(), rerun(), checked(table, rules=ReviewRules.model_validate(rules))):
        enclave.log.append(actor, kind, "costs", body)
    return "costs-1"


def status(enclave: TinyEnclave) -> Status:
    return enclave.desk.look().request("costs-1").status


def test_the_same_request_comes_back_and_votes_on_what_stays_are_kept(enclave: TinyEnclave) -> None:
    enclave.airlock = airlock_of(enclave, RememberingRunner())
    costs = "SELECT region, {what}avg(cost) AS mean FROM stay GROUP BY region"
    first = enclave.ask(notebook(release("by_sex", BY_SEX), release("costs", costs.format(what=""))), "first")
    asked = (Vote("by_sex", Choice.APPROVE), Vote("costs", Choice.CHANGE, "Count the persons as well."))
    assert enclave.desk.review(first.id, "carol", asked) == Decision(("by_sex",), (), ("costs",))
    assert status(enclave) is Status.RETURNED

    counted = costs.format(what="count(DISTINCT person_id) AS persons, ")
    again = {"request": first.id, "answer": "Persons are counted."}
    enclave.hand_in(notebook(release("by_sex", BY_SEX), release("costs", counted)), "second", again=again)
    assert enclave.airlock.take_in() == (first.id,)
    assert enclave.airlock.take_in() == ()  # the folder is known
    second = enclave.airlock.process(first.id)
    assert (second.status, second.turn, second.id) == (Status.IN_REVIEW, 2, first.id)
    assert enclave.desk.answer(second) == "Persons are counted."
    assert not [event for event in enclave.log.read() if "Persons are counted." in str(event.body)]

    enclave.desk.review(first.id, "carol", (Vote("costs", Choice.APPROVE),))
    assert enclave.last("review.given")["votes"][1]["output"] == "by_sex"
    assert enclave.airlock.process(first.id).status is Status.RELEASED


@pytest.mark.parametrize(
    ("person", "request_", "sentence"),
    [
        ("bob", "costs-1", "Only the author"),
        ("alice", "costs-9", "There is no request called costs-9"),
        ("alice", "costs-1", "waits for its output checkers"),
    ],
)
def test_what_cannot_be_another_turn_is_a_sentence(
    enclave: TinyEnclave, person: str, request_: str, sentence: str
) -> None:
    in_review(enclave)
    enclave.hand_in(notebook(release("by_sex", BY_SEX)), "second", person, again={"request": request_, "answer": "x"})
    assert enclave.airlock.take_in() == ()
    assert sentence in str(enclave.desk.look().entries.refused[-1].reason)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each of `acts` gave, begun at the same moment by threads of their own; refusals by their rule."""
    barrier, given = threading.Barrier(len(acts)), {}

    def run(place: int, act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            given[place] = act()
        except RefusedError as error:
            given[place] = error.refusal.rule

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [given[place] for place in range(len(acts))]


def test_two_checkers_at_once_and_one_twice(enclave: TinyEnclave) -> None:
    request = in_review(enclave, checkers=2)
    given = at_once(
        lambda: enclave.desk.review(request, "carol", YES),
        lambda: enclave.desk.review(request, "carol", YES),
        lambda: enclave.desk.review(request, "dora", YES),
    )
    kinds = enclave.kinds()
    assert (kinds.count("review.given"), kinds.count("request.decided")) == (2, 1)
    assert sum(isinstance(each, Decision) for each in given) == 1
    assert {each for each in given if isinstance(each, str)} <= {"review.twice", "request.wrong_status"}


def test_a_return_and_a_decision_at_once_leave_one_of_them(enclave: TinyEnclave) -> None:
    request = in_review(enclave)
    at_once(
        lambda: enclave.acts.send_back(request, "alice", "A mistake."),
        lambda: enclave.desk.review(request, "carol", YES),
    )
    found, kinds = status(enclave), enclave.kinds()
    assert (found is Status.RETURNED) == ("request.returned" in kinds)
    assert (found is Status.APPROVED) == ("request.decided" in kinds)
    assert found in {Status.RETURNED, Status.APPROVED}


def test_whose_agreement_is_asked_for_holds_the_release(enclave: TinyEnclave) -> None:
    holder = Membership(person="dora", role=Role.DATA_HOLDER)
    issue(enclave.log, permit(persons=(*permit().persons[:3], holder)))
    request = in_review(enclave, approvers=["data_holder"])
    enclave.desk.review(request, "carol", YES)
    assert status(enclave) is Status.AWAITS_APPROVAL
    with pytest.raises(RefusedError, match="reviewed"):
        enclave.acts.answer(request, "carol", "", agrees=True)
    with pytest.raises(RefusedError, match="Say why"):
        enclave.acts.answer(request, "dora", " ", agrees=False)
    assert enclave.last("request.act_refused")["rule"] == "approval.own"
    enclave.acts.answer(request, "dora", "", agrees=True)
    assert status(enclave) is Status.APPROVED


def test_an_appeal_goes_to_another_checker(enclave: TinyEnclave) -> None:
    request = in_review(enclave)
    enclave.desk.review(request, "carol", (Vote("by_sex", Choice.REJECT),), Remarks(note="Too fine", minutes=12))
    enclave.acts.appeal(request, "alice", "Both sexes are large groups.")
    with pytest.raises(RefusedError, match="before its appeal"):
        enclave.desk.review(request, "carol", YES)
    enclave.desk.review(request, "dora", YES)
    assert status(enclave) is Status.APPROVED


def test_what_is_recalled_is_not_given_out_any_more(enclave: TinyEnclave) -> None:
    request = in_review(enclave)
    enclave.desk.review(request, "carol", YES)
    enclave.log.append("egress", "request.released", "costs", {"request": request, "package": "5" * 64})
    enclave.acts.recall(request, "dora", "A cell of 4 persons.")
    with pytest.raises(RefusedError, match="recalled"):
        enclave.desk.download(request, "alice")


def test_what_nobody_brings_forward_expires(enclave: TinyEnclave) -> None:
    request = in_review(enclave)
    enclave.acts.send_back(request, "carol", "Say which years.")
    enclave.clock.now += timedelta(days=89)
    assert enclave.airlock.expire() == ()
    enclave.clock.now += timedelta(days=1)
    assert enclave.airlock.expire() == (request,)
    assert enclave.airlock.expire() == ()
    assert status(enclave) is Status.EXPIRED
