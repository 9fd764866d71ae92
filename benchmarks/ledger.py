"""How long the privacy ledger takes on a long log: folding it, and reserving from it in one whole transaction.

The log holds reservations with their answers, twice as many events as reservations. Baselines of the same run:

- of folding, the reading of the same events from the log into values, which every fold needs first (1 x);
- of reserving, `naive`: what a reservation costs that reads, verifies and folds the whole log each time (1 x).

The first reservation of a process does all of this once; each next one verifies what came since. The same declaration
again is answered from the log. An event of any kind alone tells what the disk takes of all of these.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median

from egress.privacy.account import Spending, StoredAnswer, embedded_grant, reserve, settle
from egress.privacy.answer import Answer, Noise
from egress.privacy.form import TABLE
from egress.privacy.keys import Plain
from egress.privacy.ledger import Caps, Reservation, fold, may_reserve
from egress.privacy.spec import DpKey, DpSpec, Kind, OutputColumn, Shape, Statistic
from hub.events.chain import verify
from hub.events.log import EventLog

SOURCE = "made"
ROOM = Caps(10**15)
CELLS = 40
ANSWER = Answer(Noise(1000, 0.1, 1e-6, 0.95, (10.0,), (20,), (25,)), (tuple(range(1000, 1000 + CELLS)),))
_TURN = count()


def spec() -> DpSpec:
    """A count of rows: what a reservation needs of a declaration is its digest, its source and how many cells."""
    cells = tuple(range(CELLS))
    return DpSpec(
        source=SOURCE,
        tables=("t",),
        joins=(),
        person="pid",
        keys=(DpKey(Plain("t.region"), cells),),
        where=None,
        statistics=(Statistic(Kind.ROWS),),
        columns=(OutputColumn("region", Shape.KEY, (0,)), OutputColumn("n", Shape.COUNT, (0,))),
        rows_per_person=1,
    )


def filled(path: Path, reservations: int) -> EventLog:
    """A log of so many reservations, each with its answer."""
    log = EventLog(path)
    with log.transaction() as transaction:
        for number in range(reservations):
            body = {"source": SOURCE, "spec": f"{number:064x}", "extract": "e" * 64, "nano_rho": 1000}
            held = transaction.append("alice", "privacy.reserved", "study", body)
            answer = {"reservation": held.seq, "source": SOURCE, "answer": ANSWER.to_json()}
            transaction.append("alice", "privacy.released", "study", answer)
    return log


def timed(work: Callable[[], object], times: int) -> tuple[float, float]:
    """Milliseconds on the clock and of this process's CPU, the medians."""
    taken = []
    for _ in range(times):
        clock, cpu = time.perf_counter(), time.process_time()
        work()
        taken.append((1000 * (time.perf_counter() - clock), 1000 * (time.process_time() - cpu)))
    return median(each[0] for each in taken), median(each[1] for each in taken)


def line(name: str, took: tuple[float, float], base: tuple[float, float]) -> None:
    """One line of the table; the ratio is of the clock."""
    print(f"{name:34} {took[0]:9.2f} ms  {took[1]:9.2f} ms CPU  {took[0] / base[0]:8.4f} x")


def naive(log: EventLog) -> None:
    """Reads, verifies and folds everything, then reserves."""
    with log.transaction() as transaction:
        events = tuple(transaction.read())
        if verify(events) is not None or may_reserve(fold(events), SOURCE, "", 5, ROOM) is not None:
            raise SystemExit("the log of this benchmark is not what it should be")
        body = {"source": SOURCE, "spec": "f" * 64, "extract": f"naive {next(_TURN)}", "nano_rho": 5}
        transaction.append("alice", "privacy.reserved", "", body)


def held(log: EventLog, asked: DpSpec) -> None:
    """One reservation of something that was not asked before."""
    found = reserve(log, embedded_grant("alice"), Spending(TABLE, asked, f"extract {next(_TURN)}", 5), ROOM)
    if not isinstance(found, Reservation):
        raise SystemExit(str(found))


def answered(log: EventLog, asked: DpSpec) -> None:
    """The same declaration again."""
    found = reserve(log, embedded_grant("alice"), Spending(TABLE, asked, "kept", 5), ROOM)
    if not isinstance(found, StoredAnswer):
        raise SystemExit(str(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reservations", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=15, help="runs of which the median is told")
    parser.add_argument("--slow", type=int, default=3, help="runs that read the whole log")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        log = filled(path, chosen.reservations)
        size = path.stat().st_size / 2**20
        told = f"{chosen.reservations} reservations in {log.last()} events, {size:.0f} MiB"
        print(f"Python {platform.python_version()}, {told}")
        folding(log, chosen.times, chosen.slow)
        reserving(log, path, chosen.times, chosen.slow)


def folding(log: EventLog, times: int, slow: int) -> None:
    """The pure fold of events that were read, whole and carried on."""
    events = log.read()
    read = timed(log.read, slow)
    before = fold(events[:-2])
    line("read every event", read, read)
    line("fold them", timed(lambda: fold(events), times), read)
    line("carry a fold on by two events", timed(lambda: fold(events[-2:], before), times), read)


def reserving(log: EventLog, path: Path, times: int, slow: int) -> None:
    """Whole transactions, committed to disk."""
    asked = spec()
    whole = timed(lambda: naive(log), slow)
    line("reserve, naive", whole, whole)
    line("reserve, first of a process", timed(lambda: held(EventLog(path), asked), slow), whole)
    held(log, asked)
    line("reserve, next", timed(lambda: held(log, asked), times), whole)
    kept = reserve(log, embedded_grant("alice"), Spending(TABLE, asked, "kept", 5), ROOM)
    if isinstance(kept, Reservation):
        settle(log, kept, "alice", TABLE, ANSWER)
    line("reserve, answered from the log", timed(lambda: answered(log, asked), times), whole)
    line("append one event of any kind", timed(lambda: log.append("alice", "person.added", "", {}), times), whole)


if __name__ == "__main__":
    main()
