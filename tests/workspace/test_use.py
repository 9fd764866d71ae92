"""What a workspace's server reports of use, with a real kernel: a long computation that prints nothing is use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from tests.workspace.server import Server, served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("workspace"), {}) as server:
        yield server


def used(server: Server) -> datetime:
    """As the server would report it; asking is no use."""
    return datetime.fromisoformat(server.ask("GET", "api/status").json()["last_activity"])


def waited_for(server: Server, kernel: str, state: str) -> None:
    for _ in range(300):
        if server.ask("GET", f"api/kernels/{kernel}?no_track_activity=1").json()["execution_state"] == state:
            return
        time.sleep(0.1)
    raise AssertionError(state)


def test_a_kernel_that_computes_is_use_and_one_that_waits_is_not(server: Server, tmp_path: Path) -> None:
    kernel = server.ask("POST", "api/kernels", {"name": "python3"}).json()["id"]
    client = BlockingKernelClient()
    client.load_connection_file(str(server.home.parent / "runtime" / f"kernel-{kernel}.json"))
    client.hb_channel.time_to_dead = 60  # the machine may be busy
    client.start_channels()
    client.wait_for_ready(timeout=60)
    waited_for(server, kernel, "idle")
    idle = used(server)
    time.sleep(0.5)
    assert used(server) == idle
    go_on = tmp_path / "go-on"
    client.execute(f"import os, time\nwhile not os.path.exists({str(go_on)!r}): time.sleep(0.05)")
    waited_for(server, kernel, "busy")
    first = used(server)
    time.sleep(0.5)
    assert used(server) > first > idle
    go_on.touch()
    waited_for(server, kernel, "idle")
    done = used(server)
    time.sleep(0.5)
    assert used(server) == done
    client.stop_channels()
