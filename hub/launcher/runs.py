"""One run of a runner container from create to removal: its output is taken under a cap, its time is limited."""

from __future__ import annotations

import math
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import docker
from docker.errors import APIError
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ReadTimeout

from hub.launcher.engine import ENGINE_ERRORS, EngineError, connect, explain, image_digest
from hub.launcher.seal import create_arguments
from hub.session import ContainerPlan
from hub.words import Message, say

CHUNK = 64 * 1024


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


def run(
    plan: ContainerPlan, stdin: bytes | None = None, max_output: int = 0, client: docker.APIClient | None = None
) -> RunResult:
    """Run `plan` to its end and remove its container; blocking, never raises for what the container or engine does.

    At most `max_output` bytes of stdout are taken; at the first byte above, and at the wall-clock limit, it is killed.
    Stderr is not read. A container of the same name is what a broken-off run left, and is removed first.
    Raises: ValueError for a plan with a network or without a time limit: those are no runs.
    """
    if plan.network is not None or plan.limits.seconds is None:
        raise ValueError("a run has no network and a time limit")
    began = time.monotonic()
    try:
        engine = client or connect()
        pinned = image_digest(plan.image, engine)
        result = _run_pinned(engine, replace(plan, image=pinned), stdin, max_output)
        return replace(result, image=pinned, seconds=time.monotonic() - began)
    except EngineError as error:
        message = error.message
    except ENGINE_ERRORS as error:
        message = explain(error, plan.image)
    return RunResult(RunStatus.ENGINE_DOWN, None, b"", time.monotonic() - began, message=message)


def _run_pinned(engine: docker.APIClient, plan: ContainerPlan, stdin: bytes | None, max_output: int) -> RunResult:
    container = _create(engine, plan, stdin)
    try:
        deadline = time.monotonic() + float(plan.limits.seconds or 0)
        stream = _attach(engine, container)
        try:
            engine.start(container)
            if stdin is not None:
                threading.Thread(target=_feed, args=(stream, stdin), daemon=True).start()
            taken, ended = _take(stream, max_output, deadline)
        finally:
            with suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)  # wakes the feeder
            stream.close()
        if ended is RunStatus.FINISHED:
            return _ending(engine, container, plan, taken, deadline)
        return _stopped(ended, plan, taken, max_output)
    finally:
        with suppress(*ENGINE_ERRORS):
            engine.remove_container(container, force=True, v=True)


def _create(engine: docker.APIClient, plan: ContainerPlan, stdin: bytes | None) -> str:
    arguments = create_arguments(plan)
    arguments["config"] |= {
        "AttachStdout": True,
        "AttachStdin": stdin is not None,
        "OpenStdin": stdin is not None,
        "StdinOnce": stdin is not None,
    }
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
    raw: Any = engine.attach_socket(container, params={"stdin": 1, "stdout": 1, "stream": 1})
    # docker-py hands out a read-only file around the connection; a socket of our own can time out and half-close.
    return socket.socket(fileno=socket.dup(raw.fileno()))


def _feed(stream: socket.socket, stdin: bytes) -> None:
    with suppress(OSError):  # the container may end, or be ended, without reading
        stream.sendall(stdin)
        stream.shutdown(socket.SHUT_WR)


def _take(stream: socket.socket, max_output: int, deadline: float) -> tuple[bytes, RunStatus]:
    """Stdout until its end, the cap or the deadline. The engine frames it: 4 bytes of stream number, 4 of length."""
    taken = bytearray()
    try:
        while header := _read(stream, 8, deadline):
            (left,) = struct.unpack(">4xL", header)
            while left:
                chunk = _read(stream, min(left, CHUNK), deadline)
                if not chunk:
                    break
                left -= len(chunk)
                taken += chunk
                if len(taken) > max_output:
                    return bytes(taken[:max_output]), RunStatus.TOO_MUCH_OUTPUT
    except TimeoutError:
        return bytes(taken), RunStatus.TIMED_OUT
    return bytes(taken), RunStatus.FINISHED


def _read(stream: socket.socket, wanted: int, deadline: float) -> bytes:
    """Exactly `wanted` bytes, or none at the stream's end."""
    got = bytearray()
    while len(got) < wanted:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        stream.settimeout(left)
        chunk = stream.recv(wanted - len(got))
        if not chunk:
            return b""
        got += chunk
    return bytes(got)


def _ending(engine: docker.APIClient, container: str, plan: ContainerPlan, taken: bytes, deadline: float) -> RunResult:
    """A container may close its stdout and live on: its own end counts, and the deadline still holds."""
    try:
        engine.wait(container, timeout=max(1, math.ceil(deadline - time.monotonic())))
    except (ReadTimeout, RequestsConnectionError):
        if time.monotonic() < deadline:
            raise
        return _stopped(RunStatus.TIMED_OUT, plan, taken, len(taken))
    state = engine.inspect_container(container)["State"]
    code = int(state["ExitCode"])
    if code == 0:
        return RunResult(RunStatus.FINISHED, 0, taken, 0.0)
    if state.get("OOMKilled"):
        why = say("The run needed more memory than its limit of {limit} MiB.", limit=plan.limits.memory_mb)
        return RunResult(RunStatus.KILLED_OOM, code, taken, 0.0, message=why)
    why = say("The run ended with an error (exit code {code}).", code=code)
    return RunResult(RunStatus.FAILED, code, taken, 0.0, message=why)


def _stopped(status: RunStatus, plan: ContainerPlan, taken: bytes, max_output: int) -> RunResult:
    if status is RunStatus.TIMED_OUT:
        why = say("The run took longer than its limit of {limit} seconds.", limit=int(plan.limits.seconds or 0))
    else:
        why = say("The run wrote more than its limit of {limit} bytes.", limit=max_output)
    return RunResult(status, None, taken, 0.0, message=why)
