"""The file in an open workspace's folder: there while it is open, whole, and written only when something changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from egress.notices.__main__ import AGAIN, FILE, Teller, compose
from hub.events.log import EventLog
from hub.policy.files import policies_dir, read_purposes
from hub.policy.limits import read_limits
from hub.workspace import StateLayout, Workspace
from tests.hub.enclave import issue_permit, permit

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ALICE = Workspace("alice", "care")


class House:
    def __init__(self, root: Path) -> None:
        self.layout, self.now = StateLayout(PurePosixPath(root)), NOON
        self.log = EventLog(root / "log.db", lambda: self.now)
        issue_permit(self.log, permit("care", until=NOON.date(), researchers=("alice", "amir")))
        self.folder = Path(self.layout.notices_of(ALICE))
        self.folder.mkdir(parents=True)
        self.teller = Teller(self.layout, self.log, read_purposes(), read_limits().idle, lambda: self.now)

    def told(self) -> Any:
        return json.loads((self.folder / FILE).read_text())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_who_has_a_workspace_open_is_told_and_nobody_else(house: House) -> None:
    assert (house.teller.look(), list(house.folder.iterdir())) == (0, [])
    for person in ("alice", "amir"):  # amir's folder was not made: nothing is written elsewhere
        house.log.append(person, "session.started", "care", {})
    assert house.teller.look() == 1
    assert house.told()["project"] == "care"
    assert (house.folder / FILE).stat().st_mode & 0o777 == 0o644
    assert [path.name for path in house.folder.iterdir()] == [FILE]
    assert [path.name for path in Path(house.layout.notices).glob("*/*")] == ["alice"]


def test_it_is_written_again_only_when_it_says_something_else(house: House) -> None:
    house.log.append("alice", "session.started", "care", {})
    house.teller.look()
    house.log.append("alice", "budget.exported", "care", {})
    assert house.teller.look() == 0
    until = (NOON + timedelta(minutes=9)).isoformat()
    house.log.append("hub", "session.idle", "care", {"person": "alice", "until": until})
    assert (house.teller.look(), house.told()["closing"]["at"]) == (1, until)


def test_the_clock_alone_tells_of_a_permits_end(house: House) -> None:
    house.log.append("alice", "session.started", "care", {})
    house.teller.look()
    house.now = datetime(2026, 6, 1, 23, 50, tzinfo=UTC)
    assert house.teller.look() == 1
    assert house.told()["closing"]["at"] == "2026-06-02T00:00:00+00:00"
    house.now += AGAIN / 2
    assert house.teller.look() == 0


def test_a_closed_workspace_keeps_no_notice_for_its_next_opening(house: House) -> None:
    house.log.append("alice", "session.started", "care", {})
    house.teller.look()
    house.log.append("alice", "session.stopped", "care", {"person": "alice"})
    house.teller.look()
    assert list(house.folder.iterdir()) == []


def test_a_file_that_cannot_be_written_is_tried_again(house: House) -> None:
    house.log.append("alice", "session.started", "care", {})
    blocked = house.folder / "notices.part"
    blocked.mkdir()
    with pytest.raises(OSError, match="directory"):
        house.teller.look()
    blocked.rmdir()
    assert house.teller.look() == 1


def test_it_is_composed_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    EventLog(tmp_path / "events" / "log.db").close()  # it only reads the log
    assert compose({"BULLE_STATE": str(tmp_path), "BULLE_POLICIES": str(policies_dir())}).look() == 0
    with pytest.raises(KeyError):
        compose({"BULLE_STATE": str(tmp_path)})
