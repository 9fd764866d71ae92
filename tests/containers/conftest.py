"""A real engine and a small image. Without an engine these tests are skipped, with the reason printed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import docker
import pytest

from hub.launcher.engine import EngineError, connect, image_digest

BASE = "bulle/base:local"
TEST_BASE = "bulle/test-base:local"


@pytest.fixture(scope="session")
def engine() -> Any:
    try:
        return connect()
    except EngineError as error:
        pytest.skip(f"needs a container engine: {error}")


@pytest.fixture(scope="session")
def image(engine: docker.APIClient, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The project's base image, or a minimal Debian made once and kept as `bulle/test-base:local`."""
    for name in (BASE, TEST_BASE):
        try:
            image_digest(name, engine)
        except EngineError:
            continue
        return name
    if shutil.which("mmdebstrap") is None:
        pytest.skip("needs the project's base image (make images) or mmdebstrap")
    root = tmp_path_factory.mktemp("base") / "root.tar"
    _debian(root)
    engine.import_image(str(root), repository="bulle/test-base", tag="local")
    return TEST_BASE


def _debian(root: Path) -> None:
    command = ["mmdebstrap", "--variant=minbase", "--include=python3-minimal,tini", "bookworm", str(root)]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
