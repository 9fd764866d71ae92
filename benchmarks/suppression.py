"""Secondary suppression beside τ-ARGUS, on made tables of counts: three dimensions with margins and a hierarchy.

Counts of 1 and 2 are primary; zeros are shown. Each pattern, whoever made it, is judged by the same audit: an attacker
who knows all sums and that counts are whole. `exposed` are primary cells that it works out exactly. τ-ARGUS runs in a
child process with limits of time and memory, from microdata (FREQ(3, 30): its own protection levels, ±1 here).
"From MOD's proposal" is what `bulle protect --tauargus` does: MOD proposes, bulle repairs, thins and judges.

    PYTHONPATH=. python benchmarks/suppression.py                        1,001 and 9,610 cells (some ten minutes)
    PYTHONPATH=. python benchmarks/suppression.py --sizes 700 9610 39600 109890 --limit 290
    PYTHONPATH=. python benchmarks/suppression.py --sizes 9610 --width 5   a protection interval of 5 counts
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy

from benchmarks.hierarchical import SIZES, Made, made
from egress.proposals.tauargus import Limits, propose
from egress.protect.audit import audit
from egress.protect.cells import Cells
from egress.protect.secondary import Effort, loss_of, suppress
from egress.protect.system import Exposed, Marks, Problem, System, Vector

# Measured by others on other tables of these sizes; named as such, not run here.
QUOTED = {
    700: "GaussSuppression (R 1.2.3): 167",
    9_610: "GaussSuppression (R 1.2.3): 1,686",
    39_600: "GaussSuppression (R 1.2.3): 6,431; τ-ARGUS MOD: 3,216",
    109_890: "GaussSuppression (R 1.2.3): stopped after 290 s; τ-ARGUS MOD: refused",
}


def task(table: Made, width: int) -> Problem:
    primary = (table.values > 0) & (table.values <= 2)
    vector = Vector.counts("n", table.values, primary, threshold=None, width=width)
    system = System.of(table.relations(), len(table.values))
    return Problem(system, (vector,), primary, published=table.values == 0)


def limited(megabytes: int, seconds: int) -> Callable[[], None]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    return limit


def tauargus(size: int, seed: int, method: str, limit: int) -> tuple[float, Marks] | str:
    """Seconds and pattern, or why there is none."""
    command = [sys.executable, "-m", "benchmarks.tauargus", str(size), str(seed), method, str(max(1, limit // 60))]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=limit,
            check=False,
            preexec_fn=limited(8192, limit + 60),
        )
    except subprocess.TimeoutExpired:
        return f"not finished in {limit} s"
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        return f"ended with {done.returncode}" + (f" ({told[-1][:90]})" if told else "")
    answer = json.loads(done.stdout.decode().strip().splitlines()[-1])
    marks = np.zeros(int(np.prod([1 + sum(levels) for levels in SIZES[size]])), dtype=bool)
    marks[answer["suppressed"]] = True
    return float(answer["seconds"]), marks


def line(problem: Problem, who: str, seconds: float, suppressed: Marks) -> int:
    began = time.perf_counter()
    found = audit(problem, suppressed)
    judged = time.perf_counter() - began
    loss = loss_of(problem, suppressed)
    verdict = "0 exposed" if found.clean else f"{sum(map(len, found.exposed))} exposed"
    useless = sum(map(len, found.recoverable))
    print(
        f"  {who:<18} {loss.secondary:>6} secondary  {100 * loss.value_share:5.1f} % of the total  {seconds:7.1f} s"
        f"   audit: {verdict}{f', {useless} secondary known exactly' if useless else ''}"
        f"  ({found.programs} programs, {judged:.1f} s)",
        flush=True,
    )
    return loss.secondary


def from_theirs(table: Made, problem: Problem, effort: Effort, limit: int) -> tuple[float, int] | None:
    """As `bulle protect --tauargus` does it: MOD proposes, bulle repairs and thins. Seconds of both, and secondaries.

    MOD reads cells here, and is asked for what the audit asks: `width` numbers beside the true one, not ±1.
    """
    codes = tuple(tuple(f"c{code}" if code else "Total" for code in place) for place in np.ndindex(*table.shape))
    cells = Cells(
        ("a", "b", "c"), codes, (None,) * len(codes), table.values, None, None, None, None,
        tuple(table.relations()), 0, {},
    )  # fmt: skip
    began = time.perf_counter()
    proposal = propose(problem, cells, Limits(seconds=limit, megabytes=8192), exact=0)
    if proposal.marks is None:
        print(f"  bulle from MOD's proposal: {proposal.why}", flush=True)
        return None
    asked = time.perf_counter() - began
    line(problem, "MOD's proposal", asked, proposal.marks | problem.secret)
    ours = suppress(problem, proposal.marks, effort)
    seconds = time.perf_counter() - began
    if isinstance(ours, Exposed):
        print(f"  bulle from MOD's proposal: nothing protects {len(ours.cells)} cells ({ours.why})")
        return None
    return seconds, line(problem, "bulle from MOD's", seconds, ours.suppressed)


def ratio(who: str, one: tuple[float, int], whom: str, other: tuple[float, int]) -> None:
    print(
        f"    {who} / {whom}: {one[1] / max(other[1], 1):.3f} of its secondaries, "
        f"{one[0] / max(other[0], 1e-9):.2f} of its time",
        flush=True,
    )


def compare(  # noqa: PLR0913, PLR0917 -- the options of one comparison
    size: int, seed: int, limit: int, width: int, methods: list[str], turns: int | None
) -> None:
    table = made(SIZES[size], seed=seed)
    problem = task(table, width)
    print(
        f"{len(table.values):,} cells, {int(problem.primary.sum()):,} primary, width {width} (seed {seed})", flush=True
    )
    began = time.perf_counter()
    effort = Effort.thorough(problem.system.size)
    effort = effort if turns is None else replace(effort, turns=turns)
    ours = suppress(problem, effort=effort)
    seconds = time.perf_counter() - began
    if isinstance(ours, Exposed):
        print(f"  bulle: nothing protects {len(ours.cells)} cells ({ours.why})")
        return
    alone = seconds, line(problem, "bulle", seconds, ours.suppressed)
    proposed = from_theirs(table, problem, effort, limit) if "MOD" in methods else None
    for method in methods if width == 1 else []:
        found = tauargus(size, seed, method, limit)
        if isinstance(found, str):
            print(f"  τ-ARGUS {method}: {found}", flush=True)
            continue
        theirs = found[0], line(problem, f"τ-ARGUS {method}", *found)
        ratio("bulle", alone, method, theirs)
        if proposed is not None:
            ratio("bulle from MOD's proposal", proposed, method, theirs)
    if size in QUOTED:
        print(f"    quoted, on another table of this size: {QUOTED[size]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", choices=sorted(SIZES), default=[1_001, 9_610])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--limit", type=int, default=60, help="seconds for one run of τ-ARGUS")
    parser.add_argument(
        "--width", type=int, default=1, help="whole numbers that must stay possible beside the true one"
    )
    parser.add_argument("--methods", nargs="*", default=["OPT", "MOD"], help="of τ-ARGUS; none to leave it out")
    parser.add_argument("--turns", type=int, help="neighbourhoods done anew (default: by size); more take longer")
    parser.add_argument("--quick", action="store_true", help="the smallest size only")
    chosen = parser.parse_args()
    version = importlib.metadata.version
    print(f"Python {platform.python_version()}, SciPy {scipy.__version__}, NumPy {np.__version__}", end="")
    print(f", pytauargus {version('pytauargus')}" if chosen.methods else "")
    for size in [700] if chosen.quick else chosen.sizes:
        for seed in chosen.seeds:
            # The exact method does not end on larger tables; it is not waited for.
            methods = [one for one in chosen.methods if one != "OPT" or size <= 1_001]
            compare(size, seed, chosen.limit, chosen.width, methods, chosen.turns)


if __name__ == "__main__":
    main()
