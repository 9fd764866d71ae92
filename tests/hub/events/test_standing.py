"""Standing as the log tells it: requirements, signatures, training, in whatever order they come."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hub.events.log import EventLog
from hub.events.state import fold
from hub.policy.standing import Requirements, standing_refusal, unsigned
from hub.policy.undertakings import read_undertakings
from hub.present import announce
from tests.hub.enclave import add_person

NOW = datetime(2026, 5, 1, 23, 59, tzinfo=UTC)
TEXT = read_undertakings()[0]
ASKED = Requirements(undertakings=(TEXT.required,), training=True)


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog(tmp_path / "log.db", lambda: NOW)


def sign(log: EventLog, person: str) -> None:
    log.append(person, "undertaking.signed", "", {"name": TEXT.name, "version": 1, "digest": TEXT.digest})


@pytest.mark.parametrize("known_first", [True, False])
def test_everybody_is_asked_whether_known_before_or_after(log: EventLog, known_first: bool) -> None:
    if known_first:
        add_person(log, "alice")
    announce(log, ASKED)
    if not known_first:
        add_person(log, "alice")
    alice = fold(log.read()).persons["alice"]
    assert unsigned(alice.standing, NOW.date()) == (TEXT.required,)


def test_a_signature_and_a_training_open_the_door_and_survive_a_new_name(log: EventLog) -> None:
    announce(log, ASKED)
    add_person(log, "alice")
    sign(log, "alice")
    sign(log, "stranger")
    log.append("ada", "training.recorded", "", {"person": "alice", "until": "2026-12-31"})
    log.append("ada", "training.recorded", "", {"person": "stranger", "until": "2026-12-31"})
    add_person(log, "alice")
    state = fold(log.read())
    assert list(state.persons) == ["alice"]
    standing = state.persons["alice"].standing
    assert standing.signed[0].day == date(2026, 5, 1)
    assert standing_refusal(standing, NOW.date()) is None
    assert standing_refusal(standing, date(2027, 1, 1)) is not None


def test_what_is_asked_is_announced_once_until_it_changes(log: EventLog) -> None:
    announce(log, ASKED)
    announce(log, ASKED)
    assert len(log.read()) == 1
    announce(log, ASKED.model_copy(update={"training": False}))
    assert [event.kind for event in log.read()] == ["people.required"] * 2
