"""How long an output checker waits for the queue and the review page, with 1,000 and with 10,000 requests in the log.

Each request has 20 outputs of 40 cells and went all the way to its download; 40 wait for people in either log. The
pages are those of the service, in a process of their own on loopback; before each of them something is appended to the
log, so that none is answered from what stood there before. Baselines of the same run:

- the same pages at 1,000 requests (1 x, of the server's CPU): to reach, flat up to 10,000;
- reading and folding the whole log once, which a page cost several times before the log was followed.

To reach: 300 ms in 95 of 100 pages.

    python -m benchmarks.airlock                       1,000 and 10,000 requests
    python -m benchmarks.airlock --requests 100 1000   quicker
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx

from benchmarks.airlock_made import PREFIX, PROJECTS, Made, logged_in, project, served
from benchmarks.processes import cpu, resident
from egress.airlock.situation import Situation

PORT = 8990
WAITING = 40


@dataclass(frozen=True)
class Measured:
    """Milliseconds: 95 of 100 pages took no longer, and the server's CPU for one; of the whole log's folding; MiB."""

    queue: float
    review: float
    cpu_queue: float
    cpu_review: float
    first: float
    fold: float
    megabytes: float


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def measured(root: Path, requests: int, times: int) -> Measured:
    """One log of so many requests, and its pages."""
    made = Made(root)
    made.people()
    made.requests(range(requests - WAITING), waiting=False)
    waiting = range(requests - WAITING, requests)
    made.requests(waiting, waiting=True)
    begun = time.perf_counter()
    Situation.of(made.log.read())
    fold = 1000 * (time.perf_counter() - begun)
    begun = time.perf_counter()
    with served(root, PORT) as server:
        first = 1000 * (time.perf_counter() - begun)
        browser = logged_in(PORT, "checker-1")
        mine = [f"{project(each)}-{each}" for each in waiting if each % PROJECTS in {0, 1, 10, 11}]
        page(made, browser, f"review/{mine[0]}")  # its templates are read once
        taken = [cpu(server.pid)]
        queue = [page(made, browser, "queue") for _ in range(times)]
        taken.append(cpu(server.pid))
        review = [page(made, browser, f"review/{mine[turn % len(mine)]}") for turn in range(times)]
        taken.append(cpu(server.pid))
        used = [(after - before) / times for before, after in pairwise(taken)]
        return Measured(p95(queue), p95(review), used[0], used[1], first, fold, resident(server.pid))


def page(made: Made, browser: httpx.Client, path: str) -> float:
    """Milliseconds of one page after one more event."""
    made.log.append("researcher-1", "login.accepted", "", {})
    begun = time.perf_counter()
    answer = browser.get(PREFIX + path)
    taken = 1000 * (time.perf_counter() - begun)
    if answer.status_code != httpx.codes.OK:
        raise SystemExit(f"{path}: {answer.status_code}")
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--times", type=int, default=100, help="pages of which the 95 quickest in 100 are told")
    chosen = parser.parse_args()
    found = {}
    for requests in chosen.requests:
        with tempfile.TemporaryDirectory() as folder:
            found[requests] = measured(Path(folder), requests, chosen.times)
    print(f"load {os.getloadavg()[0]:.1f}")
    base = found[chosen.requests[0]]
    for requests, each in found.items():
        print(
            f"{requests:6} requests: queue p95 {each.queue:5.0f} ms, {each.cpu_queue:4.0f} ms CPU "
            f"({each.cpu_queue / base.cpu_queue:.2f} x); review p95 {each.review:5.0f} ms, "
            f"{each.cpu_review:4.0f} ms CPU ({each.cpu_review / base.cpu_review:.2f} x); "
            f"folding the log once {each.fold:6.0f} ms; "
            f"from start to first answer {each.first:6.0f} ms, {each.megabytes:.0f} MiB"
        )


if __name__ == "__main__":
    main()
