"""Open workspaces as the log tells them: since when, warned, closing, and how they were closed last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.events.log import EventLog
from hub.events.state import fold
from hub.running import closed, folders, running
from tests.hub.enclave import add_person, issue_permit, permit

NOON = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    moments = iter(NOON + timedelta(minutes=minute) for minute in range(100))
    log = EventLog(tmp_path / "log.db", lambda: next(moments))
    for name in ("alice", "amir"):
        add_person(log, name)
    for project in ("care", "cost"):
        issue_permit(log, permit(project, researchers=("alice", "amir")))
    for person, project in (("alice", "care"), ("amir", "care"), ("alice", "cost")):
        log.append(person, "session.started", project, {})
    return log


def test_the_longest_open_comes_first_and_knows_since_when(log: EventLog) -> None:
    found = running(fold(log.read()), NOON)
    assert [(each.person, each.project) for each in found] == [("alice", "care"), ("amir", "care"), ("alice", "cost")]
    assert found[0].since == NOON + timedelta(minutes=4)
    assert [(each.warned, each.refusal) for each in found] == [(None, None)] * 3


def test_a_warning_and_what_closes_it_are_told(log: EventLog) -> None:
    until = NOON + timedelta(hours=1)
    log.append("hub", "session.idle", "care", {"person": "alice", "until": until.isoformat()})
    log.append("opal", "access.halted", "", {"scope": "person", "name": "amir", "why": "x"})
    alice, amir, other = running(fold(log.read()), NOON)
    assert alice.warned is not None
    assert alice.warned.until == until
    assert amir.refusal is not None
    assert amir.refusal.rule == "halt.person"
    assert (other.warned, other.refusal) == (None, None)


def test_how_full_folders_were_is_kept_from_the_last_opening_that_told_it(log: EventLog) -> None:
    assert folders(fold(log.read())) == ()
    for used in (3, 7):
        log.append("amir", "session.started", "care", {"used_mb": {"/home/researcher": used, "/outbox": 1}})
    log.append("amir", "session.started", "care", {})  # a launcher of a site without quotas tells nothing
    (found,) = folders(fold(log.read()))
    assert (found.person, found.project) == ("amir", "care")
    assert found.filled.used_mb == {"/home/researcher": 7, "/outbox": 1}


def test_who_closed_it_is_told_until_it_is_open_again(log: EventLog) -> None:
    log.append("hub", "session.stopped", "care", {"person": "alice", "rule": "session.idle"})
    log.append("amir", "session.stopped", "care", {"person": "amir"})
    state = fold(log.read())
    assert [(each.person, each.closing.rule) for each in closed(state)] == [("amir", ""), ("alice", "session.idle")]
    assert [(each.person, each.project) for each in running(state, NOON)] == [("alice", "cost")]
    log.append("alice", "session.started", "care", {})
    assert [each.person for each in closed(fold(log.read()))] == ["amir"]
