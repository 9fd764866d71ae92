"""One question and its answer between two processes of this machine: a unix socket, bounded messages, deadlines.

Who asks is what the kernel says of the process at the other end (SO_PEERCRED), never what the message says.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hub.words import Message, say

QUESTION, OUTPUT, ANSWER = b"q", b"o", b"a"
MAX_QUESTION = 64 * 1024  # an order is a few names; a workspace's environment the most of it
MAX_ANSWER = 64 * 1024
MAX_CHUNK = 64 * 1024
QUESTION_SECONDS = 5  # a caller who connects says what it wants
STALL_SECONDS = 60  # nobody waits longer for a reader that does not read
QUIET_SECONDS = 60
LOOK_SECONDS = 1  # between two looks at whether the other end, or the reason for asking, is still there
MAX_TOLD = 1000
PLACES = 32  # questions of one user at the same time
_HEADER = struct.Struct(">cI")
_PEER = struct.Struct("3i")

NO_ANSWER = say("A part of the enclave does not answer; nothing was lost, try again once an operator has started it.")


class WireError(Exception):
    """The other end is away, silent, or says what is no message. `message` is for the person who waits."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def read_exactly(stream: socket.socket, wanted: int, deadline: float) -> bytes:
    """Exactly `wanted` bytes, or none at the stream's end. Raises: TimeoutError at `deadline` (monotonic), OSError."""
    got = bytearray()
    while len(got) < wanted:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        stream.settimeout(left)
        chunk = stream.recv(wanted - len(got))
        if not chunk:
            return b""
        got += chunk
    return bytes(got)


class Line:
    """One connection. Every message is a kind, a length and that many bytes."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream

    def send(self, kind: bytes, content: bytes) -> None:
        """Raises: OSError when the other end does not take it."""
        self._stream.settimeout(STALL_SECONDS)
        self._stream.sendall(_HEADER.pack(kind, len(content)) + content)

    def receive(self, kinds: Mapping[bytes, int], deadline: float) -> tuple[bytes, bytes] | None:
        """The next message, of one of `kinds` and at most that long; None where the other end has nothing to say.

        Raises: ValueError for anything else, TimeoutError, OSError.
        """
        header = read_exactly(self._stream, _HEADER.size, deadline)
        if not header:
            return None
        kind, length = _HEADER.unpack(header)
        if length > kinds.get(kind, -1):
            raise ValueError("no message")
        content = read_exactly(self._stream, length, deadline) if length else b""
        if len(content) != length:
            raise ValueError("cut off")
        return kind, content

    @property
    def is_gone(self) -> bool:
        """Whether who asked has hung up. After the question they say nothing more."""
        try:
            readable, _, _ = select.select([self._stream], [], [], 0)
            return bool(readable) and not self._stream.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True

    @property
    def user(self) -> int:
        """The user id of the process at the other end, as it was when it connected."""
        _, uid, _ = _PEER.unpack(self._stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        return int(uid)


def ask(
    path: Path,
    question: Mapping[str, Any],
    seconds: float,
    output: Callable[[bytes], None] | None = None,
    given_up: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Ask the process that listens at `path`; its answer, once all its output went to `output`.

    `given_up` is asked once a second, in a thread of its own, whether to hang up, which ends what was asked for.
    Raises: WireError when there is no answer within `seconds`; what `output` raises ends the connection.
    """
    kinds = {ANSWER: MAX_ANSWER} | ({} if output is None else {OUTPUT: MAX_CHUNK})
    deadline = time.monotonic() + seconds
    try:
        with socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(QUESTION_SECONDS)
            stream.connect(str(path))
            line = Line(stream)
            line.send(QUESTION, json.dumps(question).encode())
            with _hanging_up(stream, given_up):
                while message := line.receive(kinds, deadline):
                    kind, content = message
                    if kind == ANSWER:
                        return _object(content)
                    if output is not None:
                        output(content)
    except (OSError, ValueError) as error:
        raise WireError(NO_ANSWER) from error
    raise WireError(NO_ANSWER)


@contextmanager
def _hanging_up(stream: socket.socket, given_up: Callable[[], bool] | None) -> Iterator[None]:
    """Meanwhile, shut `stream` down once `given_up` says so."""
    done = threading.Event()

    def watch(given_up: Callable[[], bool]) -> None:
        while not done.wait(LOOK_SECONDS):
            if given_up():
                with suppress(OSError):
                    stream.shutdown(socket.SHUT_RDWR)
                return

    if given_up is not None:
        threading.Thread(target=watch, args=(given_up,), daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _object(content: bytes) -> dict[str, Any]:
    answer = json.loads(content)
    if not isinstance(answer, dict):
        raise ValueError("no answer")  # noqa: TRY004 -- one kind of error for every answer that is none
    return answer


class Quiet:
    """Whether a refusal is news: the same of the same asker within QUIET_SECONDS is one fact, however often."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], float] = {}
        self._telling = threading.Lock()

    def is_news(self, asker: str, rule: str) -> bool:
        """True for the first of its kind."""
        now = time.monotonic()
        with self._telling:
            self._told = {key: at for key, at in self._told.items() if now - at < QUIET_SECONDS}
            if (asker, rule) in self._told or len(self._told) >= MAX_TOLD:
                return False
            self._told[asker, rule] = now
            return True


class Listener:
    """Listens at `path` and has each question answered in a thread of its own.

    `answer` gets the line, the asker's user id and the question, or None for bytes that are no question; it sends the
    answer itself and raises nothing but OSError. `group` may connect beside this process's own user. One user has
    `places` questions open at a time.
    """

    def __init__(
        self, path: Path, group: int, answer: Callable[[Line, int, bytes | None], None], places: int = PLACES
    ) -> None:
        self._answer = answer
        self._places = places
        self._busy: Counter[int] = Counter()
        self._counting = threading.Lock()
        path.unlink(missing_ok=True)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        os.chown(path, -1, group)
        path.chmod(0o660)
        self._listening.listen(64)

    def serve(self) -> None:
        """Until `close`."""
        with suppress(OSError):
            while True:
                stream, _ = self._listening.accept()
                line = Line(stream)
                if self._seat(line.user):
                    threading.Thread(target=self._serve_one, args=(stream, line), daemon=True).start()
                else:
                    stream.close()

    def close(self) -> None:
        """Take no more questions."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve_one(self, stream: socket.socket, line: Line) -> None:
        user = line.user
        try:
            with stream, suppress(OSError):
                self._hear(line, user)
        finally:
            with self._counting:
                self._busy[user] -= 1

    def _hear(self, line: Line, user: int) -> None:
        try:
            message = line.receive({QUESTION: MAX_QUESTION}, time.monotonic() + QUESTION_SECONDS)
        except (ValueError, TimeoutError):
            self._answer(line, user, None)
            return
        if message is not None:  # who only looks whether somebody listens says nothing
            self._answer(line, user, message[1])

    def _seat(self, user: int) -> bool:
        """No caller can keep the others waiting: each has places of its own."""
        with self._counting:
            if self._busy[user] >= self._places:
                return False
            self._busy[user] += 1
            return True
