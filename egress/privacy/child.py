"""Starts the worker process for one request, and turns its end into an answer or one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from egress.privacy.failure import LACKING, TOO_LITTLE, PrivacyError
from hub.policy.files import PolicyFileError
from hub.policy.limits import PrivacyLimits, read_limits
from hub.words import Message, say

_SENTENCES: dict[str, Message] = {
    "missing": say("OpenDP is not installed here; install bulle with its extra [privacy]."),
    "synthetic": LACKING,
    "memory": say("The privacy worker needs more memory than it may use; nothing was released."),
    "rho": TOO_LITTLE,
    "numbers": say("So many noisy numbers are more than one DP release may hold here; ask for fewer cells or columns."),
    "version": say("Another OpenDP is installed than the one that was looked into; nothing is drawn with it."),
    "types": say("Two columns that this release joins are stored as different types; nothing was released."),
    "failed": say("The privacy worker could not compute this release; nothing was released."),
}
_STOPPED = say("The privacy worker stopped without an answer; nothing was released.")
_TOO_LONG = say("The privacy worker took too long and was stopped; nothing was released.")


def limits_in_force(act: str = "draw") -> PrivacyLimits:
    """The operator's (BULLE_POLICIES), or the shipped ones. Raises: PrivacyError; no limits, no release."""
    folder = os.environ.get("BULLE_POLICIES")
    try:
        limits = read_limits(Path(folder) if folder else None)
    except PolicyFileError:
        raise PrivacyError(say("The limits of the privacy worker cannot be read; nothing was released.")) from None
    if act != "synthetic":
        return limits.privacy
    if limits.synthetic is None:
        raise PrivacyError(say("This enclave sets no limits for synthetic rows; nothing was released."))
    return limits.synthetic


def ask(
    request: Mapping[str, Any], *, limits: PrivacyLimits | None = None, python: str = sys.executable
) -> dict[str, Any]:
    """The worker's answer to one request, in a process of its own: no environment, no arguments, no shared folder.

    Raises: PrivacyError, whose sentence depends on no data.
    """
    within = limits or limits_in_force(str(request["act"]))
    answer = _run({**request, "limits": within.model_dump()}, python, within.seconds)
    _raise(answer)
    return answer


def ask_all(
    requests: Sequence[Mapping[str, Any]], *, limits: PrivacyLimits | None = None
) -> list[dict[str, Any] | PrivacyError]:
    """The answers to several requests, of one process, in order. One that fails stops no other.

    Raises: PrivacyError when the process itself gave no answer.
    """
    told = ask({"act": "batch", "requests": [dict(request) for request in requests]}, limits=limits)
    answers = told.get("answers")
    if not isinstance(answers, list) or len(answers) != len(requests):
        raise PrivacyError(_STOPPED)
    return [_or_error(answer, told) for answer in answers]


def _or_error(answer: Any, told: Mapping[str, Any]) -> dict[str, Any] | PrivacyError:
    if not isinstance(answer, dict):
        return PrivacyError(_STOPPED)
    try:
        _raise(answer)
    except PrivacyError as error:
        return error
    return {**answer, "offline": told.get("offline") is True}


def _raise(answer: Mapping[str, Any]) -> None:
    if "error" in answer:
        raise PrivacyError(_SENTENCES.get(str(answer["error"]), _STOPPED))


def _run(request: Mapping[str, Any], python: str, seconds: float) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [python, "-I", "-m", "egress.privacy.worker"],
            input=json.dumps(request, allow_nan=False).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
            cwd="/",
            env={"LC_ALL": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise PrivacyError(_TOO_LONG) from None
    except OSError:
        raise PrivacyError(_STOPPED) from None
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise PrivacyError(_STOPPED) from None
    if done.returncode != 0 or not isinstance(answer, dict):
        raise PrivacyError(_STOPPED)
    return answer
