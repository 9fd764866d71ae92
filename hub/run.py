"""A run: one re-run of one frozen request, the container that it takes, and how it ended. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from types import MappingProxyType

from hub.container import ContainerPlan, Limits, Mount, Tmpfs
from hub.policy.limits import RunnerLimits
from hub.words import Message, say
from hub.workspace import StateLayout

MIB = 1024 * 1024

WORK = PurePosixPath("/work")
DATA = PurePosixPath("/data")
IMPORTS = PurePosixPath("/imports")
# Below a folder: over one that stands in the image, the engine would keep that one's owner and mode.
OUT = PurePosixPath("/out/run")
SCRATCH = PurePosixPath("/tmp")  # noqa: S108 -- a tmpfs inside the container


@dataclass(frozen=True)
class RunPlan:
    """Which request is re-run on which extract of its project; `folder` is the extract's name. `image`: the digest that
    the launcher's image must have for the run to begin, "" where any will do. All else follows.
    """

    request: str
    project: str
    folder: str
    image: str = ""


class RunStatus(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    TOO_MUCH_OUTPUT = "too_much_output"
    KILLED_OOM = "killed_oom"
    ENGINE_DOWN = "engine_down"  # it did not begin, or nobody knows its end: run it again


@dataclass(frozen=True)
class RunResult:
    """What came out. `stdout` is hostile, whatever the status; it is cut at the cap when there was too much.

    `exit_code` was chosen by the container and decides nothing except that 0 is not "failed".
    `image` is the digest that ran. `message` says why it is not "finished".
    """

    status: RunStatus
    exit_code: int | None
    stdout: bytes
    seconds: float
    image: str = ""
    message: Message | None = None


def other_image(now: str, then: str) -> Message:
    """Why what ran in the image `then` is not run in `now`."""
    return say(
        "The runner's image is {now} and that of the request was {then}; ask an operator to load that image, then ask "
        "again.",
        now=now or "-",
        then=then or "-",
    )


def run_container(plan: RunPlan, layout: StateLayout, image: str, limits: RunnerLimits) -> ContainerPlan:
    """The runner of `plan`: files, imports and the extract read-only, no network, an output folder with a cap."""
    return ContainerPlan(
        name=f"bulle-run-{plan.request}",
        image=image,
        command=("python", "-m", "egress.rerun.inside"),
        environment=MappingProxyType(
            {
                "BULLE_EXTRACT": str(DATA),
                "BULLE_RERUN": "1",
                "BULLE_OUT": str(OUT),
                "BULLE_PROJECT": plan.project,
                "HOME": str(SCRATCH),
            }
        ),
        mounts=(
            Mount(layout.run(plan.request), WORK, read_only=True),
            Mount(layout.run_imports(plan.request), IMPORTS, read_only=True),
            Mount(layout.extract(plan.project, plan.folder), DATA, read_only=True),
        ),
        tmpfs=(Tmpfs(OUT, limits.max_output_mb), Tmpfs(SCRATCH, limits.scratch_mb)),
        network=None,
        runtime=limits.runtime,
        limits=Limits(limits.memory_mb, limits.cpus, limits.pids, limits.file_mb, limits.open_files, limits.seconds),
        labels=MappingProxyType({"bulle.request": plan.request, "bulle.project": plan.project, "bulle.role": "runner"}),
    )
