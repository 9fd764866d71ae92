"""Edge: the re-run in a sealed container, by the launcher."""

from __future__ import annotations

from egress.rerun.plan import MIB, RunPlan
from egress.rerun.result import Isolation, RerunResult, RerunStatus, ended, sentence
from hub.words import Message


def rerun_sealed(plan: RunPlan) -> RerunResult:
    """Run `plan` to its end; blocking, never raises for what the notebook or the engine does."""
    from hub.launcher.runs import RunStatus, run  # noqa: PLC0415 -- the Docker client, for those who have an engine

    result = run(plan.container, None, plan.max_output)
    limits = plan.container.limits
    rendered = None
    match result.status:
        case RunStatus.FINISHED | RunStatus.FAILED:
            code = -1 if result.exit_code is None else result.exit_code
            status, message, rendered = ended(code, result.stdout, plan.max_output)
        case RunStatus.TIMED_OUT:
            status, message = _of(RerunStatus.TIMED_OUT, int(limits.seconds or 0))
        case RunStatus.TOO_MUCH_OUTPUT:
            status, message = _of(RerunStatus.TOO_MUCH_OUTPUT, plan.max_output // MIB)
        case RunStatus.KILLED_OOM:
            status, message = _of(RerunStatus.OUT_OF_MEMORY, limits.memory_mb)
        case RunStatus.ENGINE_DOWN:
            status, message = _of(RerunStatus.NOT_RUN, 0)
            message = result.message or message
    notebook = result.stdout if rendered is not None else None
    return RerunResult(status, message, result.seconds, Isolation.CONTAINER, notebook, rendered, result.image)


def _of(status: RerunStatus, limit: int) -> tuple[RerunStatus, Message]:
    return status, sentence(status, limit)
