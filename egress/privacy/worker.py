"""The short-lived process that holds OpenDP and sees data: one request in on stdin, one answer out on stdout.

A panic in OpenDP's Rust ends the process that calls it; here it ends one request. Errors leave as fixed words:
the texts of OpenDP and DuckDB may depend on data.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from egress.privacy.confine import Limits, confine

_MAX_REQUEST = 8 * 2**20
# Failures that say which; all others are "failed".
_WORDS = ("rho", "numbers", "version", "types", "synthetic")


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one request of a known act. Raises: whatever goes wrong."""
    return _ACTS[request["act"]](request)


def _draw(request: Mapping[str, Any]) -> dict[str, Any]:
    """Noisy statistics, with the cost and accuracy that OpenDP's own maps tell before data are read."""
    from egress.privacy import measure  # noqa: PLC0415 -- after the limits are set
    from egress.privacy.spec import from_json  # noqa: PLC0415 -- same
    from egress.privacy.vectors import vectors  # noqa: PLC0415 -- same

    delta, confidence = float(request["delta"]), float(request["confidence"])
    spec, nano_rho, limits = from_json(request["spec"]), int(request["nano_rho"]), Limits.of(request["limits"])
    if spec.cells * len(spec.statistics) > limits.max_numbers:
        raise ValueError("numbers")
    planned = measure.plan(spec, nano_rho)
    charged = sum(cost for _, cost in planned)
    if charged > nano_rho:
        raise ValueError("charge")
    pairs = [(one, scale) for one, (scale, _) in zip(spec.statistics, planned, strict=True)]
    files = {table: Path(file) for table, file in request["files"].items()}
    exact = vectors(spec, files, f"{limits.memory_mb // 2}MB", limits.threads)  # the other half is OpenDP's
    return {
        "nano_rho": nano_rho,
        "charged": charged,
        "scales": [scale for _, scale in pairs],
        "half_widths": [measure.width(one, scale, confidence) for one, scale in pairs],
        # of two numbers at once
        "joint_half_widths": [measure.width(one, scale, (1 + confidence) / 2) for one, scale in pairs],
        "epsilon": measure.epsilon(nano_rho / measure.NANO, delta),
        "noisy": [measure.drawn(one, vector, scale) for (one, scale), vector in zip(pairs, exact, strict=True)],
    }


def _ols(request: Mapping[str, Any]) -> dict[str, Any]:
    from egress.privacy import ols_draw  # noqa: PLC0415 -- after the limits are set

    return ols_draw.answer(request)


def _synthetic(request: Mapping[str, Any]) -> dict[str, Any]:
    os.environ["JAX_PLATFORMS"] = "cpu"  # no look for other processors
    tempfile.tempdir = "/"  # a library names a file in it while it loads, and writes none; nothing could be written
    from egress.privacy import synthetic_draw  # noqa: PLC0415 -- after the limits are set

    return synthetic_draw.answer(request)


def _batch(request: Mapping[str, Any]) -> dict[str, Any]:
    """Several requests of one process; one that fails is one word and stops no other."""
    answers = []
    for inner in request["requests"]:
        if inner["act"] == "batch":
            raise ValueError("act")
        answers.append(_answered({**inner, "limits": request["limits"]}))
    return {"answers": answers}


_ACTS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "draw": _draw,
    "batch": _batch,
    "ols": _ols,
    "synthetic": _synthetic,
}


def _answered(request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer, or one word."""
    try:
        return answer(request)
    except ImportError:
        return {"error": "missing"}
    except MemoryError:
        return {"error": "memory"}
    except Exception as error:  # noqa: BLE001 -- whatever it says may depend on data
        word = error.args[0] if error.args and type(error) is ValueError else ""
        return {"error": word if word in _WORDS else "failed"}


def _smoke() -> dict[str, Any] | None:
    """None when OpenDP is there, and the one that was looked into."""
    try:
        from egress.privacy import measure  # noqa: PLC0415 -- after the limits are set

        measure.smoke()
    except ImportError:
        return {"error": "missing"}
    except Exception:  # noqa: BLE001 -- of any kind: this is not the OpenDP that was looked into
        return {"error": "version"}
    return None


def main() -> None:
    """Answers one request; every failure is one word."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)
    offline = False
    try:
        request = json.loads(sys.stdin.buffer.read(_MAX_REQUEST))
        offline = confine(Limits.of(request["limits"]))
        result = _smoke() or _answered(request)
    except MemoryError:
        result = {"error": "memory"}
    except Exception:  # noqa: BLE001 -- no request, or a kernel that sets no limits
        result = {"error": "failed"}
    result["offline"] = offline
    sys.stdout.write(json.dumps(result, allow_nan=False))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
