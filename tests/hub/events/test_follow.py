"""Following a log: each entry is verified once, the last one read is looked at again, and what is found stays found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.events.chain import Event, Tampering
from hub.events.follow import Follower
from hub.events.log import EventLog
from tests.hub.events.test_log import filled, tampered

Seen = tuple[int, ...]


def places(events: Iterable[Event], before: Seen) -> Seen:
    return (*before, *(event.seq for event in events))


def read(log: EventLog, follower: Follower[Seen]) -> Seen | Tampering:
    with log.transaction() as transaction:
        return follower.catch_up(transaction)


@pytest.fixture
def follower() -> Follower[Seen]:
    return Follower((), places)


@pytest.fixture
def log(where: str) -> Iterator[EventLog]:
    made = filled(where, 5)
    yield made
    made.close()


def test_each_entry_is_folded_once_in_order(log: EventLog, follower: Follower[Seen]) -> None:
    assert read(log, follower) == (1, 2, 3, 4, 5)
    assert read(log, follower) == (1, 2, 3, 4, 5)
    log.append("a", "person.added", "", {})
    assert read(log, follower) == (1, 2, 3, 4, 5, 6)


def test_an_empty_log_is_followed_from_its_first_entry(where: str, follower: Follower[Seen]) -> None:
    log = EventLog(where)
    assert read(log, follower) == ()
    log.append("a", "person.added", "", {})
    assert read(log, follower) == (1,)
    log.close()


def test_what_a_transaction_took_back_was_never_seen(log: EventLog, follower: Follower[Seen]) -> None:
    def taken_back() -> None:
        with log.transaction() as transaction:
            follower.catch_up(transaction)
            transaction.append("a", "person.added", "", {"first": True})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        taken_back()
    log.append("a", "person.added", "", {"second": True})
    assert read(log, follower) == (1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_a_first_reading_verifies_the_whole_chain(where: str, follower: Follower[Seen], seq: int) -> None:
    filled(where).close()
    log = tampered(where, f"UPDATE events SET actor = 'eve' WHERE seq = {seq}")
    for _ in range(2):
        found = read(log, follower)
        assert isinstance(found, Tampering)
        assert found.seq == seq
    log.close()


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE events SET actor = 'eve' WHERE seq = 5", 5),  # the last that was read
        ("UPDATE events SET digest = previous WHERE seq = 5", 5),
        ("DELETE FROM events WHERE seq >= 5", 5),  # cut back
        ("DELETE FROM events", 5),
        ("UPDATE events SET actor = 'eve' WHERE seq = 6", 6),  # not read yet
        ("DELETE FROM events WHERE seq = 6", 6),
        ("UPDATE events SET previous = digest WHERE seq = 7", 7),
    ],
)
def test_the_last_entry_read_and_all_after_it_are_verified(
    where: str, log: EventLog, follower: Follower[Seen], statement: str, seq: int
) -> None:
    assert read(log, follower) == (1, 2, 3, 4, 5)
    for _ in range(2):
        log.append("a", "person.added", "", {})
    other = tampered(where, statement)
    for _ in range(2):  # a process that found it does not forget it
        found = read(other, follower)
        assert isinstance(found, Tampering)
        assert found.seq == seq
    other.close()


def test_a_log_rewritten_from_its_start_is_refused_though_it_is_a_chain(where: str, follower: Follower[Seen]) -> None:
    log = filled(where)
    assert read(log, follower) == (1, 2, 3, 4, 5)
    log.close()
    tampered(where, "DELETE FROM events").close()
    rewritten = EventLog(where)
    for number in range(6):
        rewritten.append("eve", "person.added", "", {"number": number})
    assert rewritten.verify() is None  # a fresh reading cannot tell
    found = read(rewritten, follower)
    assert isinstance(found, Tampering)
    assert found.seq == 5
    rewritten.close()


def test_an_older_entry_changed_since_changes_nothing_here_and_is_found_by_a_fresh_reading(
    where: str, log: EventLog, follower: Follower[Seen]
) -> None:
    assert read(log, follower) == (1, 2, 3, 4, 5)
    other = tampered(where, "UPDATE events SET actor = 'eve' WHERE seq = 2")
    other.append("a", "person.added", "", {})
    assert read(other, follower) == (1, 2, 3, 4, 5, 6)
    found = read(other, Follower((), places))
    assert isinstance(found, Tampering)
    assert found.seq == 2
    verified = other.verify()
    assert verified is not None
    assert verified.seq == 2
    other.close()


def test_who_only_reads_sees_the_same_in_batches_and_keeps_no_writer_out(
    log: EventLog, follower: Follower[Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.events.follow.BATCH", 2)
    assert follower.look(log) == (1, 2, 3, 4, 5)
    with log.transaction() as transaction:
        transaction.append("a", "person.added", "", {})
        assert follower.look(log) == (1, 2, 3, 4, 5)  # what is not committed is not there
    assert follower.look(log) == (1, 2, 3, 4, 5, 6)
    assert read(log, follower) == (1, 2, 3, 4, 5, 6)


def test_readers_and_writers_in_many_threads_see_one_order(log: EventLog, follower: Follower[Seen]) -> None:
    def both(number: int) -> Seen | Tampering:
        log.append("a", "person.added", "", {"number": number})
        return follower.look(log) if number % 2 else read(log, follower)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(both, range(24)))
    assert all(isinstance(each, tuple) and each == tuple(range(1, len(each) + 1)) for each in found)
    assert follower.look(log) == tuple(range(1, 30))


def test_who_only_reads_is_told_of_a_change_too(where: str, log: EventLog, follower: Follower[Seen]) -> None:
    assert follower.look(log) == (1, 2, 3, 4, 5)
    other = tampered(where, "UPDATE events SET actor = 'eve' WHERE seq = 5")
    found = follower.look(other)
    assert isinstance(found, Tampering)
    assert found.seq == 5
    other.close()
