"""Calls what researchers import as a cell would, and takes what it displayed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

Shown = Callable[..., list[dict[str, Any]]]


@contextmanager
def showing(extract: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    """`call(function, *arguments)` in a notebook of the workspace whose extract this is; MIME bundles in order."""
    monkeypatch.setenv("BULLE_EXTRACT", str(extract))
    monkeypatch.setenv("LANG", "C")
    monkeypatch.delenv("BULLE_RERUN", raising=False)
    InteractiveShell.instance()

    def call(function: Callable[..., None], *arguments: Any, **rest: Any) -> list[dict[str, Any]]:
        with capture_output() as captured:
            function(*arguments, **rest)
        assert captured.stderr == ""
        return [output.data for output in captured.outputs]

    yield call
    InteractiveShell.clear_instance()
