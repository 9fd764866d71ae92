"""Processes that answer on a socket: what they say when they cannot start, and that they end when they are told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


def started(module: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(["", *sys.path])}
    command = [sys.executable, "-m", module]
    return subprocess.Popen(command, env=known | environment, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("module", ["hub.launcher", "hub.keeper", "egress.signer"])
def test_a_setting_that_is_missing_is_one_sentence(module: str) -> None:
    process = started(module, {})
    _, said = process.communicate(timeout=120)
    assert process.returncode == 3
    assert said.splitlines()[-1].endswith("BULLE_STATE is not set")
    assert "Traceback" not in said


def test_policies_that_cannot_be_read_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "limits.toml").write_text("[workspace]\nmemory_mb = 'much'\n")
    names = {"BULLE_STATE": str(tmp_path), "BULLE_POLICIES": str(tmp_path), "BULLE_WORKSPACE_IMAGE": "image"}
    process = started("hub.launcher", {**names, "BULLE_NET_CONTAINER": "net"})
    _, said = process.communicate(timeout=120)
    assert process.returncode == 3
    assert "memory_mb" in said
    assert "Traceback" not in said


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    place = tmp_path / "socket"
    names = {"BULLE_STATE": str(tmp_path), "BULLE_SIGNING_KEY": str(tmp_path / "signing.key")}
    process = started("egress.signer", {**names, "BULLE_SIGNER_SOCKET": str(place)})
    deadline = time.monotonic() + 120
    while not place.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)  # from the socket to the signals' handlers
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert said.splitlines()[-1].endswith("stopped")
