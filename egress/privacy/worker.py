"""The short-lived process that holds OpenDP and sees data: one request in on stdin, one answer out on stdout.

A panic in OpenDP's Rust ends the process that calls it; here it ends one request. Errors leave as fixed words:
the texts of OpenDP and DuckDB may depend on data.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import secrets
import sys
from pathlib import Path
from typing import Any

# The engine's own bounds, so that one release cannot take the machine: OpenDP's library alone maps 263 MB.
_CPU_SECONDS = 300
_DATA_BYTES = 4 * 2**30
_FILES = 64
_MAX_REQUEST = 8 * 2**20
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def confine() -> bool:
    """Limits for this process; True when the kernel also took its network away.

    No network needs root (CAP_SYS_ADMIN) or user namespaces; a container may have neither, and then stands behind
    the network its own plan gives it.
    """
    for kind, limit in (
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_DATA, _DATA_BYTES),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (allowed, allowed))
    libc = ctypes.CDLL(None, use_errno=True)
    flags = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWUSER | _CLONE_NEWNET
    return bool(libc.unshare(flags) == 0)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to one request: preview, draw or price."""
    from egress.privacy import measure  # noqa: PLC0415 -- after the limits are set
    from egress.privacy.spec import Kind, Statistic, from_json  # noqa: PLC0415 -- same

    delta, confidence = float(request["delta"]), float(request["confidence"])
    if request["act"] == "price":
        scale = measure.scale_within(float(request["half"]), confidence)
        cells = int(request["cells"])
        counted = Statistic(Kind(request["kind"]))
        charged = measure.charge(scale, measure.sensitivity(counted, int(request["rows_per_person"]), cells), cells)
        return {"nano_rho": charged, "scale": scale, "epsilon": measure.epsilon(charged / measure.NANO, delta)}
    spec = from_json(request["spec"])
    nano_rho = int(request["nano_rho"])
    planned = measure.plan(spec, nano_rho)
    charged = sum(cost for _, cost in planned)
    if charged > nano_rho:
        raise ValueError("charge")
    told = {
        "nano_rho": nano_rho,
        "charged": charged,
        "scales": [scale for scale, _ in planned],
        "half_widths": [measure.half_width(scale, confidence) for scale, _ in planned],
        # of two numbers at once: what the interval of a mean stands on
        "joint_half_widths": [measure.half_width(scale, (1 + confidence) / 2) for scale, _ in planned],
        "epsilon": measure.epsilon(nano_rho / measure.NANO, delta),
    }
    if request["act"] == "preview":
        return told
    if request["act"] != "draw":
        raise ValueError("act")
    from egress.privacy.vectors import vectors  # noqa: PLC0415 -- a preview needs no DuckDB

    exact = vectors(spec, Path(request["file"]), secrets.token_hex(16))
    noisy = [measure.noisy(vector, scale) for vector, (scale, _) in zip(exact, planned, strict=True)]
    return {**told, "noisy": noisy}


def main() -> None:
    """Answers one request; every failure is one word."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)
    offline = confine()
    try:
        request = json.loads(sys.stdin.buffer.read(_MAX_REQUEST))
        result = answer(request)
    except ImportError:
        result = {"error": "missing"}
    except MemoryError:
        result = {"error": "memory"}
    except Exception as error:  # noqa: BLE001 -- whatever it says may depend on data
        result = {"error": "rho" if error.args == ("rho",) else "failed"}
    result["offline"] = offline
    sys.stdout.write(json.dumps(result, allow_nan=False))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
