"""What containers, the privacy worker, submissions and operators are limited to, as `policies/limits.toml` says it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import Field

from hub.policy.files import policies_dir, read_toml
from hub.policy.model import Frozen


class SandboxLimits(Frozen):
    """One sealed container."""

    memory_mb: int = Field(ge=128)
    cpus: float = Field(gt=0)
    pids: int = Field(ge=16)
    file_mb: int = Field(ge=1, description="the largest file that a process may write")
    open_files: int = Field(ge=64, description="files and connections that one process may have open")


class WorkspaceLimits(SandboxLimits):
    """One open workspace."""


class RunnerLimits(SandboxLimits):
    """One re-run of a notebook.

    `runtime` is what the engine runs it by. A workspace has no choice: under runsc a kernel reads its server's
    environment, and the hub's token in it, whatever the server does against that.
    """

    runtime: Literal["runc", "runsc"] = Field(default="runc", description="runsc is gVisor, a kernel of its own")
    seconds: int = Field(ge=1, description="wall clock")
    max_output_mb: int = Field(ge=1, description="what the run may hand back")
    scratch_mb: int = Field(ge=1, description="its temporary folder, in memory")


class FolderLimits(Frozen):
    """What a person's home and a project's shared folder hold."""

    quota: Literal["required", "none"] = Field(
        default="required",
        description="required: a workspace opens only on folders that the file system stops at their size",
    )
    home_mb: int = Field(ge=16, description="one person's home of one project")
    project_mb: int = Field(ge=16, description="the folder that a project's researchers share")
    outbox_mb: int = Field(ge=16, description="what one person of one project has handed in and not taken away yet")

    @property
    def sizes(self) -> Mapping[str, int]:
        """MiB by where the folder is mounted."""
        return MappingProxyType(
            {"/home/researcher": self.home_mb, "/outbox": self.outbox_mb, "/project": self.project_mb}
        )


class IntakeLimits(Frozen):
    """What one submission may be, and how many of one person's are looked at in 24 hours."""

    max_files: int = Field(ge=1, description="the notebook and the files beside it")
    max_file_mb: int = Field(ge=1)
    max_total_mb: int = Field(ge=1)
    entries_per_day: int = Field(ge=1)
    max_outputs: int = Field(ge=1, description="declared outputs of one notebook")
    max_text_kb: int = Field(ge=1, description="one text that would leave; 1 kB is 1,000 bytes")


class ImportLimits(Frozen):
    """What one import may be, what a project holds of them, and the process that looks into them."""

    max_files: int = Field(ge=1, description="of one import")
    max_file_mb: int = Field(ge=1)
    max_total_mb: int = Field(ge=1, description="of one import; the edge's body_mb lies above it")
    project_mb: int = Field(ge=1, description="of all imports of a project that were not withdrawn or refused")
    asked_per_day: int = Field(ge=1, description="of one person in 24 hours, uploads that were refused included")
    uploads_at_once: int = Field(ge=1, description="of all people; each person has one")
    upload_seconds: int = Field(ge=1, description="one upload, wall clock")
    max_unpacked_mb: int = Field(ge=1, description="all that the archives of one import hold")
    max_entries: int = Field(ge=1, description="files in all archives of one import")
    max_depth: int = Field(ge=1, description="archives inside archives")
    encoded_run: int = Field(ge=64, description="letters of encoded bytes in one piece that an approver is told of")
    seconds: int = Field(ge=1, description="of the process that looks, wall clock and CPU time")
    memory_mb: int = Field(ge=128, description="of the process that looks")


class PrivacyLimits(Frozen):
    """One process that draws noise: it ends with its request."""

    seconds: int = Field(ge=1, description="wall clock; CPU time is this for each thread")
    memory_mb: int = Field(ge=512, description="data of the process; OpenDP's library alone maps 263 MB beside it")
    threads: int = Field(ge=1, le=256, description="of the engine that counts")
    max_numbers: int = Field(ge=1, description="noisy numbers of one request")


