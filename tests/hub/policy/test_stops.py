"""Halts and ended permits: which act each refuses, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from hub.policy.decide import (
    may_build_extract,
    may_download,
    may_open_workspace,
    may_review,
    may_see_budget,
    may_see_requests,
    may_spend_privacy,
    may_submit,
)
from hub.policy.model import Person
from hub.policy.stops import Scope, Stop, Stops
from hub.policy.verdict import Grant, Refusal
from tests.hub.policy.permits import a_permit

DAY, PERMIT = date(2026, 5, 1), a_permit()
ALICE, CAROL, DORA = (Person(id=name, name=name) for name in ("alice", "carol", "dora"))
WHY = "somebody was seen photographing a screen"

Rule = Callable[[Stops], Grant | Refusal]
RESEARCHING: list[Rule] = [
    lambda stops: may_open_workspace(ALICE, PERMIT, DAY, stops),
    lambda stops: may_submit(ALICE, PERMIT, DAY, stops),
    lambda stops: may_download(ALICE, PERMIT, DAY, stops),
    lambda stops: may_spend_privacy(ALICE, PERMIT, DAY, stops),
    lambda stops: may_build_extract("alice2", PERMIT, DAY, stops),
    lambda stops: may_review(CAROL, PERMIT, "alice", DAY, stops),
]
SEEING: list[Rule] = [
    lambda stops: may_see_requests(ALICE, PERMIT, stops),
    lambda stops: may_see_requests(CAROL, PERMIT, stops),
    lambda stops: may_see_budget(DORA, PERMIT, stops),
]


def stop(scope: Scope, name: str = "") -> Stop:
    return Stop(scope, name, "opal", "2026-05-01T08:30:00.000+00:00", WHY)


def stops(*which: tuple[Scope, str]) -> Stops:
    made = Stops()
    for scope, name in which:
        made = made.stopped(stop(scope, name))
    return made


EVERYTHING = [
    (Scope.ALL, "", "halt.all"),
    (Scope.PROJECT, "care", "halt.project"),
    (Scope.PERMIT, "care", "permit.ended"),
]


@pytest.mark.parametrize(("scope", "name", "rule"), EVERYTHING)
def test_a_stopped_project_does_nothing_and_stays_readable(scope: Scope, name: str, rule: str) -> None:
    standing = stops((scope, name))
    for act in RESEARCHING:
        assert isinstance(act(Stops()), Grant)
        verdict = act(standing)
        assert isinstance(verdict, Refusal)
        assert verdict.rule == rule
        assert WHY not in str(verdict.reason)
    assert all(isinstance(see(standing), Grant) for see in SEEING)


def test_a_halted_person_does_nothing_and_sees_nothing_while_others_go_on() -> None:
    standing = stops((Scope.PERSON, "alice"))
    assert [getattr(act(standing), "rule", "") for act in RESEARCHING[:4]] == ["halt.person"] * 4
    assert all(isinstance(act(standing), Grant) for act in RESEARCHING[4:])
    assert [isinstance(see(standing), Grant) for see in SEEING] == [False, True, True]


@pytest.mark.parametrize(("scope", "name"), [(Scope.PROJECT, "cares"), (Scope.PERSON, "alic"), (Scope.PERMIT, "car")])
def test_a_stop_of_another_name_stops_nothing(scope: Scope, name: str) -> None:
    assert all(isinstance(act(stops((scope, name))), Grant) for act in (*RESEARCHING, *SEEING))


def test_lifting_one_halt_leaves_the_others() -> None:
    standing = stops((Scope.ALL, ""), (Scope.PROJECT, "care"), (Scope.PERSON, "alice"))
    assert standing.on("alice", "care") == stop(Scope.ALL).refusal
    standing = standing.lifted(Scope.ALL)
    assert standing.on("alice", "care") == stop(Scope.PROJECT, "care").refusal
    assert standing.on("alice", "other") == stop(Scope.PERSON, "alice").refusal
    assert standing.lifted(Scope.PERSON, "alice").on("alice", "other") is None


def test_the_first_of_two_halts_on_one_thing_stands() -> None:
    again = stops((Scope.PROJECT, "care")).stopped(Stop(Scope.PROJECT, "care", "x", "2027-01-01T00:00:00+00:00", "y"))
    assert again.at(Scope.PROJECT, "care") == stop(Scope.PROJECT, "care")


def test_the_refusal_says_since_when() -> None:
    assert "since 2026-05-01 08:30 (UTC)" in str(stop(Scope.PROJECT, "care").refusal.reason)
