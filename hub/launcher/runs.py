"""One run of a runner container from create to removal: its output is taken under a cap, its time is limited."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import docker
from docker.errors import APIError
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ReadTimeout

from hub.container import ContainerPlan
from hub.launcher.engine import ENGINE_ERRORS, EngineError, connect, explain, image_digest
from hub.launcher.seal import create_arguments
from hub.run import RunResult, RunStatus
from hub.wire import LOOK_SECONDS, MAX_CHUNK, read_exactly
from hub.words import say

Output = Callable[[bytes], None]
IsGone = Callable[[], bool]


class _GoneError(OSError):
    """Who asked for the run has hung up."""


def run(
    plan: ContainerPlan,
    max_output: int,
    output: Output,
    is_gone: IsGone = lambda: False,
    client: docker.APIClient | None = None,
) -> RunResult:
    """Run `plan` to its end and remove its container; blocking, never raises for what the container or engine does.

    At most `max_output` bytes of stdout go to `output`; at the first byte above, at the wall-clock limit, when `output`
    raises OSError and within a second or two of `is_gone`, it is killed. Stderr is not read, and there is no stdin. A
    container of the same name is what a broken-off run left, and is removed first.
    Raises: ValueError for a plan with a network or without a time limit: those are no runs.
    """
    if plan.network is not None or plan.limits.seconds is None:
        raise ValueError("a run has no network and a time limit")
    began = time.monotonic()
    try:
        engine = client or connect()
        pinned = image_digest(plan.image, engine)
        result = _run_pinned(engine, replace(plan, image=pinned), max_output, _Asker(output, is_gone))
        return replace(result, image=pinned, seconds=time.monotonic() - began)
    except EngineError as error:
        message = error.message
    except ENGINE_ERRORS as error:
        message = explain(error, plan.image)
    return RunResult(RunStatus.ENGINE_DOWN, None, b"", time.monotonic() - began, message=message)


@dataclass(frozen=True)
class _Asker:
    """Who asked for a run: takes its output, and may be gone."""

    output: Output
    is_gone: IsGone

    def check(self) -> None:
        """Raises: _GoneError."""
        if self.is_gone():
            raise _GoneError


def _run_pinned(engine: docker.APIClient, plan: ContainerPlan, max_output: int, asker: _Asker) -> RunResult:
    container = _create(engine, plan)
    try:
        deadline = time.monotonic() + float(plan.limits.seconds or 0)
        stream = _attach(engine, container)
        try:
            engine.start(container)
            ended = _take(stream, max_output, asker, deadline)
        finally:
            with suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)  # docker-py keeps a handle: the engine must notice
            stream.close()
        if ended is RunStatus.FINISHED:
            return _ending(engine, container, plan, asker, deadline)
        return _stopped(ended, plan, max_output)
    finally:
        with suppress(*ENGINE_ERRORS):
            engine.remove_container(container, force=True, v=True)


def _create(engine: docker.APIClient, plan: ContainerPlan) -> str:
    arguments = create_arguments(plan)
    arguments["config"] |= {"AttachStdout": True}
    try:
        return _created(engine, arguments)
    except APIError as error:
        if error.status_code != 409:
            raise
    engine.remove_container(plan.name, force=True, v=True)
    return _created(engine, arguments)


def _created(engine: docker.APIClient, arguments: dict[str, Any]) -> str:
    made = engine.create_container_from_config(**arguments)  # type: ignore[no-untyped-call]  # types-docker skips it
    return str(made["Id"])


def _attach(engine: docker.APIClient, container: str) -> socket.socket:
    raw: Any = engine.attach_socket(container, params={"stdout": 1, "stream": 1})
    # docker-py hands out a read-only file around the connection; a socket of our own can time out.
    return socket.socket(fileno=socket.dup(raw.fileno()))


def _take(stream: socket.socket, max_output: int, asker: _Asker, deadline: float) -> RunStatus:
    """Stdout until its end, the cap or the deadline. The engine frames it: 4 bytes of stream number, 4 of length."""
    room = max_output
    try:
        while header := _header(stream, asker, deadline):
            (left,) = struct.unpack(">4xL", header)
            while left:
                chunk = read_exactly(stream, min(left, MAX_CHUNK), deadline)
                if not chunk:
                    break
                left -= len(chunk)
                asker.output(chunk[:room])
                if len(chunk) > room:
                    return RunStatus.TOO_MUCH_OUTPUT
                room -= len(chunk)
    except TimeoutError:
        return RunStatus.TIMED_OUT
    return RunStatus.FINISHED


def _header(stream: socket.socket, asker: _Asker, deadline: float) -> bytes:
    """The next frame's, none at the end, while who asked is still there. Raises: TimeoutError, _GoneError."""
    while not select.select([stream], [], [], LOOK_SECONDS)[0]:
        asker.check()
        if time.monotonic() >= deadline:
            raise TimeoutError
    return read_exactly(stream, 8, deadline)


def _ending(engine: docker.APIClient, container: str, plan: ContainerPlan, asker: _Asker, deadline: float) -> RunResult:
    """A container may close its stdout and live on: its own end counts, and the deadline still holds."""
    while True:
        asked = time.monotonic()
        try:
            engine.wait(container, timeout=LOOK_SECONDS)
            break
        except (ReadTimeout, RequestsConnectionError):
            if time.monotonic() - asked < LOOK_SECONDS / 2:  # not the time, but the engine went away
                raise
            asker.check()
            if time.monotonic() >= deadline:
                return _stopped(RunStatus.TIMED_OUT, plan, 0)
    state = engine.inspect_container(container)["State"]
    code = int(state["ExitCode"])
    if code == 0:
        return RunResult(RunStatus.FINISHED, 0, b"", 0.0)
    if state.get("OOMKilled"):
        why = say("The run needed more memory than its limit of {limit} MiB.", limit=plan.limits.memory_mb)
        return RunResult(RunStatus.KILLED_OOM, code, b"", 0.0, message=why)
    why = say("The run ended with an error (exit code {code}).", code=code)
    return RunResult(RunStatus.FAILED, code, b"", 0.0, message=why)


def _stopped(status: RunStatus, plan: ContainerPlan, max_output: int) -> RunResult:
    if status is RunStatus.TIMED_OUT:
        why = say("The run took longer than its limit of {limit} seconds.", limit=int(plan.limits.seconds or 0))
    else:
        why = say("The run wrote more than its limit of {limit} bytes.", limit=max_output)
    return RunResult(status, None, b"", 0.0, message=why)
