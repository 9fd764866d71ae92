"""The launcher as the hub and the egress worker see it: a few named acts, each an order on its socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.launcher.shape import SessionAct
from hub.run import RunPlan, RunResult, RunStatus
from hub.wire import NO_ANSWER, WireError, ask
from hub.words import Message
from hub.workspace import Workspace

GivenUp = Callable[[], bool]
ANSWER_SECONDS = 180  # the engine's own answers are waited for 60 seconds, and one order takes a few


class LauncherError(Exception):
    """It was not done. `message` is for the person who waits; `refused` when the order itself was no good."""

    def __init__(self, message: Message, *, refused: bool = False) -> None:
        super().__init__(str(message))
        self.message = message
        self.refused = refused


@dataclass(frozen=True)
class Seen:
    """A workspace's container as it stands. `address` is empty while it has none."""

    running: bool
    exit_code: int
    finished_at: str
    address: str


@dataclass(frozen=True)
class Created:
    """A workspace's container that was made: the digest of its image, and how full its folders are, in MiB by where
    they are mounted, as far as their file systems tell it.
    """

    image: str
    used_mb: Mapping[str, int]


class Sessions:
    """The hub's side."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def create(self, workspace: Workspace, extract: str, environment: Mapping[str, str]) -> Created:
        """Make the workspace's container, network and folders anew. Raises: LauncherError."""
        order = {**_named(workspace), "extract": extract, "environment": dict(environment)}
        done = _done(self._socket, {"act": "session.create", **order})
        return Created(str(done["image"]), {str(at): int(used) for at, used in done["used_mb"].items()})

    def act(self, act: SessionAct, workspace: Workspace) -> None:
        """Have `act` done to the workspace's container. Raises: LauncherError."""
        _done(self._socket, {"act": str(act), **_named(workspace)})

    def look(self, workspace: Workspace) -> Seen | None:
        """The workspace's container, None when there is none. Raises: LauncherError."""
        seen = _done(self._socket, {"act": str(SessionAct.LOOK), **_named(workspace)})
        if not seen["there"]:
            return None
        return Seen(bool(seen["running"]), int(seen["exit_code"]), str(seen["finished_at"]), str(seen["address"]))


class Runs:
    """The egress worker's side."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def prepare_imports(self, project: str) -> None:
        """Have the project's folder of imports made. Raises: LauncherError."""
        _done(self._socket, {"act": "imports.prepare", "project": project})

    def prepare(self, plan: RunPlan) -> None:
        """Have the run's empty folder made. Raises: LauncherError."""
        _done(self._socket, {"act": "run.prepare", **_of(plan)})

    def drop(self, plan: RunPlan) -> None:
        """Have the run's folder removed. Raises: LauncherError."""
        _done(self._socket, {"act": "run.drop", **_of(plan)})

    def start(self, plan: RunPlan, seconds: float, max_output: int, given_up: GivenUp | None = None) -> RunResult:
        """Run to the end, at most `seconds` and `max_output` bytes, or until `given_up`, which is asked once a second.

        What goes wrong is a status, never raised.
        """
        taken = bytearray()

        def output(chunk: bytes) -> None:
            taken.extend(chunk)
            if len(taken) > max_output:
                raise ValueError("more than the launcher lets through")

        try:
            order = {"act": "run.start", **_of(plan), "extract": plan.folder, "image": plan.image}
            said = _answered(ask(self._socket, order, seconds + ANSWER_SECONDS, output, given_up))
        except (LauncherError, WireError) as error:
            return RunResult(RunStatus.ENGINE_DOWN, None, b"", 0.0, message=error.message)
        message = None if said["message"] is None else Message.from_dict(said["message"])
        status, code = RunStatus(said["status"]), said["exit_code"]
        return RunResult(status, code, bytes(taken), float(said["seconds"]), str(said["image"]), message)


def _named(workspace: Workspace) -> dict[str, str]:
    return {"person": workspace.person, "project": workspace.project}


def _of(plan: RunPlan) -> dict[str, str]:
    return {"project": plan.project, "request": plan.request}


def _done(socket: Path, order: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return _answered(ask(socket, order, ANSWER_SECONDS))
    except WireError as error:
        raise LauncherError(error.message) from error


def _answered(answer: Mapping[str, Any]) -> dict[str, Any]:
    match answer:
        case {"done": dict(done)}:
            return done
        case {"refused": {"reason": dict(reason)}}:
            raise LauncherError(Message.from_dict(reason), refused=True)
        case {"failed": dict(reason)}:
            raise LauncherError(Message.from_dict(reason))
        case _:
            raise LauncherError(NO_ANSWER)
