"""The signer as a process: its key, its one caller, what it writes down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from egress.airlock.signing import RemoteSigner, SigningError
from egress.package.signature import Signature
from egress.release.guards import SIGNER
from egress.signer import Service, Signer, public_half, signing_key
from hub.events.log import EventLog
from hub.policy.verdict import Refusal
from hub.wire import Listener, ask
from tests.egress.airlock.enclave import KEY
from tests.egress.release.requests import ALICE, permit
from tests.egress.release.test_signing import APPROVED, DIGEST, OTHER

ME = os.getuid()


def clock() -> datetime:
    return datetime(2026, 6, 1, 8, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    log = EventLog(tmp_path / "log.db")
    log.append("admin", "person.added", "", {"person": ALICE.model_dump()})
    log.append("admin", "permit.issued", "costs", {"permit": permit().model_dump_json()})
    for actor, kind, body in APPROVED:
        log.append(actor, kind, "costs", body)
    yield log
    log.close()


@contextmanager
def listening(tmp_path: Path, log: EventLog, caller: int = ME) -> Iterator[RemoteSigner]:
    service = Service(Signer(log, KEY, clock), log, caller)
    listener = Listener(tmp_path / "socket", os.getgid(), service.answer)
    thread = threading.Thread(target=listener.serve, daemon=True)
    thread.start()
    try:
        yield RemoteSigner(tmp_path / "socket")
    finally:
        listener.close()
        thread.join(5)


def said(log: EventLog, kind: str) -> list[dict[str, object]]:
    return [dict(event.body) for event in log.read() if event.kind == kind and event.actor == SIGNER]


def test_a_package_is_signed_once_and_the_same_each_time(tmp_path: Path, log: EventLog) -> None:
    with listening(tmp_path, log) as signer:
        first, again = signer.sign("costs-1", DIGEST), signer.sign("costs-1", DIGEST)
        other = signer.sign("costs-1", OTHER)
    assert isinstance(first, Signature)
    assert first == again
    assert first.holds
    assert first.key == public_half(KEY)
    body = {"request": "costs-1", "digest": DIGEST, "fingerprint": first.fingerprint}
    assert said(log, "request.signed") == [body]
    assert isinstance(other, Refusal)
    assert [refused["rule"] for refused in said(log, "request.unsigned")] == ["signer.other_package"]
    assert log.verify() is None


def test_two_at_once_are_not_both_signed(tmp_path: Path, log: EventLog) -> None:
    found: list[Signature | Refusal] = []
    with listening(tmp_path, log) as signer:
        threads = [
            threading.Thread(target=lambda digest=digest: found.append(signer.sign("costs-1", digest)))
            for digest in (DIGEST, OTHER)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(isinstance(one, Refusal) for one in found) == [False, True]
    assert len(said(log, "request.signed")) == 1


def test_another_process_is_refused(tmp_path: Path, log: EventLog) -> None:
    with listening(tmp_path, log, caller=ME + 1) as signer:
        answers = [signer.sign("costs-1", DIGEST) for _ in range(3)]
    assert {answer.rule for answer in answers if isinstance(answer, Refusal)} == {"signer.caller"}
    assert len(said(log, "request.unsigned")) == 1
    assert said(log, "request.signed") == []


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"request": "costs-1"},
        {"request": "costs-1", "digest": "A" * 64},
        {"request": "../costs", "digest": DIGEST},
        {"request": "costs-1", "digest": DIGEST, "approve": True},
        {"request": ["costs-1"], "digest": DIGEST},
    ],
)
def test_what_is_no_question_is_refused(tmp_path: Path, log: EventLog, question: dict[str, object]) -> None:
    with listening(tmp_path, log):
        assert ask(tmp_path / "socket", question, 5)["refused"]["rule"] == "signer.shape"
    assert said(log, "request.signed") == []


def test_a_log_that_was_changed_stops_everything(tmp_path: Path, log: EventLog) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "log.db") as raw:
        raw.execute("DROP TRIGGER events_no_update")
        raw.execute("UPDATE events SET actor = 'carla' WHERE seq = 6")
    with listening(tmp_path, log) as signer:
        answer = signer.sign("costs-1", DIGEST)
    assert isinstance(answer, Refusal)
    assert answer.rule == "signer.log_changed"
    assert said(log, "request.unsigned")[0]["rule"] == "signer.log_changed"


def test_nobody_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="does not answer"):
        RemoteSigner(tmp_path / "none").sign("costs-1", DIGEST)


def test_the_key_is_made_once_and_told(tmp_path: Path, log: EventLog) -> None:
    path = tmp_path / "key" / "signing.pem"
    key = signing_key(path, log)
    assert public_half(signing_key(path, log)) == public_half(key)
    assert path.stat().st_mode & 0o777 == 0o600
    public = load_pem_public_key(path.with_suffix(".pub").read_bytes())
    assert public.public_bytes_raw() == public_half(key)  # type: ignore[union-attr]  # an Ed25519 key
    (made,) = said(log, "signer.key_made")
    assert made["fingerprint"] == Signature("", "", public_half(key), b"").fingerprint
    assert "PRIVATE" not in str(made)


def test_a_key_of_another_kind_is_none(tmp_path: Path, log: EventLog) -> None:
    (tmp_path / "signing.pem").write_text("no key")
    with pytest.raises(ValueError, match=r"."):
        signing_key(tmp_path / "signing.pem", log)


def test_it_starts_and_ends_as_a_process(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    environ = {
        "PATH": os.environ["PATH"],
        "BULLE_STATE": str(tmp_path),
        "BULLE_SIGNING_KEY": str(tmp_path / "key" / "signing.pem"),
        "BULLE_SIGNER_SOCKET": str(tmp_path / "socket"),
    }
    command = [sys.executable, "-m", "egress.signer"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, env=environ, cwd=root, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "waiting" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert "Traceback" not in process.stderr.read()
    missing = {key: value for key, value in environ.items() if key != "BULLE_SIGNING_KEY"}
    done = subprocess.run(command, env=missing, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "BULLE_SIGNING_KEY is not set" in done.stderr
    assert "Traceback" not in done.stderr
