"""What the image `lab` holds, where a server on this machine finds it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

IMAGE = "bulle/lab:local"


def lay_extension(folder: Path) -> None:
    """Put the built extension below the data folder of the server that will run in `folder`. Skips without an image."""
    target = folder / "data/labextensions/@bulle/lab"
    target.mkdir(parents=True)
    made = subprocess.run(["docker", "create", IMAGE, "none"], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        why = f"needs the image {IMAGE}; scripts/images makes it"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    container = made.stdout.strip()
    try:
        subprocess.run(["docker", "cp", f"{container}:/labextension/.", str(target)], check=True, capture_output=True)
    finally:
        subprocess.run(["docker", "rm", container], check=True, capture_output=True)
