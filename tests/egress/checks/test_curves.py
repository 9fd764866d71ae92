"""Survival curves: steps join until none is about few persons. Boundary triples, a planted curve, any curve."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.checks import curves
from egress.checks.curves import Step, coarsened
from egress.checks.model import Outcome
from tests.egress.query.extracts import rules

LEAST = 11


def steps(persons: int, *happened: tuple[int, int]) -> tuple[Step, ...]:
    """One step per pair of events and censored, at times 1, 2, …; the curve falls with the events."""
    made, left, value = [], persons, 1.0
    for time, (events, censored) in enumerate(happened, start=1):
        value *= 1 - events / left
        left -= events + censored
        made.append(Step(time, left, events, censored, value, value, value))
    return tuple(made)


def shown(persons: int, *happened: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    found = coarsened(persons, steps(persons, *happened), LEAST)
    return [(step.time, step.at_risk, step.events, step.censored) for step in found]


@pytest.mark.parametrize(("events", "leaves"), [(10, False), (11, True), (12, True)])
def test_events_of_a_step(events: int, leaves: bool) -> None:
    assert bool(shown(100, (events, 0))) is leaves


@pytest.mark.parametrize(("censored", "leaves"), [(0, True), (1, False), (10, False), (11, True), (12, True)])
def test_censored_follow_from_two_numbers_at_risk(censored: int, leaves: bool) -> None:
    assert bool(shown(100, (20, censored))) is leaves


@pytest.mark.parametrize(("left", "leaves"), [(0, False), (10, False), (11, True), (12, True)])
def test_persons_still_at_risk(left: int, leaves: bool) -> None:
    assert bool(shown(20 + left, (20, 0))) is leaves


@pytest.mark.parametrize(("persons", "shows"), [(10, False), (11, True), (12, True)])
def test_persons_at_the_start(persons: int, shows: bool) -> None:
    found = curves.check([persons], [()], [steps(100, (20, 0))], rules())
    assert (found[0].outcome is Outcome.PASS) is shows


def test_a_planted_curve() -> None:
    """Steps of 4 events join in threes; the censored of one hold it open; the tail is cut before few are at risk."""
    happened = ((4, 0), (4, 0), (4, 0), (12, 3), (0, 9), (15, 0), (30, 0), (5, 0))
    assert shown(97, *happened) == [(3, 85, 12, 0), (5, 61, 12, 12), (6, 46, 15, 0), (7, 16, 30, 0)]
    last = coarsened(97, steps(97, *happened), LEAST)[-1]
    assert last.value == steps(97, *happened)[6].value


PAIRS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=12)


@given(st.integers(0, 60), PAIRS, st.integers(1, 15))
def test_whatever_is_shown_is_about_enough(spare: int, happened: list[tuple[int, int]], least: int) -> None:
    persons = sum(map(sum, happened)) + spare + 1
    before = persons
    for step in coarsened(persons, steps(persons, *happened), least):
        assert step.events >= least
        assert step.censored == 0 or step.censored >= least
        assert step.at_risk >= least
        assert before - step.at_risk == step.events + step.censored
        before = step.at_risk


def test_a_curve_of_which_nothing_is_left_is_refused() -> None:
    found = curves.check([100], [steps(100, (5, 0))], [()], rules())
    assert [finding.outcome for finding in found] == [Outcome.FAIL]


def test_what_was_joined_is_told() -> None:
    fine = steps(100, (6, 0), (6, 0))
    *_, finding = curves.check([100], [fine], [coarsened(100, fine, LEAST)], rules())
    assert finding.outcome is Outcome.PASS
    assert finding.remedy is not None
    assert finding.remedy.values["steps"] == 1
