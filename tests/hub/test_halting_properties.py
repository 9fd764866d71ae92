"""Whatever happened in whatever order: after a halt nothing is granted, and stopping never grants anything."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.events.chain import Event
from hub.events.state import Enclave, fold
from hub.opening import opening
from hub.policy.verdict import Grant
from hub.workspace import Workspace
from tests.hub.policy.permits import a_permit

PEOPLE, PROJECTS = ("alice", "bob"), ("care", "cost")
FIRST = date(2026, 3, 1)
DAYS = st.integers(-2, 40).map(lambda days: FIRST + timedelta(days=days))
WORKSPACES = [Workspace(person, project) for person in PEOPLE for project in PROJECTS]

UNTIMED = settings(deadline=None)  # a loaded machine is no finding

person = st.sampled_from(PEOPLE)
project = st.sampled_from(PROJECTS)
scope_and_name = st.one_of(
    st.just(("all", "")), st.tuples(st.just("project"), project), st.tuples(st.just("person"), person)
)


def happened(kind: str, at: str = "", actor: str = "admin", **body: object) -> Event:
    return Event(1, "2026-03-05T10:00:00.000+00:00", actor, kind, at, body, "", "")


def issued(name: str, people: list[str], days: int) -> Event:
    members = [{"person": each, "role": "researcher"} for each in people]
    until = FIRST + timedelta(days=days)
    permit = a_permit(project=name, persons=members, valid_from=FIRST, valid_until=until)
    return happened("permit.issued", name, permit=permit.model_dump_json())


added = person.map(lambda name: happened("person.added", person={"id": name, "name": name}))
removed = person.map(lambda name: happened("person.removed", person=name, why="left"))
permits = st.builds(issued, project, st.lists(person, min_size=1, unique=True), st.integers(0, 30))
ended = project.map(lambda name: happened("permit.ended", name, why="over"))
halted = scope_and_name.map(lambda on: happened("access.halted", scope=on[0], name=on[1], why="incident"))
resumed = scope_and_name.map(lambda on: happened("access.resumed", scope=on[0], name=on[1], why="clear"))
sessions = st.builds(
    lambda kind, who, where: happened(kind, where, who),
    st.sampled_from(["session.started", "session.stopped"]),
    person,
    project,
)
STOPPING = st.one_of(removed, ended, halted)
HISTORY = st.lists(st.one_of(added, permits, removed, ended, halted, resumed, sessions), max_size=25)
# Histories in which something opens, to begin with.
OPENED = [
    *(happened("person.added", person={"id": name, "name": name}) for name in PEOPLE),
    *(issued(name, list(PEOPLE), 30) for name in PROJECTS),
]


def granted(enclave: Enclave, day: date) -> set[Workspace]:
    return {each for each in WORKSPACES if isinstance(opening(each, enclave, day), Grant)}


def reaches(event: Event, workspace: Workspace) -> bool:
    match event.kind, event.body.get("scope"):
        case "access.halted", "all":
            return True
        case "access.halted", "project":
            return event.body["name"] == workspace.project
        case "access.halted", _:
            return event.body["name"] == workspace.person
        case "person.removed", _:
            return event.body["person"] == workspace.person
        case _:
            return event.project == workspace.project


def undoes(later: Event, stop: Event) -> bool:
    match stop.kind:
        case "access.halted":
            same = (later.body.get("scope"), later.body.get("name")) == (stop.body["scope"], stop.body["name"])
            return later.kind == "access.resumed" and same
        case "person.removed":
            return later.kind == "person.added" and later.body["person"]["id"] == stop.body["person"]
        case _:
            return later.kind == "permit.issued" and later.project == stop.project


@UNTIMED
@given(HISTORY, STOPPING, HISTORY, DAYS)
def test_nothing_that_was_stopped_is_granted_before_it_is_undone(
    before: list[Event], stop: Event, after: list[Event], day: date
) -> None:
    after = [event for event in after if not undoes(event, stop)]
    allowed = granted(fold([*OPENED, *before, stop, *after]), day)
    assert [each for each in allowed if reaches(stop, each)] == []


@UNTIMED
@given(HISTORY, STOPPING, DAYS)
def test_a_stop_takes_what_it_reaches_and_nothing_else(before: list[Event], stop: Event, day: date) -> None:
    enclave = fold([*OPENED, *before])
    expected = {each for each in granted(enclave, day) if not reaches(stop, each)}
    assert granted(fold([stop], enclave), day) == expected


@UNTIMED
@given(HISTORY, DAYS)
def test_after_its_last_day_nothing_of_a_permit_is_granted(history: list[Event], day: date) -> None:
    enclave = fold([*OPENED, *history])
    for workspace in granted(enclave, day):
        permit = enclave.permits[workspace.project]
        assert permit.valid_from <= day <= permit.valid_until


@UNTIMED
@given(HISTORY, st.integers(0, 25))
def test_the_state_is_a_fold_wherever_it_is_cut(history: list[Event], cut: int) -> None:
    assert fold(history[cut:], fold(history[:cut])) == fold(history)


@UNTIMED
@given(HISTORY)
def test_a_workspace_is_open_when_its_last_event_opened_it(history: list[Event]) -> None:
    last = {(event.actor, event.project): event.kind for event in history if event.kind.startswith("session.")}
    assert set(fold(history).sessions) == {key for key, kind in last.items() if kind == "session.started"}
