"""How the airlock has a notebook re-run: in a sealed container, or in a child process where there is no engine."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from egress.rerun.local import rerun_local
from egress.rerun.plan import NOTEBOOK, FrozenContent, run_plan
from egress.rerun.result import RerunResult
from egress.rerun.sealed import rerun_sealed
from hub.policy.limits import RunnerLimits


@dataclass(frozen=True)
class FrozenRequest:
    """A request's bytes, out of quarantine."""

    id: str
    project: str
    notebook: bytes
    files: Mapping[str, bytes]


class Runner(Protocol):
    """Runs a frozen request on the extract folder at `extract` on the host; never raises for what the notebook does."""

    def __call__(self, frozen: FrozenRequest, extract: PurePosixPath) -> RerunResult: ...


class LocalRunner:
    """In a child process of this machine; the result says which isolation that was."""

    def __init__(self, limits: RunnerLimits) -> None:
        self._limits = limits

    def __call__(self, frozen: FrozenRequest, extract: PurePosixPath) -> RerunResult:
        return rerun_local(frozen.notebook, frozen.files, Path(extract), self._limits)


class SealedRunner:
    """In a container of the workspace's image. `desk` is a folder that has the same path here and on the host."""

    def __init__(self, image: str, limits: RunnerLimits, desk: Path) -> None:
        self._image = image
        self._limits = limits
        self._desk = desk

    def __call__(self, frozen: FrozenRequest, extract: PurePosixPath) -> RerunResult:
        with self._laid_out(frozen) as folder:
            content = FrozenContent(frozen.id, frozen.project, PurePosixPath(folder))
            return rerun_sealed(run_plan(content, extract, self._image, self._limits))

    @contextmanager
    def _laid_out(self, frozen: FrozenRequest) -> Iterator[Path]:
        """The request's files, readable by the runner's unprivileged user; the folder above is ours alone."""
        self._desk.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{frozen.id}-", dir=self._desk))
        try:
            for name, content in {NOTEBOOK: frozen.notebook, **frozen.files}.items():
                (folder / name).write_bytes(content)
                (folder / name).chmod(0o444)
            folder.chmod(0o555)
            yield folder
        finally:
            folder.chmod(0o700)
            shutil.rmtree(folder)
