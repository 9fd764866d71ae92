"""A program in the engine's place, for every way it may end."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest


@pytest.fixture
def stand_in(tmp_path: Path) -> object:
    """A program in the engine's place; it gets `-I -m module IN OUT seconds megabytes`."""

    def make(script: str) -> str:
        path = tmp_path / "stand-in"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return make
