"""What a re-run is, as a value that one can print and test. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType

from hub.policy.limits import RunnerLimits
from hub.session import ContainerPlan, Limits, Mount, Tmpfs

NOTEBOOK = "notebook.ipynb"
MIB = 1024 * 1024

WORK = PurePosixPath("/work")
DATA = PurePosixPath("/data")
# Below a folder: over one that stands in the image, the engine would keep that one's owner and mode.
OUT = PurePosixPath("/out/run")
SCRATCH = PurePosixPath("/tmp")  # noqa: S108 -- a tmpfs inside the container


@dataclass(frozen=True)
class FrozenContent:
    """A frozen request as files: `folder` on the host holds `notebook.ipynb` and its helper files, nothing else."""

    request: str
    project: str
    folder: PurePosixPath


@dataclass(frozen=True)
class RunPlan:
    """One re-run of one frozen request; at most `max_output` bytes of the executed notebook are taken."""

    request: str
    container: ContainerPlan
    max_output: int


def run_plan(content: FrozenContent, extract: PurePosixPath, image: str, limits: RunnerLimits) -> RunPlan:
    """The sealed re-run of `content` on the extract at `extract` on the host, in the workspace's image (by digest)."""
    container = ContainerPlan(
        name=f"bulle-run-{content.request}",
        image=image,
        command=("python", "-m", "egress.rerun.inside"),
        environment=MappingProxyType(
            {
                "BULLE_EXTRACT": str(DATA),
                "BULLE_RERUN": "1",
                "BULLE_OUT": str(OUT),
                "BULLE_PROJECT": content.project,
                "HOME": str(SCRATCH),
            }
        ),
        mounts=(Mount(content.folder, WORK, read_only=True), Mount(extract, DATA, read_only=True)),
        tmpfs=(Tmpfs(OUT, limits.max_output_mb), Tmpfs(SCRATCH, limits.scratch_mb)),
        network=None,
        limits=Limits(limits.memory_mb, limits.cpus, limits.pids, limits.seconds),
        labels=MappingProxyType(
            {"bulle.request": content.request, "bulle.project": content.project, "bulle.role": "runner"}
        ),
    )
    return RunPlan(content.request, container, limits.max_output_mb * MIB)
