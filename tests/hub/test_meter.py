"""The reader of the edge's meter, on files and a log as they are."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from hub.alarms import Refused
from hub.daily import append
from hub.events.log import EventLog, utc_now
from hub.meter import Reader, compose
from hub.policy.alarms import Place, read_alarms
from hub.policy.files import policies_dir
from hub.policy.limits import VolumeLimits
from tests.hub.enclave import add_person, issue_permit, permit

LIMITS = VolumeLimits(alert_mb=1, keep_days=2)


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    log = EventLog(tmp_path / "log.db")
    log.append("alice", "session.started", "p", {})
    return log


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "traffic").mkdir()
    for place in Place:
        (tmp_path / "refusals" / place).mkdir(parents=True)
    return tmp_path / "traffic"


def reader_of(folder: Path, log: EventLog) -> Reader:
    return Reader(folder, folder.parent / "refusals", log, LIMITS, read_alarms())


def write(folder: Path, size: int, *, days: int = 0, end: str = "\n") -> Path:
    now = utc_now()
    path = folder / f"{now.date() - timedelta(days=days)}.jsonl"
    line = json.dumps({"at": now.timestamp() + 1, "person": "alice", "project": "p", "bytes": size})
    with path.open("a") as file:
        file.write(line + end)
    return path


def told(log: EventLog) -> list[int]:
    return [event.body["bytes"] for event in log.read() if event.kind == "session.volume"]


def test_it_tells_once_what_passed_the_limit_and_again_when_it_doubled(folder: Path, log: EventLog) -> None:
    reader = reader_of(folder, log)
    write(folder, 999_999)
    assert reader.look() == 0
    write(folder, 1)
    assert (reader.look(), reader.look()) == (1, 0)
    write(folder, 1_000_000)
    assert (reader.look(), told(log)) == (1, [1_000_000, 2_000_000])
    [event] = [event for event in log.read() if event.kind == "session.volume"][:1]
    assert (event.actor, event.project) == ("meter", "p")
    assert event.body == {"person": "alice", "session": 1, "bytes": 1_000_000, "alert_mb": 1}


def test_another_reader_counts_the_same_and_tells_nothing_again(folder: Path, log: EventLog) -> None:
    write(folder, 1_500_000)
    assert reader_of(folder, log).look() == 1
    again = reader_of(folder, log)
    assert again.look() == 0
    write(folder, 500_000)
    assert (again.look(), told(log)) == (1, [1_500_000, 2_000_000])


def test_half_a_line_waits_for_its_end(folder: Path, log: EventLog) -> None:
    reader = reader_of(folder, log)
    path = write(folder, 1_000_000, end="")
    assert reader.look() == 0
    with path.open("a") as file:
        file.write("\n")
    assert reader.look() == 1


def test_what_is_no_line_is_passed_over(folder: Path, log: EventLog, tmp_path: Path) -> None:
    path = write(folder, 400_000)
    with path.open("ab") as file:
        file.write(b'\xff\xfe\n{"at":\n[[[[\n\n')
    write(folder, 600_000)
    (folder / "notes.txt").write_text("x")
    secret = tmp_path / "secret"
    secret.write_bytes(path.read_bytes())
    (folder / f"{utc_now().date() - timedelta(days=1)}.jsonl").symlink_to(secret)
    assert reader_of(folder, log).look() == 1
    assert told(log) == [1_000_000]


def test_lines_are_kept_as_long_as_the_policy_says(folder: Path, log: EventLog) -> None:
    paths = [write(folder, 1, days=days) for days in (1, 2, 3)]
    reader_of(folder, log).look()
    assert [path.exists() for path in paths] == [True, True, False]


def test_a_log_that_does_not_answer_loses_nothing(folder: Path, log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = reader_of(folder, log)
    write(folder, 1_000_000)
    with monkeypatch.context() as broken:
        broken.setattr(log, "read", None)
        with pytest.raises(TypeError):
            reader.look()
    assert reader.look() == 1


def test_the_environment_names_what_it_reads(tmp_path: Path) -> None:
    for folder in ("events", "traffic", *(f"refusals/{place}" for place in Place)):
        (tmp_path / folder).mkdir(parents=True)
    assert compose({"BULLE_STATE": str(tmp_path), "BULLE_POLICIES": str(policies_dir())}).look() == 0
    with pytest.raises(KeyError, match="BULLE_POLICIES"):
        compose({"BULLE_STATE": str(tmp_path)})


def refuse(folder: Path, place: Place, tried: str, *, times: int = 1, person: str = "alice") -> None:
    now = utc_now()
    line = Refused(at=now.timestamp(), tried=tried, person=person, project="reste-a-charge").line
    for _ in range(times):
        append(folder.parent / "refusals" / place, now, line)


def alarms(log: EventLog) -> list[tuple[str, str, int]]:
    return [(e.body["door"], e.body["tried"], e.body["times"]) for e in log.read() if e.kind == "alarm.raised"]


@pytest.fixture
def peopled(log: EventLog) -> EventLog:
    add_person(log, "alice")
    issue_permit(log, permit("reste-a-charge"))
    return log


def test_what_was_refused_is_told_once_and_again_at_ten_times_as_many(folder: Path, peopled: EventLog) -> None:
    reader = reader_of(folder, peopled)
    refuse(folder, Place.EDGE, "files", times=9)
    assert (reader.look(), reader.look(), alarms(peopled)) == (1, 0, [("edge", "files", 9)])
    refuse(folder, Place.EDGE, "files")
    assert reader.look() == 1
    refuse(folder, Place.EDGE, "files", times=89)
    assert reader.look() == 0
    refuse(folder, Place.EDGE, "files")
    assert (reader.look(), alarms(peopled)[1:]) == (1, [("edge", "files", 10), ("edge", "files", 100)])
    [event, *_] = [event for event in peopled.read() if event.kind == "alarm.raised"]
    assert (event.actor, event.project, event.body["person"]) == ("meter", "reste-a-charge", "alice")
    assert reader_of(folder, peopled).look() == 0  # another process


def test_each_place_has_a_folder_of_its_own_and_claims_no_other(folder: Path, peopled: EventLog) -> None:
    refuse(folder, Place.GATE, "route")
    refuse(folder, Place.ENGINE, "memory")
    with (folder.parent / "refusals" / "gate" / f"{utc_now().date()}.jsonl").open("a") as file:
        file.write('{"at":1e9,"door":"engine","tried":"memory","person":"alice","project":"p"}\nno line\n')
    assert reader_of(folder, peopled).look() == 2
    assert sorted(alarms(peopled)) == [("engine", "memory", 1), ("gate", "route", 1)]


def test_a_link_is_not_written_through(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("")
    (folder.parent / "refusals" / "engine" / f"{utc_now().date()}.jsonl").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic"):
        refuse(folder, Place.ENGINE, "memory")
    assert (tmp_path / "precious").read_text() == ""
