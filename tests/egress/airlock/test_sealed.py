"""The whole way with the real runner: a container without network, of the workspace's image."""

import os
from pathlib import Path

import pytest

from egress.airlock.runners import SealedRunner
from egress.release.model import Choice, Vote
from egress.release.status import Status
from hub.launcher.client import Runs
from hub.launcher.engine import EngineError, image_digest
from tests.egress.airlock.enclave import BY_SEX, SECRET, make_enclave, notebook, release
from tests.launchers import WORKER_IS_ROOT, launcher

IMAGE = os.environ.get("BULLE_WORKSPACE_IMAGE", "bulle/workspace:local")

# What must fail in the runner for the declared table to come out at all: each line would stop the notebook.
SEALED = """
import os, socket
for attempt in (
    lambda: socket.create_connection(("1.1.1.1", 53), timeout=2),
    lambda: open("/data/new", "w"),
    lambda: open("/etc/new", "w"),
    lambda: open("/outbox/new", "w"),
):
    try:
        attempt()
    except OSError:
        continue
    raise SystemExit("not sealed")
assert os.getuid() != 0
assert open("codes.csv").read() == "1,2"
"""


@pytest.mark.containers
def test_a_request_goes_through_a_sealed_container(tmp_path: Path) -> None:
    try:
        image_digest(IMAGE)
    except EngineError as error:
        pytest.skip(f"needs a container engine with the workspace's image: {error}")
    enclave = make_enclave(tmp_path)
    runs = tmp_path / "runs"
    enclave.hand_in(notebook(SEALED, release("stays_by_sex", BY_SEX), f"print('{SECRET}')"), codes=b"1,2")
    enclave.airlock.take_in()
    with launcher(tmp_path, IMAGE, WORKER_IS_ROOT, limits=enclave.limits) as socket:
        enclave.airlock = enclave.with_runner(SealedRunner(Runs(socket), enclave.limits, runs))
        request = enclave.airlock.process("costs-1")
    assert request.status is Status.IN_REVIEW, (request.reasons, request.failure)
    assert request.rerun is not None
    assert request.rerun.isolation == "container"
    assert request.rerun.image.startswith("sha256:")
    assert list(runs.iterdir()) == []
    enclave.desk.review("costs-1", "carol", (Vote("stays_by_sex", Choice.APPROVE),))
    assert enclave.airlock.process("costs-1").status is Status.RELEASED
    assert SECRET.encode() not in enclave.desk.download("costs-1", "alice")
    enclave.log.close()
