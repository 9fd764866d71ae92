"""Edge: the re-run in a sealed container, by the launcher."""

from __future__ import annotations

from egress.rerun.result import Isolation, Read, RerunResult, RerunStatus, ended, sentence
from hub.launcher.client import GivenUp, Runs
from hub.policy.limits import RunnerLimits
from hub.run import MIB, RunPlan, RunStatus
from hub.words import Message


def rerun_sealed(
    launcher: Runs, plan: RunPlan, limits: RunnerLimits, read: Read, given_up: GivenUp | None = None
) -> RerunResult:
    """Have `plan` run to its end, or until `given_up`.

    Blocking, never raises for what the notebook, the launcher or the engine does.
    """
    most = limits.max_output_mb * MIB
    result = launcher.start(plan, limits.seconds, most, given_up)
    rendered = None
    match result.status:
        case RunStatus.FINISHED | RunStatus.FAILED:
            code = -1 if result.exit_code is None else result.exit_code
            status, message, rendered = ended(code, result.stdout, most, read)
        case RunStatus.TIMED_OUT:
            status, message = _of(RerunStatus.TIMED_OUT, limits.seconds)
        case RunStatus.TOO_MUCH_OUTPUT:
            status, message = _of(RerunStatus.TOO_MUCH_OUTPUT, limits.max_output_mb)
        case RunStatus.KILLED_OOM:
            status, message = _of(RerunStatus.OUT_OF_MEMORY, limits.memory_mb)
        case RunStatus.ENGINE_DOWN:
            return not_run(result.message)
    notebook = result.stdout if rendered is not None else None
    return RerunResult(status, message, result.seconds, Isolation.CONTAINER, notebook, rendered, result.image)


def not_run(why: Message | None) -> RerunResult:
    """It did not begin, and is worth another try."""
    return RerunResult(RerunStatus.NOT_RUN, why or sentence(RerunStatus.NOT_RUN), 0.0, Isolation.CONTAINER)


def _of(status: RerunStatus, limit: int) -> tuple[RerunStatus, Message]:
    return status, sentence(status, limit)
