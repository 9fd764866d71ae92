"""How the airlock has a notebook re-run: in a sealed container, or in a child process where there is no engine."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Protocol

from egress.apart.reading import ApartReader
from egress.rerun.folder import NOTEBOOK
from egress.rerun.local import rerun_local
from egress.rerun.result import RerunResult
from egress.rerun.sealed import not_run, rerun_sealed
from hub.launcher.client import LauncherError, Runs
from hub.policy.limits import ContainerLimits, RunnerLimits
from hub.run import RunPlan
from hub.workspace import StateLayout


@dataclass(frozen=True)
class FrozenRequest:
    """A request's bytes, out of quarantine; `imports` holds the files of each folder below /imports."""

    id: str
    project: str
    notebook: bytes
    files: Mapping[str, bytes]
    imports: Mapping[str, Mapping[str, bytes]] = field(default_factory=lambda: MappingProxyType({}))


class Runner(Protocol):
    """Runs a frozen request on the extract folder at `extract` on the host; never raises for what the notebook does."""

    def __call__(self, frozen: FrozenRequest, extract: PurePosixPath) -> RerunResult: ...


class LocalRunner:
    """In a child process of this machine, which has no /imports; the result says which isolation that was."""

    def __init__(self, limits: RunnerLimits) -> None:
        self._limits = limits

    def __call__(self, frozen: FrozenRequest, extract: PurePosixPath) -> RerunResult:
        return rerun_local(frozen.notebook, frozen.files, Path(extract), self._limits)


class SealedRunner:
    """In a container of the workspace's image, by the launcher, which makes the folders of a run."""

    def __init__(self, launcher: Runs, limits: ContainerLimits, layout: StateLayout) -> None:
        self._launcher = launcher
        self._limits = limits
        self._layout = layout

    def __call__(self, frozen: FrozenRequest, extract: PurePosixPath) -> RerunResult:
        plan = RunPlan(frozen.id, frozen.project, extract.name)
        try:
            self._launcher.prepare(plan)
        except LauncherError as error:
            return not_run(error.message)
        try:
            self._lay_out(frozen)
        except OSError:
            with suppress(LauncherError):
                self._launcher.drop(plan)
            raise
        return rerun_sealed(self._launcher, plan, self._limits.runner, ApartReader(self._limits.reader).notebook)

    def _lay_out(self, frozen: FrozenRequest) -> None:
        """The request's files and imports, readable by the runner's unprivileged user."""
        _lay(Path(self._layout.run(frozen.id)), {NOTEBOOK: frozen.notebook, **frozen.files})
        for folder, files in frozen.imports.items():
            place = Path(self._layout.run_imports(frozen.id)) / folder
            place.mkdir()
            place.chmod(0o755)
            _lay(place, files)


def _lay(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.write_bytes(content)
        path.chmod(0o444)
