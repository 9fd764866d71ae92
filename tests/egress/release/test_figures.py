"""Figures against requests whose delays were planted: whole minutes, turns, an appeal, a recall."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from egress.release.figures import Came, figures, took
from egress.release.fold import fold
from hub.events.chain import Event
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

MINUTE = timedelta(minutes=1)
Act = tuple[str, str, Mapping[str, Any]]


def of(*acts: Act) -> Any:
    return figures(fold(events(*acts)).values(), {"costs": "not-checked-yet"})


@pytest.mark.parametrize(("count", "p90"), [(1, 1), (9, 9), (10, 9), (11, 10), (20, 18)])
def test_nine_in_ten_took_no_longer(count: int, p90: int) -> None:
    found = took([None, *(MINUTE * number for number in range(count, 0, -1))])
    assert (found.cases, found.p90) == (count, MINUTE * p90)
    assert found.median == MINUTE * (count + 1) / 2


def test_without_a_case_nothing_is_told() -> None:
    assert (took([]).cases, took([None]).median, took([]).p90) == (0, None, None)


def test_each_turn_is_counted_with_its_own_delays() -> None:
    found = of(
        submitted(),
        rerun(),
        checked(record("a")),
        given("carol", change("a")),
        decided(changes=("a",)),
        resubmitted(),
        rerun(),
        checked(record("a")),
        given("carol", yes("a"), minutes=7),
        decided("a"),
    )
    (group,) = found.groups
    assert (group.month, group.rules, group.turns) == ("2026-06", "health-fr", 2)
    assert (group.verdict.cases, group.verdict.median) == (2, 2 * MINUTE)
    assert (group.first_review.median, group.decision.median) == (3 * MINUTE, 4 * MINUTE)
    assert group.came == {Came.RETURNED: 1, Came.APPROVED: 1}
    assert found.turns == {2: 1}
    assert [(load.checker, load.reviews, load.minutes) for load in found.loads] == [("carol", 2, 7)]


def test_what_is_open_and_what_the_machine_refused() -> None:
    assert of(submitted()).groups[0].came == {Came.OPEN: 1}
    assert of(submitted()).groups[0].rules == "not-checked-yet"
    (refused,) = of(submitted(), rerun(), about("egress", "request.refused", reasons=[])).groups
    assert refused.came == {Came.REFUSED: 1}
    assert (refused.verdict.median, refused.decision.cases) == (2 * MINUTE, 0)


def test_an_appeal_is_counted_by_what_came_of_it() -> None:
    rejected = (submitted(), rerun(), checked(record("a")), given("carol", no("a")), decided(rejected=("a",)))
    assert of(*rejected).appeals == {}
    appealed = (*rejected, about("alice", "request.appealed", why="Look again."))
    assert of(*appealed).appeals == {Came.OPEN: 1}
    assert of(*appealed, given("dora", yes("a")), decided("a")).appeals == {Came.APPROVED: 1}


def test_months_are_those_of_the_submission_newest_first() -> None:
    first = events(submitted("costs-1"))
    later = tuple(Event(9, "2026-07-02T08:00:00.000+00:00", *each) for each in [parts(submitted("costs-2"))])
    found = figures(fold((*first, *later)).values(), {"costs": "r"})
    assert [group.month for group in found.groups] == ["2026-07", "2026-06"]


def parts(act: Act) -> tuple[str, str, str, Mapping[str, Any], str, str]:
    return act[0], act[1], "costs", act[2], "", ""
