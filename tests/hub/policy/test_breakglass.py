"""Break-glass: who may take which step when, and that no order of events gives an act to one person alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.events.breakglass import fold, next_id
from hub.events.chain import Event
from hub.policy.breakglass import BreakGlass, Emergency, Stage, may_ask, may_confirm, may_end, may_use
from hub.policy.model import Person
from hub.policy.stops import Scope, Stop, Stops
from hub.policy.verdict import Act, Grant, Refusal
from tests.hub.policy.permits import RAW, a_permit

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
HOUR, TICK = timedelta(hours=1), timedelta(microseconds=1)
PERMIT = a_permit(
    persons=[
        *RAW["persons"],
        {"person": "opal", "role": "operator"},
        {"person": "olga", "role": "operator"},
        {"person": "vera", "role": "oversight"},
        {"person": "both", "role": "operator"},
        {"person": "both", "role": "researcher"},
    ]
)
NOBODY = Stops()
ASKED = BreakGlass("bg-1", Emergency.QUARANTINE, "care", "opal", "an attack", NOW, NOW + HOUR)
CONFIRMED = replace(ASKED, stage=Stage.CONFIRMED, confirmed_by="vera")


def person(name: str) -> Person | None:
    return Person(id=name, name=name) if name else None


def rule(verdict: Grant | Refusal) -> str:
    return verdict.rule if isinstance(verdict, Refusal) else ""


def stopped(scope: Scope, name: str) -> Stops:
    return NOBODY.stopped(Stop(scope, name, "x", NOW.isoformat(), "y"))


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("opal", ""),
        ("vera", "permit.not_named"),
        ("alice", "permit.not_named"),
        ("stranger", "permit.not_named"),
        ("", "person.unknown"),
        ("both", "roles.exclusive"),
    ],
)
def test_only_an_operator_of_the_project_asks(who: str, expected: str) -> None:
    assert rule(may_ask(person(who), PERMIT, HOUR, HOUR, NOBODY)) == expected


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (timedelta(0), "breakglass.duration"),
        (-HOUR, "breakglass.duration"),
        (TICK, ""),
        (4 * HOUR - TICK, ""),
        (4 * HOUR, ""),
        (4 * HOUR + TICK, "breakglass.duration"),
    ],
)
def test_it_is_asked_for_no_longer_than_the_policy_says(duration: timedelta, expected: str) -> None:
    assert rule(may_ask(person("opal"), PERMIT, duration, 4 * HOUR, NOBODY)) == expected


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("olga", ""),
        ("vera", ""),
        ("opal", "breakglass.own"),
        ("alice", "permit.not_named"),
        ("carol", "permit.not_named"),
        ("dora", "permit.not_named"),
        ("both", "roles.exclusive"),
        ("", "person.unknown"),
    ],
)
def test_another_operator_or_oversight_confirms(who: str, expected: str) -> None:
    assert rule(may_confirm(ASKED, person(who), PERMIT, NOW, NOBODY)) == expected


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (Stage.ASKED, ""),
        (Stage.CONFIRMED, "breakglass.confirmed"),
        (Stage.USED, "breakglass.used"),
        (Stage.ENDED, "breakglass.ended"),
    ],
)
def test_what_waits_is_confirmed_once(stage: Stage, expected: str) -> None:
    assert rule(may_confirm(replace(ASKED, stage=stage), person("vera"), PERMIT, NOW, NOBODY)) == expected


@pytest.mark.parametrize(
    ("act", "project", "who", "expected"),
    [
        (Emergency.QUARANTINE, "care", "opal", ""),
        (Emergency.FOLDERS, "care", "opal", "breakglass.other_act"),
        (Emergency.QUARANTINE, "cost", "opal", "breakglass.other_act"),
        (Emergency.QUARANTINE, "care", "olga", "breakglass.other_person"),
        (Emergency.QUARANTINE, "care", "vera", "permit.not_named"),
        (Emergency.QUARANTINE, "care", "alice", "permit.not_named"),
    ],
)
def test_who_asked_does_that_act_on_that_project_and_nothing_else(
    act: Emergency, project: str, who: str, expected: str
) -> None:
    verdict = may_use(CONFIRMED, act, project, person(who), PERMIT, NOW, NOBODY)
    assert rule(verdict) == expected
    if not expected:
        assert verdict == Grant(Act.BREAK_GLASS, "opal", "care", "permit.operator")


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (Stage.ASKED, "breakglass.unconfirmed"),
        (Stage.CONFIRMED, ""),
        (Stage.USED, "breakglass.used"),
        (Stage.ENDED, "breakglass.ended"),
    ],
)
def test_it_is_used_once_and_after_its_confirmation(stage: Stage, expected: str) -> None:
    glass = replace(CONFIRMED, stage=stage)
    assert rule(may_use(glass, glass.act, "care", person("opal"), PERMIT, NOW, NOBODY)) == expected


@pytest.mark.parametrize(("after", "expired"), [(HOUR - TICK, False), (HOUR, True), (HOUR + TICK, True)])
def test_it_expires(after: timedelta, expired: bool) -> None:
    at = NOW + after
    expected = "breakglass.expired" if expired else ""
    assert rule(may_confirm(ASKED, person("vera"), PERMIT, at, NOBODY)) == expected
    assert rule(may_use(CONFIRMED, CONFIRMED.act, "care", person("opal"), PERMIT, at, NOBODY)) == expected
    assert rule(may_end(CONFIRMED, person("vera"), PERMIT, at, NOBODY)) == ("breakglass.over" if expired else "")
    assert CONFIRMED.stage_at(at) == ("expired" if expired else "confirmed")


@pytest.mark.parametrize(
    ("scope", "name", "expected"),
    [
        (Scope.PROJECT, "care", ""),
        (Scope.ALL, "", ""),
        (Scope.PERMIT, "care", ""),
        (Scope.PERSON, "opal", "halt.person"),
        (Scope.PERSON, "olga", ""),
    ],
)
def test_it_works_while_its_project_is_halted_and_not_for_who_is(scope: Scope, name: str, expected: str) -> None:
    stops = stopped(scope, name)
    assert rule(may_ask(person("opal"), PERMIT, HOUR, HOUR, stops)) == expected
    assert rule(may_use(CONFIRMED, CONFIRMED.act, "care", person("opal"), PERMIT, NOW, stops)) == expected


# Whatever stands in the log


NAMES = ("opal", "olga", "vera", "alice")
step = st.tuples(
    st.sampled_from(["asked", "confirmed", "used", "ended"]),
    st.sampled_from(NAMES),
    st.sampled_from(["bg-1", "bg-2"]),
    st.sampled_from(["care", "cost"]),
    st.integers(0, 5),
)


def happened(step: tuple[str, str, str, str, int], minute: int) -> Event:
    kind, actor, identity, project, length = step
    at = NOW + timedelta(minutes=minute)
    body = {"id": identity, "act": "quarantine", "why": "x", "until": (at + timedelta(minutes=length)).isoformat()}
    return Event(minute, at.isoformat(), actor, f"breakglass.{kind}", project, body, "", "")


@settings(deadline=None)
@given(st.lists(step, max_size=14))
def test_nothing_is_used_without_a_second_person_in_time_and_in_order(
    steps: list[tuple[str, str, str, str, int]],
) -> None:
    events = [happened(each, minute) for minute, each in enumerate(steps)]
    for glass in fold(events).values():
        mine = [event for event in events if (event.body["id"], event.project) == (glass.id, glass.project)]
        if glass.stage not in {Stage.CONFIRMED, Stage.USED}:
            continue
        assert glass.confirmed_by not in {"", glass.by}
        said = [event for event in mine if event.kind == "breakglass.confirmed" and event.actor == glass.confirmed_by]
        assert any(glass.asked_at < datetime.fromisoformat(event.at) < glass.until for event in said)
        if glass.stage is Stage.USED:
            used = [event for event in mine if event.kind == "breakglass.used" and event.actor == glass.by]
            assert any(datetime.fromisoformat(event.at) < glass.until for event in used)


@settings(deadline=None)
@given(st.lists(step, max_size=14), step)
def test_what_was_used_stays_used(
    steps: list[tuple[str, str, str, str, int]], more: tuple[str, str, str, str, int]
) -> None:
    events = [happened(each, minute) for minute, each in enumerate(steps)]
    before, after = fold(events), fold([*events, happened(more, len(steps))])
    assert all(after[each.id].stage is Stage.USED for each in before.values() if each.stage is Stage.USED)
    assert next_id(before) not in before or len(before) < 2


@pytest.mark.parametrize("body", [{}, {"id": "bg-1"}, {"id": "bg-1", "act": "root", "why": "x", "until": "soon"}])
def test_what_cannot_be_read_grants_nothing(body: dict[str, str]) -> None:
    assert fold([Event(1, NOW.isoformat(), "opal", "breakglass.asked", "care", body, "", "")]) == {}
