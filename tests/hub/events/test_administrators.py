"""Who administers the enclave, folded from the log."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from hub.events.log import EventLog
from hub.events.state import Enclave, fold
from hub.policy.model import Person
from tests.hub.policy.permits import a_permit

WHY = {"person": "erin", "why": "head of the data office"}


def state(log: EventLog) -> Enclave:
    return fold(log.read())


def add(log: EventLog, name: str) -> None:
    log.append("admin", "person.added", "", {"person": Person(id="erin", name=name).model_dump(mode="json")})


def test_appointed_corrected_dismissed_and_removed(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log.db")
    log.append("admin", "administrator.appointed", "", WHY)
    assert state(log).administrators == frozenset()  # of somebody unknown it is nothing
    add(log, "Erin")
    log.append("admin", "administrator.appointed", "", WHY)
    add(log, "Erin Novak")
    log.append("admin", "training.recorded", "", {"person": "erin", "until": "2030-01-01"})
    assert state(log).administrators == {"erin"}
    log.append("admin", "administrator.dismissed", "", WHY)
    assert state(log).administrators == frozenset()
    log.append("admin", "administrator.appointed", "", WHY)
    log.append("admin", "person.removed", "", WHY)
    add(log, "Another Erin")
    assert state(log).administrators == frozenset()
    log.close()


def test_nobody_is_an_administrator_by_being_added_as_one(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log.db")
    log.append("admin", "person.added", "", {"person": {"id": "erin", "name": "Erin", "administrator": True}})
    assert state(log).administrators == frozenset()
    log.close()


def test_permits_run_to_their_last_day_unless_ended(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log.db")
    log.append("dora", "permit.issued", "care", {"permit": a_permit().model_dump_json()})
    days = (date(2026, 9, 29), date(2026, 9, 30), date(2026, 10, 1))
    assert [len(state(log).running(day)) for day in days] == [1, 1, 0]
    assert len(state(log).running(date(2026, 1, 1))) == 1  # to come
    log.append("dora", "permit.ended", "care", {"why": "the data holder withdrew"})
    assert [len(state(log).running(day)) for day in days] == [0, 0, 0]
    log.close()
