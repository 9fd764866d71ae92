"""Notebooks in a child process, for real: every way to end is a status, and nothing outlives the run."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from egress.outputs.model import Kind
from egress.outputs.notebook import withheld
from egress.rerun.local import rerun_local
from egress.rerun.result import Isolation, RerunResult, RerunStatus
from hub.policy.limits import RunnerLimits
from tests.egress.outputs.notebooks import code, raw

LIMITS = RunnerLimits(
    memory_mb=2048, cpus=1, pids=48, file_mb=64, open_files=256, seconds=120, max_output_mb=2, scratch_mb=16
)


def run(*sources: str, files: dict[str, bytes] | None = None, **limits: int) -> RerunResult:
    content = raw(*(code(source, execution_count=None) for source in sources))
    return rerun_local(content, files or {}, Path("/nonexistent"), LIMITS.model_copy(update=limits))


def test_a_notebook_runs_with_its_helper_files_and_may_write_beside_itself() -> None:
    result = run(
        "import helper, os\nwritten = open('figure.png', 'w').write('x')",
        "assert os.environ['BULLE_RERUN'] == '1'\nassert os.environ['BULLE_EXTRACT'] == '/nonexistent'\nhelper.VALUE",
        files={"helper.py": b"VALUE = 42"},
    )
    assert result.status is RerunStatus.FINISHED, str(result.message)
    assert result.rendered is not None
    assert [(item.cell, item.kind) for item in withheld(result.rendered)] == [(2, Kind.RESULT)]


def test_this_accounts_environment_stays_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "SECRET")
    result = run("import os\nassert 'SECRET' not in str(os.environ)")
    assert result.status is RerunStatus.FINISHED, str(result.message)


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("raise ValueError('SECRET')", RerunStatus.CELL_FAILED),
        ("open('big', 'wb').write(bytes(20 << 20))", RerunStatus.CELL_FAILED),
        ("bytearray(3 << 30)", RerunStatus.CELL_FAILED),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", RerunStatus.KERNEL_DIED),
        ("print('x' * (3 << 20))", RerunStatus.TOO_MUCH_OUTPUT),
        ("import subprocess\n[subprocess.Popen(['sleep', '60']) for _ in range(60)]", RerunStatus.TOO_MANY_PROCESSES),
        (
            "import time\nfor i in range(9): open(str(i), 'wb').write(bytes(4 << 20))\ntime.sleep(60)",
            RerunStatus.NO_SPACE,
        ),
    ],
)
def test_each_way_to_end_badly_is_a_status_and_a_sentence(source: str, status: RerunStatus) -> None:
    result = run("1 + 1", source)
    assert result.status is status
    assert result.notebook is None
    assert "SECRET" not in str(result.message)


def test_the_time_limit_ends_it_and_everything_it_started() -> None:
    mark = f"3{uuid.uuid4().int % 10**6:06d}.5"  # a duration that only our sleepers have
    result = run(
        f"import subprocess, time\nsubprocess.Popen(['sleep', '{mark}'], start_new_session=True)\ntime.sleep(999)",
        seconds=12,
    )
    assert result.status is RerunStatus.TIMED_OUT
    assert result.seconds < 30
    if result.isolation is Isolation.NAMESPACES:
        found = subprocess.run(["pgrep", "-f", f"sleep {mark}"], capture_output=True, check=False)
        assert found.returncode == 1, "a process outlived its run"


def test_there_is_no_network() -> None:
    result = run(
        "import socket\ntry:\n    socket.create_connection(('1.1.1.1', 53), 2)\nexcept OSError:\n    print('none')"
    )
    if result.isolation is not Isolation.NAMESPACES:
        pytest.skip("this machine allows no namespaces to this account")
    assert result.notebook is not None
    assert "none" in json.dumps(json.loads(result.notebook)["cells"][0]["outputs"])


def test_a_kernel_that_the_notebook_asks_for_is_not_used() -> None:
    content = raw(code("1", execution_count=None), metadata={"kernelspec": {"name": "evil", "display_name": "evil"}})
    assert rerun_local(content, {}, Path("/nonexistent"), LIMITS).status is RerunStatus.FINISHED


def test_a_notebook_in_r_needs_r() -> None:
    kernel = {"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}}
    content = raw(code("x <- 1", execution_count=None), metadata=kernel)
    result = rerun_local(content, {}, Path("/nonexistent"), LIMITS)
    assert result.status is (RerunStatus.FINISHED if shutil.which("R") else RerunStatus.NO_KERNEL), str(result.message)
