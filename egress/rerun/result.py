"""How a re-run ended: a status, one sentence, and the executed notebook when there is one. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from egress.outputs.model import Rendered, Unreadable
from egress.outputs.notebook import read_notebook
from egress.rerun.inside import Ending
from hub.run import MIB
from hub.words import Message, say

Read: TypeAlias = Callable[[bytes, int], Rendered | Unreadable]


class RerunStatus(StrEnum):
    """How it ended. Only FINISHED has an executed notebook; NOT_RUN is worth another try, nothing else is."""

    FINISHED = "finished"
    CELL_FAILED = "cell_failed"
    KERNEL_DIED = "kernel_died"
    TIMED_OUT = "timed_out"
    TOO_MUCH_OUTPUT = "too_much_output"
    OUT_OF_MEMORY = "out_of_memory"
    TOO_MANY_PROCESSES = "too_many_processes"
    NO_SPACE = "no_space"
    NO_KERNEL = "no_kernel"
    SPOILED = "spoiled"
    NOT_RUN = "not_run"


class Isolation(StrEnum):
    """What stood between the notebook and the machine, from most to least."""

    CONTAINER = "container"
    NAMESPACES = "namespaces"
    PROCESS = "process"

    def describe(self) -> Message:
        """One sentence for people."""
        return _ISOLATION[self]


_ISOLATION = {
    Isolation.CONTAINER: say("The notebook ran in a sealed container: no network, the extract read-only, limits."),
    Isolation.NAMESPACES: say(
        "The notebook ran in a child process without network and with limits; it could read this account's files."
    ),
    Isolation.PROCESS: say(
        "The notebook ran in a child process with limits; it could use the network and read this account's files."
    ),
}


@dataclass(frozen=True)
class RerunResult:
    """`notebook` and what was read from it (`rendered`) are there when it finished; both are hostile.

    `image` is the digest of the image that ran, empty for a child process.
    """

    status: RerunStatus
    message: Message
    seconds: float
    isolation: Isolation
    notebook: bytes | None = None
    rendered: Rendered | None = None
    image: str = ""


def ended(
    code: int, stdout: bytes, max_output: int, read: Read = read_notebook
) -> tuple[RerunStatus, Message, Rendered | None]:
    """What an exit code and standard output say. Both were chosen by hostile code: at worst it spoils its own run.

    `read` is what reads the executed notebook: the service has it done apart.
    """
    match code:
        case Ending.FINISHED:
            rendered = read(stdout, max_output)
            if isinstance(rendered, Unreadable):
                return RerunStatus.SPOILED, sentence(RerunStatus.SPOILED), None
            return RerunStatus.FINISHED, sentence(RerunStatus.FINISHED), rendered
        case Ending.CELL_FAILED:
            number = int(stdout) if stdout.isdigit() and len(stdout) < 6 else 0
            return RerunStatus.CELL_FAILED, sentence(RerunStatus.CELL_FAILED, number), None
        case Ending.KERNEL_DIED:
            return RerunStatus.KERNEL_DIED, sentence(RerunStatus.KERNEL_DIED), None
        case Ending.NO_SPACE:
            return RerunStatus.NO_SPACE, sentence(RerunStatus.NO_SPACE), None
        case Ending.NO_KERNEL:
            return RerunStatus.NO_KERNEL, sentence(RerunStatus.NO_KERNEL), None
        case Ending.TOO_LARGE:
            return RerunStatus.TOO_MUCH_OUTPUT, sentence(RerunStatus.TOO_MUCH_OUTPUT, max_output // MIB), None
        case _:
            return RerunStatus.SPOILED, sentence(RerunStatus.SPOILED), None


def sentence(status: RerunStatus, limit: int = 0) -> Message:
    """What the author reads. `limit` is the one that was met (seconds, MiB, processes), or the number of the cell."""
    return Message(_SENTENCES[status].text, {"limit": limit})


_SENTENCES = {
    RerunStatus.FINISHED: say("The notebook ran to its end."),
    RerunStatus.CELL_FAILED: say(
        "Cell {limit} of the notebook failed; run all its cells in a fresh kernel to see why."
    ),
    RerunStatus.KERNEL_DIED: say("The notebook's kernel ended while a cell was running."),
    RerunStatus.TIMED_OUT: say("The notebook ran longer than the {limit} seconds allowed and was stopped."),
    RerunStatus.TOO_MUCH_OUTPUT: say("The executed notebook is larger than the {limit} MiB allowed."),
    RerunStatus.OUT_OF_MEMORY: say("The notebook needed more than the {limit} MiB of memory allowed."),
    RerunStatus.TOO_MANY_PROCESSES: say("The notebook started more than the {limit} processes allowed."),
    RerunStatus.NO_SPACE: say("The notebook wrote more temporary files than the run has room for."),
    RerunStatus.NO_KERNEL: say("The notebook is in R, and R is not installed where it was to run."),
    RerunStatus.SPOILED: say("What the re-run handed back is no notebook; the notebook disturbed its own run."),
    RerunStatus.NOT_RUN: say("The re-run could not begin; it will be tried again."),
}
