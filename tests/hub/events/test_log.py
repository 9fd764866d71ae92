"""The sealed log: what is appended stays a chain, and what was touched is found and named."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from hub.events.chain import GENESIS
from hub.events.kinds import KINDS
from hub.events.log import EventLog

NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def filled(where: str, entries: int = 5) -> EventLog:
    log = EventLog(where, clock=lambda: NOW)
    for number in range(entries):
        log.append("admin", "person.added", "", {"person": {"id": f"p{number}", "name": "Zoé"}})
    return log


def test_what_is_appended_is_read_back_in_order(where: str) -> None:
    log = filled(where)
    events = log.read()
    assert [event.seq for event in events] == [1, 2, 3, 4, 5]
    assert events[0].previous == GENESIS
    assert [event.previous for event in events[1:]] == [event.digest for event in events[:-1]]
    assert events[3].body == {"person": {"id": "p3", "name": "Zoé"}}
    assert log.head() == events[-1].digest
    assert [event.seq for event in log.read(after=3)] == [4, 5]
    log.append("alice", "login.accepted", "", {})
    assert [event.seq for event in log.read(kinds="login.")] == [6]
    assert log.read(kinds="login_") == log.read(kinds="%") == ()
    assert log.verify() is None
    log.close()


def test_an_empty_log_verifies_and_has_the_genesis_head(where: str) -> None:
    log = EventLog(where)
    assert log.read() == ()
    assert log.head() == GENESIS
    assert log.verify() is None
    assert log.verify(GENESIS) is None
    log.close()


def test_time_is_written_in_utc_whatever_the_clock_says(where: str) -> None:
    paris = NOW.astimezone(timezone(timedelta(hours=2)))
    log = EventLog(where, clock=lambda: paris)
    assert log.append("a", "person.added", "", {}).at == "2026-01-02T03:04:05.678+00:00"
    log.close()


def test_a_kind_that_is_not_listed_is_refused_and_leaves_nothing(where: str) -> None:
    log = filled(where, 1)
    with pytest.raises(ValueError, match=r"person\.vanished"):
        log.append("admin", "person.vanished", "", {})
    assert len(log.read()) == 1
    log.close()


def test_an_exception_in_a_transaction_appends_nothing(where: str) -> None:
    log = filled(where, 2)

    def fail_half_way() -> None:
        with log.transaction() as transaction:
            transaction.append("admin", "person.added", "", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert len(log.read()) == 2
    assert log.verify() is None
    log.close()


def test_every_kind_can_be_appended_and_says_what_it_means(where: str) -> None:
    log = EventLog(where)
    for kind, meaning in KINDS.items():
        assert meaning
        log.append("a", kind, "p", {})
    assert log.verify() is None
    log.close()


def _append_many(where: str, actor: str) -> None:
    log = EventLog(where)
    for number in range(15):
        log.append(actor, "person.added", "", {"number": number})
    log.close()


def test_four_processes_append_one_chain(where: str) -> None:
    EventLog(where).close()
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_append_many, args=(where, f"actor{place}")) for place in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    log = EventLog(where)
    events = log.read()
    assert len(events) == 60
    assert log.verify() is None
    for place in range(4):  # nobody's entries were lost or swapped
        assert [event.body["number"] for event in events if event.actor == f"actor{place}"] == list(range(15))
    log.close()


def tampered(where: str, *statements: str) -> EventLog:
    """The log after somebody with write access to the database went past the triggers."""
    engine = create_engine(where)
    with engine.begin() as connection:
        if where.startswith("sqlite"):
            connection.execute(text("DROP TRIGGER events_no_update"))
            connection.execute(text("DROP TRIGGER events_no_delete"))
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
    return EventLog(where)


TAMPERINGS = [
    pytest.param(("UPDATE events SET body = '{}' WHERE seq = 3",), 3, "changed", id="changed body"),
    pytest.param(("UPDATE events SET actor = 'eve' WHERE seq = 1",), 1, "changed", id="changed actor of the first"),
    pytest.param(
        ("UPDATE events SET kind = 'login.accepted' WHERE seq = 5",), 5, "changed", id="changed kind of the last"
    ),
    pytest.param(("UPDATE events SET at = '2020-01-01' WHERE seq = 2",), 2, "changed", id="changed time"),
    pytest.param(("UPDATE events SET project = 'x' WHERE seq = 4",), 4, "changed", id="changed project"),
    pytest.param(("UPDATE events SET body = 'not json' WHERE seq = 3",), 3, "changed", id="body that is no JSON"),
    pytest.param(("UPDATE events SET body = '[1]' WHERE seq = 3",), 3, "changed", id="body that is no object"),
    pytest.param(("UPDATE events SET body = '{\"a\": NaN}' WHERE seq = 3",), 3, "changed", id="body with NaN"),
    pytest.param(("UPDATE events SET digest = previous WHERE seq = 2",), 2, "changed", id="changed digest"),
    pytest.param(("UPDATE events SET previous = digest WHERE seq = 4",), 4, "follow", id="changed link"),
    pytest.param(("DELETE FROM events WHERE seq = 1",), 1, "missing", id="removed first"),
    pytest.param(("DELETE FROM events WHERE seq = 3",), 3, "missing", id="removed"),
    pytest.param(
        (
            "DELETE FROM events WHERE seq = 3",
            "UPDATE events SET seq = 3 WHERE seq = 4",
            "UPDATE events SET seq = 4 WHERE seq = 5",
        ),
        3,
        "follow",
        id="removed and renumbered",
    ),
    pytest.param(
        (
            "UPDATE events SET seq = 99 WHERE seq = 2",
            "UPDATE events SET seq = 2 WHERE seq = 3",
            "UPDATE events SET seq = 3 WHERE seq = 99",
        ),
        2,
        "follow",
        id="reordered",
    ),
    pytest.param(
        (
            "UPDATE events SET seq = seq + 100 WHERE seq >= 3",
            "UPDATE events SET seq = seq - 99 WHERE seq > 100",
            "INSERT INTO events SELECT 3, at, actor, kind, project, body, previous, digest FROM events WHERE seq = 2",
        ),
        3,
        "follow",
        id="inserted copy",
    ),
]


@pytest.mark.parametrize(("statements", "place", "why"), TAMPERINGS)
def test_tampering_is_found_and_the_first_bad_entry_named(
    where: str, statements: tuple[str, ...], place: int, why: str
) -> None:
    filled(where).close()
    log = tampered(where, *statements)
    found = log.verify()
    assert found is not None
    assert found.seq == place
    assert why in str(found.why)
    assert str(place) in str(found.why)
    log.close()


def test_a_cut_off_tail_is_found_only_with_a_head_kept_elsewhere(where: str) -> None:
    log = filled(where)
    head = log.head()
    log.close()
    log = tampered(where, "DELETE FROM events WHERE seq >= 4")
    assert log.verify() is None  # what is left is a chain: that is why the head is kept elsewhere
    found = log.verify(head)
    assert found is not None
    assert found.seq == 4
    log.close()


def test_a_log_rewritten_from_its_start_is_found_with_the_head(where: str, tmp_path: Path) -> None:
    log = filled(where)
    head = log.head()
    log.close()
    other = EventLog(tmp_path / "rewritten.db", clock=lambda: NOW)
    for number in range(5):
        other.append("eve", "person.added", "", {"person": {"id": f"p{number}", "name": "Zoé"}})
    assert other.verify() is None
    assert other.verify(head) is not None
    other.close()


def test_an_older_head_is_still_in_a_log_that_grew(where: str) -> None:
    log = filled(where)
    heads = [event.digest for event in log.read()]
    log.append("admin", "person.added", "", {})
    assert all(log.verify(head) is None for head in heads)
    log.close()


@pytest.mark.parametrize("statement", ["UPDATE events SET actor = 'eve'", "DELETE FROM events WHERE seq = 5"])
def test_sqlite_refuses_changes_that_do_not_go_past_its_triggers(tmp_path: Path, statement: str) -> None:
    filled(f"sqlite:///{tmp_path / 'log.db'}").close()
    engine = create_engine(f"sqlite:///{tmp_path / 'log.db'}")
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.mark.parametrize("column", ["at", "actor", "kind", "project", "body", "previous", "digest"])
@pytest.mark.parametrize("value", [b"\xff\xfe", 7, 1.5, b"{}"])
def test_a_value_of_another_type_in_sqlite_is_found_and_does_not_stop_the_reader(
    tmp_path: Path, column: str, value: object
) -> None:
    path = tmp_path / "log.db"
    filled(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER events_no_update")
    connection.execute(f"UPDATE events SET {column} = ? WHERE seq = 3", (value,))
    connection.commit()
    connection.close()
    log = EventLog(path)
    found = log.verify()
    assert found is not None
    assert found.seq == 3
    log.close()


def test_a_path_is_a_sqlite_log(tmp_path: Path) -> None:
    make: Callable[[], EventLog] = lambda: EventLog(tmp_path / "with space %20.db")  # noqa: E731 -- used twice
    log = make()
    log.append("a", "person.added", "", {})
    log.close()
    again = make()
    assert len(again.read()) == 1
    again.close()
    assert (tmp_path / "with space %20.db").is_file()
