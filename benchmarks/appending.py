"""What the log's keeper adds to writing an event: transactions asked of a keeper in a process of its own, against the
same ones written by this process.

    python -m benchmarks.appending --events 200
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.events.kept import kept_at, open_log
from hub.events.log import EventLog
from hub.events.writers import Writer

READY_SECONDS = 30
BODY = {"request": "bench-1", "outputs": [{"name": f"table_{number}", "vote": "approve"} for number in range(20)]}


@contextmanager
def kept(root: Path) -> Iterator[EventLog]:
    """A log under `root` as a process writes it that has to ask the keeper."""
    (root / "events").mkdir(parents=True)
    sockets = root / "log"
    sockets.mkdir()
    environment = {**os.environ, "BULLE_STATE": str(root), "BULLE_LOG_SOCKETS": str(sockets)}
    command = [sys.executable, "-m", "hub.keeper"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        socket = sockets / list(Writer)[-1] / "socket"  # the last that it makes
        deadline = time.monotonic() + READY_SECONDS
        while not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        yield open_log(kept_at(sockets / Writer.WEB / "socket", root / "events" / "log.db"))
    finally:
        process.terminate()
        process.wait()


def median_of(log: EventLog, events: int) -> float:
    """Milliseconds for one event of a review with 20 votes, written in a transaction that reads the last first."""
    taken = []
    for _ in range(events):
        begun = time.perf_counter()
        with log.transaction() as transaction:
            list(transaction.read(after=log.last() - 1))
            transaction.append("carol", "review.given", "bench", BODY)
        taken.append(1000 * (time.perf_counter() - begun))
    return statistics.median(taken)


def main() -> None:
    """Print both medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "direct").mkdir()
        with kept(root / "kept") as asked:
            median_of(asked, 10)
            ours = median_of(asked, events)
        direct = median_of(EventLog(root / "direct" / "log.db"), events)
    print(f"one event: {direct:.1f} ms written directly, {ours:.1f} ms by the keeper, {ours / direct:.2f} x")


if __name__ == "__main__":
    main()
