"""The only holder of the container engine: a ContainerPlan becomes a sealed container, and nothing else does."""

from hub.launcher.engine import EngineError, image_digest, remove
from hub.launcher.networks import attach, drop_network, ensure_network, next_subnet
from hub.launcher.runs import RunResult, RunStatus, run
from hub.launcher.seal import create_arguments

__all__ = [
    "EngineError",
    "RunResult",
    "RunStatus",
    "attach",
    "create_arguments",
    "drop_network",
    "ensure_network",
    "image_digest",
    "next_subnet",
    "remove",
    "run",
]
