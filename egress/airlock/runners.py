"""How the airlock has a notebook re-run: in a sealed container, or in a child process where there is no engine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
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
from hub.policy.decide import may_reproduce, may_submit
from hub.policy.limits import ContainerLimits, RunnerLimits
from hub.policy.verdict import Refusal
from hub.present import Present
from hub.run import RunPlan
from hub.workspace import StateLayout

LOG = logging.getLogger("bulle.worker")


@dataclass(frozen=True)
class FrozenRequest:
    """A request's bytes, out of quarantine; `imports` holds the files of each folder below /imports.

    `person` has it run: its author, or who reproduces it. `image`: the digest of the image that it must run in, "" for
    any.
    """

    id: str
    project: str
    person: str
    notebook: bytes
    files: Mapping[str, bytes]
    imports: Mapping[str, Mapping[str, bytes]] = field(default_factory=lambda: MappingProxyType({}))
    reproduced: bool = False
    image: str = ""


# Why it may not be run for that person any more, None while it may.
Standing = Callable[[FrozenRequest], Refusal | None]


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
    """In a container of the workspace's image, by the launcher, which makes the folders of a run.

    What may not be run for its person any more is killed while it runs: `standing` is asked once a second.
    """

    def __init__(self, launcher: Runs, limits: ContainerLimits, layout: StateLayout, standing: Standing) -> None:
        self._launcher = launcher
        self._limits = limits
        self._layout = layout
        self._standing = standing

    def __call__(self, frozen: FrozenRequest, extract: PurePosixPath) -> RerunResult:
        plan = RunPlan(frozen.id, frozen.project, extract.name, frozen.image)
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
        refusals: list[Refusal] = []

        def is_over() -> bool:
            refusal = self._standing(frozen)
            refusals.extend([] if refusal is None else [refusal])
            return refusal is not None

        read = ApartReader(self._limits.reader).notebook
        result = rerun_sealed(self._launcher, plan, self._limits.runner, read, is_over)
        return not_run(refusals[0].reason) if refusals else result

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


def standing_of(present: Present) -> Standing:
    """Asks the log, as far as it has been written."""

    def standing(frozen: FrozenRequest) -> Refusal | None:
        try:
            enclave, today = present.enclave(), present.now().date()
        except Exception as error:  # noqa: BLE001 -- the log may be locked: the next look may do better
            LOG.warning("could not look at the log (%s)", type(error).__name__)
            return None
        person, permit = enclave.persons.get(frozen.person), enclave.permits.get(frozen.project)
        if frozen.reproduced:
            verdict = may_reproduce(person, enclave.permits.values(), permit, today, enclave.stops)
        else:
            verdict = may_submit(person, permit, today, enclave.stops)
        return verdict if isinstance(verdict, Refusal) else None

    return standing
