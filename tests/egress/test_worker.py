"""The worker: turns, tries again later and later, stops when told to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from egress import worker
from egress.release.status import Status
from egress.worker import compose, turn
from hub.retry import FIRST_RETRY, LAST_RETRY, Retry
from tests.egress.airlock.enclave import TinyEnclave, issue, make_enclave, notebook
from tests.egress.airlock.remembering import RememberingRunner
from tests.egress.release.requests import permit

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def enclave(tmp_path: Path) -> Iterator[TinyEnclave]:
    made = make_enclave(tmp_path)
    made.airlock = made.with_runner(RememberingRunner())
    yield made
    made.log.close()


def test_what_fails_is_tried_again_later_and_later(enclave: TinyEnclave) -> None:
    (enclave.root / "extracts").rename(enclave.root / "elsewhere")
    enclave.hand_in(notebook("1"))
    retries = turn(enclave.airlock, {}, NOW)
    assert retries["costs-1"] == Retry(NOW + FIRST_RETRY, FIRST_RETRY)
    assert turn(enclave.airlock, retries, NOW) == retries  # not yet
    later = NOW + FIRST_RETRY
    retries = turn(enclave.airlock, retries, later)
    assert retries["costs-1"] == Retry(later + 2 * FIRST_RETRY, 2 * FIRST_RETRY)
    (enclave.root / "elsewhere").rename(enclave.root / "extracts")
    assert turn(enclave.airlock, retries, later + 2 * FIRST_RETRY) == {}
    assert enclave.desk.look().request("costs-1").status is Status.REFUSED  # it declares nothing


def test_one_request_that_waits_does_not_hold_up_another(enclave: TinyEnclave) -> None:
    enclave.hand_in(notebook("1"))
    enclave.airlock.take_in()
    retries = {"costs-1": Retry(NOW + timedelta(hours=1), LAST_RETRY)}
    enclave.hand_in(notebook("1"), "second", person="bob")
    assert set(turn(enclave.airlock, retries, NOW)) == {"costs-1"}
    assert enclave.desk.look().request("costs-2").status is Status.REFUSED


def test_the_environment_says_everything(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="BULLE_STATE"):
        compose({})
    compose({"BULLE_STATE": str(tmp_path), "BULLE_LAUNCHER_SOCKET": "/none", "BULLE_SIGNER_SOCKET": "/none"})
    assert (tmp_path / "events" / "log.db").is_file()


def run(tmp_path: Path, *arguments: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "egress.worker", *arguments],
        env={"PATH": os.environ["PATH"], **environ},
        cwd=Path(worker.__file__).parents[1],
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_missing_setting_is_one_sentence(tmp_path: Path) -> None:
    with run(tmp_path) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "BULLE_STATE is not set" in said
    assert "Traceback" not in said


def test_once_looks_once(enclave: TinyEnclave) -> None:
    issue(enclave.log, permit(valid_from=datetime.now(UTC).date(), valid_until=datetime.now(UTC).date()))
    enclave.hand_in(notebook("1"), person="mallory")
    state = {"BULLE_STATE": str(enclave.root), "BULLE_LAUNCHER_SOCKET": "/none", "BULLE_SIGNER_SOCKET": "/none"}
    with run(enclave.root, "--once", **state) as process:
        assert process.wait(timeout=60) == 0
    assert enclave.last("request.refused_entry")["entry"] == "first.request"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_told_to(tmp_path: Path, number: signal.Signals) -> None:
    state = {"BULLE_STATE": str(tmp_path), "BULLE_LAUNCHER_SOCKET": "/none", "BULLE_SIGNER_SOCKET": "/none"}
    with run(tmp_path, **state) as process:
        assert process.stderr is not None
        assert "waiting" in process.stderr.readline()
        process.send_signal(number)
        began = time.monotonic()
        assert process.wait(timeout=30) == 0
        assert time.monotonic() - began < 10
        assert "Traceback" not in process.stderr.read()
