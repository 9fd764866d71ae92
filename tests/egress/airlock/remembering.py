"""Re-runs that are real, each distinct notebook once in a test session."""

from __future__ import annotations

from pathlib import PurePosixPath

from egress.airlock.runners import FrozenRequest, LocalRunner
from egress.rerun.result import RerunResult
from hub.policy.limits import read_limits

_KNOWN: dict[tuple[bytes, tuple[tuple[str, bytes], ...]], RerunResult] = {}


class RememberingRunner:
    """LocalRunner, with its results kept: what these tests are about comes after the re-run."""

    def __init__(self) -> None:
        self._runner = LocalRunner(read_limits().runner.model_copy(update={"seconds": 120}))

    def __call__(self, frozen: FrozenRequest, extract: PurePosixPath) -> RerunResult:
        key = (frozen.notebook, tuple(sorted(frozen.files.items())))
        if key not in _KNOWN:
            _KNOWN[key] = self._runner(frozen, extract)
        return _KNOWN[key]
