"""Starts the worker process for one request, and turns its end into an answer or one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from egress.privacy.failure import PrivacyError
from hub.words import Message, say

_SECONDS = 600

_SENTENCES: dict[str, Message] = {
    "missing": say("OpenDP is not installed here; install bulle with its extra [privacy]."),
    "memory": say("The privacy worker needs more memory than it may use; nothing was released."),
    "rho": say("So little rho leaves nothing but noise; ask for more, or for fewer columns."),
    "failed": say("The privacy worker could not compute this release; nothing was released."),
}
_STOPPED = say("The privacy worker stopped without an answer; nothing was released.")
_TOO_LONG = say("The privacy worker took too long and was stopped; nothing was released.")


def ask(request: Mapping[str, Any], *, python: str = sys.executable, seconds: float = _SECONDS) -> dict[str, Any]:
    """The worker's answer to one request, in a process of its own: no environment, no arguments, no shared folder.

    Raises: PrivacyError, whose sentence depends on no data.
    """
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
    if "error" in answer:
        raise PrivacyError(_SENTENCES.get(str(answer["error"]), _STOPPED))
    return answer