class BreakGlassLimits(Frozen):
    """One act of an operator outside their role."""

    max_hours: int = Field(ge=1, le=72, description="from asking to use")


class ReaderLimits(Frozen):
    """One process that reads a notebook: it ends with its answer."""

    seconds: int = Field(ge=1, description="wall clock and CPU time")
    memory_mb: int = Field(ge=128, description="data of the process")


class ChartLimits(Frozen):
    """One process that draws the charts of a request: it ends with its answer."""

    seconds: int = Field(ge=1, description="wall clock and CPU time")
    memory_mb: int = Field(ge=1024, description="data of the process; a browser's engine begins with 700")


class FigureLimits(Frozen):
    """Pictures that notebooks draw, and the process that decodes one: it ends with its answer."""

    max_kb: int = Field(ge=1, description="one picture, as the re-run left it and as it leaves; 1 kB is 1,000 bytes")
    total_kb: int = Field(ge=1, description="all pictures of one request as they leave: pages hold them whole")
    max_side: int = Field(ge=16, le=20_000, description="pixels of one side")
    max_pixels: int = Field(ge=256, le=50_000_000, description="width times height")
    bits: int = Field(ge=1, le=7, description="of each colour that leave; those below are taken away")
    dense: float = Field(gt=0, description="bits for a pixel of the picture that leaves, above which people are told")
    seconds: int = Field(ge=1, description="of the process that decodes, wall clock and CPU time")
    memory_mb: int = Field(ge=128, description="data of the process that decodes")


class DoorLimits(Frozen):
    """What the edge takes from browsers (images/doors)."""

    body_mb: int = Field(ge=1, description="one request")
    logins_per_minute: int = Field(ge=1, description="passwords and codes from one address")
    logins_at_once: int = Field(ge=1, description="as many more before the rate is kept")
    refusals_per_minute: int = Field(ge=1, description="refused requests of one address that are written down")
    refusals_at_once: int = Field(ge=1, description="as many more before the rate is kept")


class VolumeLimits(Frozen):
    """What the meter at the edge makes an event of."""

    alert_mb: int = Field(ge=1, description="sent to the browser by one session; 1 MB is 1,000,000 bytes")
    keep_days: int = Field(ge=2, description="how long the meter's lines are kept")


class IdleLimits(Frozen):
    """When an open workspace that nobody uses is closed. What it runs counts as use."""

    after_minutes: int = Field(ge=10, description="without use, before the person is warned")
    warn_minutes: int = Field(ge=5, description="from the warning to the end; servers tell the hub each minute")

    @property
    def after(self) -> timedelta:
        return timedelta(minutes=self.after_minutes)

    @property
    def warning(self) -> timedelta:
        return timedelta(minutes=self.warn_minutes)


class RequestLimits(Frozen):
    """When a request that nobody brings forward any more is closed."""

    author_days: int = Field(ge=1, description="that a returned or refused request waits for its author")
    ended_days: int = Field(ge=0, description="after the permit's last day")


class ContainerLimits(Frozen):
    """`limits.toml`."""

    workspace: WorkspaceLimits
    runner: RunnerLimits
    folders: FolderLimits
    intake: IntakeLimits
    imports: ImportLimits
    privacy: PrivacyLimits
    breakglass: BreakGlassLimits
    reader: ReaderLimits
    charts: ChartLimits
    figures: FigureLimits
    door: DoorLimits
    volume: VolumeLimits
    idle: IdleLimits
    requests: RequestLimits
    synthetic: PrivacyLimits | None = None


def read_limits(folder: Path | None = None) -> ContainerLimits:
    """The limits in `limits.toml` of `folder` (default: the shipped policies). Raises: PolicyFileError."""
    return read_toml((folder or policies_dir()) / "limits.toml", ContainerLimits)
