"""The child process: reads one problem file, writes the cells that τ-ARGUS would suppress besides. Nothing else.

`python -I -m egress.proposals.child IN OUT SECONDS MEGABYTES`. Its limits hold before the engine is loaded. IN is a
problem file (.jj), or a batch file (.arb) that names the files beside it, OUT among them.
"""

from __future__ import annotations

import resource
import sys

_MIB = 1 << 20
_MAX_FILE_MIB = 256
_GRACE = 30  # to write the best pattern found, when its own time is over


def main(arguments: list[str]) -> int:
    """0: an answer is written; 3: the engine is not installed; anything else: there is none."""
    source, target, seconds, megabytes = arguments[0], arguments[1], int(arguments[2]), int(arguments[3])
    for what, most in (
        (resource.RLIMIT_AS, megabytes * _MIB),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, _MAX_FILE_MIB * _MIB),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    try:
        return _batch(source) if source.endswith(".arb") else _problem(source, target, seconds)
    except ImportError:
        return 3


def _problem(source: str, target: str, seconds: int) -> int:
    from pytauargus._tauargus import HiTaSCtrl  # noqa: PLC0415 -- native code, under limits only

    minutes = max(1, (seconds - _GRACE) // 60)  # the engine counts so; the clock that ends it is the parent's
    return 0 if HiTaSCtrl().full_jj(in_file_jj=source, out_file=target, max_time=minutes) in {0, 1} else 4


def _batch(source: str) -> int:
    from pytauargus.engine import run_batch  # noqa: PLC0415 -- see above

    run_batch(source)  # what it raises ends this process
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
