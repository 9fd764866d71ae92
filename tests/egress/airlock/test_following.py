"""The situation as it is followed: always what folding the whole log says, and nothing once the log was changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given as property_of
from hypothesis import settings
from hypothesis import strategies as st

from egress.airlock.following import Following
from egress.airlock.situation import Situation
from egress.release.ledger import published, standing
from hub.events.chain import Event
from hub.events.log import EventLog
from hub.policy.verdict import RefusedError
from tests.egress.release.requests import (
    ALICE,
    BOB,
    CAROL,
    about,
    checked,
    decided,
    events,
    given,
    permit,
    record,
    rerun,
    submitted,
    yes,
)

OTHERS = ("costs-1", "costs-2", "costs-3")
RELEASED = about("egress", "request.released", package="5" * 64)


def renamed(act: tuple[str, str, object], request: str) -> tuple[str, str, dict[str, object]]:
    actor, kind, body = act
    return actor, kind, {**body, "request": request}  # type: ignore[dict-item]  # bodies are mappings


STEPS = [
    *(renamed(submitted(), each) for each in OTHERS),
    *(renamed(rerun(), each) for each in OTHERS),
    *(renamed(checked(record("a"), record("b")), each) for each in OTHERS),
    *(renamed(given("carol", yes("a"), yes("b")), each) for each in OTHERS),
    *(renamed(decided("a", "b"), each) for each in OTHERS),
    *(renamed(RELEASED, each) for each in OTHERS),
    renamed(about("alice", "request.withdrawn"), "costs-2"),
    ("alice", "request.refused_entry", {"entry": "x", "reason": {"text": "No."}}),
    ("admin", "person.added", {"person": BOB.model_dump()}),
    ("admin", "permit.issued", {"permit": permit().model_dump_json()}),
    ("admin", "permit.issued", {"permit": permit(source="elsewhere").model_dump_json()}),
]


def whole(log: tuple[Event, ...]) -> Situation:
    return Situation.of(log)


@settings(max_examples=60, deadline=None)
@property_of(st.lists(st.sampled_from(STEPS), max_size=24), st.lists(st.integers(0, 24), max_size=4))
def test_carried_on_in_parts_it_is_what_the_whole_log_says(
    acts: list[tuple[str, str, dict[str, object]]], cuts: list[int]
) -> None:
    log = events(*acts)
    carried = Situation()
    for begin, end in pairwise(sorted({0, *cuts, len(log)})):
        carried = carried.after(log[begin:end])
    assert carried == whole(log)
    for request in carried.requests.values():
        source = carried.source_for(request)
        held = published(carried.ledger, request, source)
        assert set(carried.published_for(request)) == set(held)
        stale = (
            any(each.request == request.id for each in carried.ledger) and standing(source, held) != request.standing
        )
        assert carried.is_stale(request) is stale


def test_what_did_not_change_stays_the_same_value(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log.db")
    following = Following(log)
    log.append("admin", "person.added", "", {"person": ALICE.model_dump()})
    first = following.look()
    assert following.look() is first
    log.append("admin", "person.added", "", {"person": CAROL.model_dump()})
    assert set(following.look().enclave.persons) == {"alice", "carol"}
    log.close()


def test_who_decides_sees_the_last_entry_and_what_failed_is_not_seen(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log.db")
    following = Following(log)

    def fails() -> None:
        with following.deciding() as (_, transaction):
            transaction.append("admin", "person.added", "", {"person": ALICE.model_dump()})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    log.append("admin", "person.added", "", {"person": CAROL.model_dump()})
    with following.deciding() as (situation, transaction):
        assert set(situation.enclave.persons) == {"carol"}
        transaction.append("admin", "person.added", "", {"person": ALICE.model_dump()})
    assert set(following.look().enclave.persons) == {"alice", "carol"}
    log.close()


def decides(following: Following) -> object:
    with following.deciding() as (situation, _):
        return situation


@pytest.mark.parametrize("act", [Following.look, decides])
@pytest.mark.parametrize("read_before", [False, True])
def test_a_log_that_was_changed_decides_nothing(
    tmp_path: Path, act: Callable[[Following], object], *, read_before: bool
) -> None:
    path = tmp_path / "log.db"
    log = EventLog(path)
    log.append("admin", "person.added", "", {"person": ALICE.model_dump()})
    following = Following(log)
    if read_before:
        following.look()
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DROP TRIGGER events_no_update")
        other.execute("UPDATE events SET actor = 'eve'")
    with pytest.raises(RefusedError) as refused:
        act(following)
    assert refused.value.refusal.rule == "log.changed"
    log.close()
