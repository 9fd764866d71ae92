"""A DP release beside DuckDB's plain GROUP BY of the same rows: count and mean by 40 and by 4,000 groups.

`release` is the whole way of the service after the reservation: a fresh worker process, OpenDP and DuckDB loaded,
limits set, the bounded copy counted, noise drawn, the answer read (`egress.privacy.draw`). `GROUP BY` is DuckDB alone
on the same file with as many threads, in a process that runs already; `started` is the same with its process' start.
`counted` is the part of the release that reads rows (`egress.privacy.vectors`), in a process that runs already.
Each takes turns with the others, so that other work on the machine meets all of them; the least of its runs counts, by
the clock and, in brackets, by processor time. Memory is the most that the process held, the worker's in a release.

To reach at 50 million rows: at most twice the GROUP BY, and less than 1 GiB more memory.

    python benchmarks/dp.py                                       1 million rows
    python benchmarks/dp.py --rows 1000000 10000000 50000000      as in the requirement: 4 GB of disk for a while
    python benchmarks/dp.py --quick                               200,000 rows, two runs
    python benchmarks/dp.py --rows 50000000 --folder DIR          DIR keeps the data
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import duckdb

from benchmarks.dp_made import KEYS, peak_mib, prepare, spec_of
from egress.privacy.child import limits_in_force
from egress.privacy.draw import draw
from egress.privacy.files import files
from egress.privacy.form import TABLE
from egress.privacy.ledger import Reservation
from egress.privacy.vectors import vectors
from hub.extracts.reader import open_extract
from hub.policy.files import read_rules

WORKS = ("GROUP BY", "counted", "release")
NANO_RHO = 50_000_000


def work(what: str, folder: Path, groups: int) -> Callable[[], object]:
    """What is timed."""
    extract, rules, limits = open_extract(folder), read_rules("health-fr"), limits_in_force()
    spec = spec_of(groups, extract.manifest)
    paths = files(spec, extract.manifest, extract.path)
    if what == "release":
        reserved = Reservation(0, "bench", "bench", spec.digest, "bench", NANO_RHO)
        return lambda: draw(reserved, TABLE, spec, extract.path, extract.manifest, rules=rules)
    if what == "counted":
        return lambda: vectors(spec, paths, threads=limits.threads)
    connection = duckdb.connect()
    connection.execute(f"SET threads = {limits.threads}")
    connection.execute("SET enable_progress_bar = false")
    sql = f"SELECT {KEYS[groups]}, count(*), avg(cost) FROM read_parquet('{paths['stay']}') GROUP BY {KEYS[groups]}"
    return lambda: connection.execute(sql).fetchall()


def child(what: str, folder: Path, groups: int) -> None:
    """One kind of work, once for every line on stdin: seconds, processor seconds and peak memory as a line of JSON."""
    run = work(what, folder, groups)
    for _ in sys.stdin:
        begin, busy = time.perf_counter(), os.times()
        run()
        seconds, done = time.perf_counter() - begin, os.times()
        cpu = sum(done[at] - busy[at] for at in range(4))  # its own and its children's
        mib = peak_mib(children=what == "release")
        print(json.dumps({"seconds": seconds, "cpu": cpu, "mib": mib}), flush=True)


def started(folder: Path, groups: int) -> float:
    """Seconds of the plain GROUP BY with a Python process that starts for it."""
    path = folder / "stay.dp.parquet"
    sql = f"SELECT {KEYS[groups]}, count(*), avg(cost) FROM read_parquet('{path}') GROUP BY {KEYS[groups]}"
    code = "import duckdb, sys; duckdb.connect(config={'threads': sys.argv[2]}).execute(sys.argv[1]).fetchall()"
    begin = time.perf_counter()
    command = [sys.executable, "-I", "-c", code, sql, str(limits_in_force().threads)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def asked(process: subprocess.Popen[str]) -> dict[str, float]:
    """One more run of a child."""
    if process.stdin is None or process.stdout is None:
        raise TypeError("no pipes")
    process.stdin.write("\n")
    process.stdin.flush()
    found: dict[str, float] = json.loads(process.stdout.readline())
    return found


def compare(folder: Path, rows: int, groups: int, repeat: int) -> None:
    """One line of the table."""
    runs: dict[str, list[dict[str, float]]] = {what: [] for what in WORKS}
    children = {
        what: subprocess.Popen(
            [sys.executable, __file__, "--child", what, "--folder", str(folder), "--groups", str(groups)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for what in WORKS
    }
    walls = []
    try:
        for what in WORKS:
            asked(children[what])  # files into the page cache, modules loaded
        for _ in range(repeat):
            walls.append(started(folder, groups))
            for what in WORKS:
                runs[what].append(asked(children[what]))
    finally:
        for process in children.values():
            process.communicate()
    best = {what: {name: min(run[name] for run in found) for name in found[0]} for what, found in runs.items()}
    peak = {what: max(run["mib"] for run in found) for what, found in runs.items()}
    plain, counted, release = (best[what] for what in WORKS)
    shown = [f"{each['seconds']:6.2f} s ({each['cpu']:5.2f})" for each in (plain, counted, release)]
    ratios = [
        f"{each['seconds'] / plain['seconds']:5.2f} ({each['cpu'] / plain['cpu']:5.2f})" for each in (counted, release)
    ]
    more = peak["release"] - peak["GROUP BY"]
    print(
        f"{rows:>11,} {groups:>6,}", *shown, f"{min(walls):6.2f} s", *ratios,
        f"{release['seconds'] / min(walls):9.2f}", f"{more:+7.0f} M", flush=True,
    )  # fmt: skip


def table(options: argparse.Namespace, folder: Path) -> None:
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(
        f"OpenDP {version('opendp')}, DuckDB {duckdb.__version__}, {limits_in_force().threads} threads on "
        f"{os.cpu_count()} cores, least of {options.repeat}; load before: {load}"
    )
    print(
        f"{'rows':>11} {'groups':>6} {'GROUP BY (cpu)':>16} {'counted (cpu)':>16} {'release (cpu)':>16} {'started':>8} "
        f"{'/ GROUP BY: counted':>13} {'release':>13} {'/ started':>9} {'memory':>9}"
    )
    for rows in options.rows:
        where = folder / f"made-{rows}"
        if not where.exists():
            # In a process of its own, so that none of its memory is anybody's below.
            made = [sys.executable, __file__, "--prepare", "--folder", str(where), "--rows", str(rows)]
            subprocess.run(made, check=True)
        for groups in KEYS:
            compare(where, rows, groups, options.repeat)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    options.add_argument("--repeat", type=int, default=5, help="runs of each; the least counts")
    options.add_argument("--quick", action="store_true", help="200,000 rows, two runs")
    options.add_argument("--folder", type=Path, help="where the data are kept; a temporary folder without it")
    options.add_argument("--prepare", action="store_true", help=argparse.SUPPRESS)
    options.add_argument("--child", choices=WORKS, help=argparse.SUPPRESS)
    options.add_argument("--groups", type=int, choices=KEYS, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.quick:
        chosen.rows, chosen.repeat = [200_000], 2
    if chosen.prepare:
        prepare(chosen.folder, chosen.rows[0])
    elif chosen.child:
        child(chosen.child, chosen.folder, chosen.groups)
    elif chosen.folder:
        chosen.folder.mkdir(parents=True, exist_ok=True)
        table(chosen, chosen.folder)
    else:
        with tempfile.TemporaryDirectory() as folder:
            table(chosen, Path(folder))


if __name__ == "__main__":
    main()
