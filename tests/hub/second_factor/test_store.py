"""What verifies second factors is unreadable without the hub's key, and bound to its person."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from hub.policy.verdict import Refusal
from hub.second_factor.model import WRONG_CODE, App, Held, Key
from hub.second_factor.store import Store, StoreError, read_key

APP, KEY = App("a1", "GEZDGNBVGY3TQOJQ", 7), Key("k1", "Y3JlZA", "cHVi", 3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "second-factors.db"


@pytest.fixture
def store(path: Path) -> Store:
    return Store(path, b"k" * 32)


def test_what_is_put_is_held_by_that_person_only(store: Store) -> None:
    store.put("alice", APP)
    store.put("alice", KEY)
    assert store.held("alice") == (APP, KEY)
    assert store.held("bob") == ()
    store.keep_only("alice", frozenset({"k1"}))
    assert store.held("alice") == (KEY,)


def test_the_file_tells_no_secret_and_belongs_to_the_hub_alone(store: Store, path: Path) -> None:
    store.put("alice", APP)
    assert APP.secret.encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert APP.secret not in repr(APP)


def test_another_key_reads_nothing(store: Store, path: Path) -> None:
    store.put("alice", APP)
    with pytest.raises(StoreError):
        Store(path, b"x" * 32).held("alice")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE held SET person = 'mallory'",
        "UPDATE held SET id = 'a2'",
        "UPDATE held SET sealed = zeroblob(60)",
        "UPDATE held SET sealed = x''",
        "UPDATE held SET sealed = 'text'",
    ],
)
def test_a_row_that_was_moved_or_changed_is_not_read(store: Store, path: Path, change: str) -> None:
    store.put("alice", APP)
    with sqlite3.connect(path) as database:
        database.execute(change)
    database.close()
    with pytest.raises(StoreError):
        store.held("mallory" if "mallory" in change else "alice")


def test_of_two_uses_at_once_the_second_sees_the_first(store: Store) -> None:
    store.put("alice", APP)

    def use_once(held: tuple[Held, ...]) -> Held | Refusal:
        [app] = held
        assert isinstance(app, App)
        return replace(app, last_step=8) if app.last_step < 8 else WRONG_CODE

    verdicts: list[Held | Refusal] = []
    threads = [threading.Thread(target=lambda: verdicts.append(store.use("alice", use_once))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(verdict, App) for verdict in verdicts) == 1


def test_a_refusal_changes_nothing(store: Store) -> None:
    store.put("alice", APP)
    assert store.use("alice", lambda _: WRONG_CODE) == WRONG_CODE
    assert store.held("alice") == (APP,)


@pytest.mark.parametrize(
    ("text", "good"), [("0f" * 32, True), ("0f" * 32 + "\n", True), ("0f" * 31, False), ("", False)]
)
def test_the_hubs_key_is_32_bytes(tmp_path: Path, text: str, good: bool) -> None:
    file = tmp_path / "factor-key"
    file.write_text(text)
    if good:
        assert read_key(file) == b"\x0f" * 32
    else:
        with pytest.raises(ValueError, match="64 hexadecimal digits"):
            read_key(file)
