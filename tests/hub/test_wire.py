"""Questions over a unix socket: who asks, how much, how long."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hub import wire
from hub.wire import ANSWER, MAX_QUESTION, OUTPUT, Line, Listener, WireError, ask

Heard = list[tuple[int, bytes | None]]


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[Heard]:
    """A listener at tmp_path/socket that answers with what it heard; `"loud"` gets output first."""
    questions: Heard = []

    def answer(line: Line, user: int, question: bytes | None) -> None:
        questions.append((user, question))
        if question == b'{"say": "loud"}':
            line.send(OUTPUT, b"one")
            line.send(OUTPUT, b"two")
        if question == b'{"say": "nothing"}':
            return
        line.send(ANSWER, json.dumps({"heard": None if question is None else len(question)}).encode())

    listener = Listener(tmp_path / "socket", os.getgid(), answer)
    thread = threading.Thread(target=listener.serve, daemon=True)
    thread.start()
    yield questions
    listener.close()
    thread.join(5)
    assert not thread.is_alive()


def test_a_question_is_answered_and_the_asker_is_known(heard: Heard, tmp_path: Path) -> None:
    assert ask(tmp_path / "socket", {"say": "x"}, 5) == {"heard": 12}
    assert heard == [(os.getuid(), b'{"say": "x"}')]


@pytest.mark.skipif(os.getuid() != 0, reason="asks as another user, which only root can")
def test_who_asks_is_what_the_kernel_says(heard: Heard, tmp_path: Path) -> None:
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(0o711)
    os.chown(tmp_path / "socket", 4242, -1)
    code = f"""
import socket, struct
s = socket.socket(socket.AF_UNIX); s.connect({str(tmp_path / "socket")!r})
q = b'{{"uid": 0}}'
s.sendall(struct.pack(">cI", b"q", len(q)) + q); s.recv(100)
"""
    subprocess.run([sys.executable, "-I", "-c", code], user=4242, group=4242, check=True, cwd="/")
    assert [user for user, _ in heard] == [4242]


def test_output_comes_before_the_answer(heard: Heard, tmp_path: Path) -> None:
    taken: list[bytes] = []
    assert ask(tmp_path / "socket", {"say": "loud"}, 5, taken.append) == {"heard": 15}
    assert taken == [b"one", b"two"]


def test_output_that_was_not_asked_for_is_no_answer(heard: Heard, tmp_path: Path) -> None:
    with pytest.raises(WireError):
        ask(tmp_path / "socket", {"say": "loud"}, 5)


def test_who_only_looks_is_no_question(heard: Heard, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(str(tmp_path / "socket"))
    assert ask(tmp_path / "socket", {"say": "x"}, 5)
    assert len(heard) == 1


@pytest.mark.parametrize(("size", "taken"), [(MAX_QUESTION - 1, True), (MAX_QUESTION, True), (MAX_QUESTION + 1, False)])
def test_a_question_has_an_end(heard: Heard, tmp_path: Path, size: int, taken: bool) -> None:
    raw(tmp_path, struct.pack(">cI", b"q", size) + b"x" * size)
    assert [question for _, question in heard] == [b"x" * size if taken else None]


@pytest.mark.parametrize("message", [b"GET / HTTP/1.1\r\n\r\n", b"o\0\0\0\x01x", struct.pack(">cI", b"q", 9) + b"x"])
def test_what_is_no_message_is_told_as_none(heard: Heard, tmp_path: Path, message: bytes) -> None:
    raw(tmp_path, message)
    assert [question for _, question in heard] == [None]


def test_nobody_waits_for_a_slow_question(heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "QUESTION_SECONDS", 0.3)
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(str(tmp_path / "socket"))
        began = time.monotonic()
        stream.sendall(b"q")
        assert b"null" in stream.recv(100)
        assert time.monotonic() - began < 3


def test_one_user_has_so_many_places(heard: Heard, tmp_path: Path) -> None:
    streams = [socket.socket(socket.AF_UNIX) for _ in range(wire.PLACES)]
    for stream in streams:
        stream.connect(str(tmp_path / "socket"))
    time.sleep(0.2)
    with pytest.raises(WireError):
        ask(tmp_path / "socket", {"say": "x"}, 5)
    for stream in streams:
        stream.close()
    time.sleep(0.2)
    assert ask(tmp_path / "socket", {"say": "x"}, 5)


@pytest.mark.parametrize(
    "answer", [b"", b"a\0\0\0\x02[]", b"a\0\0\0\x01{", b"a\xff\xff\xff\xff", b"x", b"a\0\0\0\x05{}"]
)
def test_an_answer_that_is_none_is_one_sentence(tmp_path: Path, answer: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "other"))
        listening.listen()
        threading.Thread(target=say_once, args=(listening, answer), daemon=True).start()
        with pytest.raises(WireError, match="does not answer"):
            ask(tmp_path / "other", {}, 5)


def test_nobody_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WireError, match="does not answer"):
        ask(tmp_path / "none", {}, 5)


def raw(tmp_path: Path, message: bytes) -> None:
    """Send these very bytes, and wait for the end of the connection."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(str(tmp_path / "socket"))
        stream.sendall(message)
        stream.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):  # closed before all was read
            while stream.recv(65536):
                pass


def say_once(listening: socket.socket, answer: bytes) -> None:
    stream, _ = listening.accept()
    with stream:
        stream.recv(100)
        stream.sendall(answer)


def test_who_gives_up_hangs_up_and_the_other_end_notices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LOOK_SECONDS", 0.05)
    gone, looked = threading.Event(), list[bool]()

    def answer(line: Line, _: int, __: bytes | None) -> None:
        looked.append(line.is_gone)
        while not line.is_gone:
            time.sleep(0.02)
        gone.set()

    listener = Listener(tmp_path / "socket", os.getgid(), answer)
    threading.Thread(target=listener.serve, daemon=True).start()
    asked = time.monotonic()
    with pytest.raises(WireError):
        ask(tmp_path / "socket", {"say": "wait"}, 30, given_up=lambda: time.monotonic() - asked > 0.3)
    assert gone.wait(5)
    assert looked == [False]
    assert time.monotonic() - asked < 5
    listener.close()


def test_who_does_not_give_up_is_answered(heard: Heard, tmp_path: Path) -> None:
    assert ask(tmp_path / "socket", {"say": "x"}, 5, given_up=lambda: False) == {"heard": 12}
    assert heard
