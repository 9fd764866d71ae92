"""The egress worker: takes in what lies in outboxes, re-runs, checks, and releases what was decided.

BULLE_STATE: the state's root, at the same path as on the host. BULLE_POLICIES: the folder of policies (default: the
shipped ones). BULLE_LAUNCHER_SOCKET: where the launcher listens, which re-runs notebooks in sealed
containers. BULLE_SIGNER_SOCKET: where the signer listens. `--once` does what is due and ends.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from threading import Event as Flag
from types import MappingProxyType

from egress.airlock.conductor import Airlock
from egress.airlock.runners import SealedRunner
from egress.airlock.signing import RemoteSigner
from egress.store.exports import Exports
from egress.store.quarantine import Quarantine
from hub.events.log import EventLog, utc_now
from hub.launcher.client import Runs
from hub.policy.files import PolicyFileError, policies_dir
from hub.policy.limits import read_limits
from hub.workspace import StateLayout

LOG = logging.getLogger("bulle.worker")
PAUSE = 2.0  # seconds between two looks at the outboxes
FIRST_RETRY, LAST_RETRY = timedelta(seconds=10), timedelta(minutes=10)


@dataclass(frozen=True)
class Retry:
    """When a request that failed is tried again, and how long the wait before that was."""

    at: datetime
    waited: timedelta

    def next(self, now: datetime) -> Retry:
        """Twice as long, up to LAST_RETRY."""
        waited = min(self.waited * 2, LAST_RETRY)
        return Retry(now + waited, waited)


def turn(airlock: Airlock, retries: Mapping[str, Retry], now: datetime) -> Mapping[str, Retry]:
    """One look: take in what is new, close what has expired, take every step that is due, run again what was asked for;
    what has to be tried again, and when.
    """
    airlock.take_in()
    airlock.expire()
    left: dict[str, Retry] = {}
    for request in airlock.due():
        known = retries.get(request.id)
        if known is not None and now < known.at:
            left[request.id] = known
            continue
        after = airlock.process(request.id)
        if after.owner is request.owner:
            left[request.id] = known.next(now) if known else Retry(now + FIRST_RETRY, FIRST_RETRY)
        LOG.info("request %s: %s", after.id, after.status)
    for again in airlock.reproduce():
        LOG.info("request %s: run again", again)
    return MappingProxyType(left)


def serve(airlock: Airlock, stop: Flag, clock: Callable[[], datetime] = utc_now) -> None:
    """Turn until `stop` is set. A step that has begun is finished first."""
    retries: Mapping[str, Retry] = {}
    while not stop.is_set():
        try:
            retries = turn(airlock, retries, clock())
        except Exception as error:  # noqa: BLE001 -- the worker goes on; its text may hold data, so only its kind is told
            LOG.error("a turn ended with %s; the next begins in %s seconds", type(error).__name__, PAUSE)  # noqa: TRY400 -- a traceback may hold data
        stop.wait(PAUSE)


def compose(environ: Mapping[str, str]) -> Airlock:
    """The airlock that `environ` describes. Raises: KeyError for a variable that is not set, PolicyFileError."""
    layout = StateLayout(PurePosixPath(environ["BULLE_STATE"]))
    policies = Path(environ["BULLE_POLICIES"]) if environ.get("BULLE_POLICIES") else policies_dir()
    limits = read_limits(policies)
    Path(layout.log).parent.mkdir(parents=True, exist_ok=True)
    return Airlock(
        log=EventLog(Path(layout.log)),
        quarantine=Quarantine(Path(layout.quarantine)),
        exports=Exports(Path(layout.exports)),
        layout=layout,
        policies=policies,
        limits=limits,
        signer=RemoteSigner(Path(environ["BULLE_SIGNER_SOCKET"])),
        runner=SealedRunner(Runs(Path(environ["BULLE_LAUNCHER_SOCKET"])), limits, Path(layout.runs)),
    )


def main() -> int:
    """`python -m egress.worker [--once]`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        airlock = compose(os.environ)
    except KeyError as error:
        LOG.error("%s is not set; egress/worker.py says what is", error.args[0])  # noqa: TRY400 -- one sentence for the operator
        return 3
    except PolicyFileError as error:
        for message in error.messages:
            LOG.error("%s", message)  # noqa: TRY400 -- one sentence for the operator
        return 3
    if "--once" in sys.argv[1:]:
        turn(airlock, {}, utc_now())
        return 0
    stop = Flag()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    LOG.info("waiting for submissions")
    serve(airlock, stop)
    LOG.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
