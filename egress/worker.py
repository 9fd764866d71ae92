"""The egress worker: takes in what lies in outboxes, re-runs, checks, and releases what was decided; takes uploads into
quarantine, has them looked into, and lays into projects what was approved.

BULLE_STATE: the state's root, at the same path as on the host. BULLE_POLICIES: the folder of policies (default: the
shipped ones). BULLE_LAUNCHER_SOCKET: where the launcher listens, which re-runs notebooks in sealed
containers. BULLE_SIGNER_SOCKET: where the signer listens. `--once` does what is due and ends.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from threading import Event as Flag
from types import MappingProxyType

from egress.airlock.conductor import Airlock
from egress.airlock.import_desk import rules_in
from egress.airlock.importing import Importer
from egress.airlock.runners import SealedRunner, standing_of
from egress.airlock.signing import RemoteSigner
from egress.store.arrivals import Arrivals
from egress.store.exports import Exports
from egress.store.quarantine import Quarantine
from hub.events.kept import log_of
from hub.events.log import utc_now
from hub.launcher.client import Runs
from hub.policy.files import PolicyFileError, policies_dir
from hub.policy.limits import read_limits
from hub.present import Present
from hub.retry import Retry, retry_after
from hub.workspace import StateLayout

LOG = logging.getLogger("bulle.worker")
PAUSE = 2.0  # seconds between two looks at the outboxes


@dataclass(frozen=True)
class Worker:
    """The way out and the way in."""

    airlock: Airlock
    importer: Importer


def turn(airlock: Airlock, retries: Mapping[str, Retry], now: datetime) -> Mapping[str, Retry]:
    """One look: take in what is new, close what has expired, take every step that is due, run again what was asked for;
    what has to be tried again, and when.
    """
    airlock.take_in()
    airlock.expire()
    owners = {request.id: request.owner for request in airlock.due()}

    def step(identity: str) -> bool:
        after = airlock.process(identity)
        LOG.info("request %s: %s", after.id, after.status)
        return after.owner is not owners[identity]

    left = _each(owners, retries, now, step)
    for again in airlock.reproduce():
        LOG.info("request %s: run again", again)
    return left


def bring_in(importer: Importer, retries: Mapping[str, Retry], now: datetime) -> Mapping[str, Retry]:
    """One look at imports: every step that is due; what has to be tried again, and when."""
    importer.tidy()
    return _each(importer.due(), retries, now, importer.process)


def _each(
    due: Iterable[str], retries: Mapping[str, Retry], now: datetime, step: Callable[[str], bool]
) -> Mapping[str, Retry]:
    """Take `step`, which says whether it got on, with each that is due and need not wait; what waits, until when."""
    left: dict[str, Retry] = {}
    for identity in due:
        known = retries.get(identity)
        if known is not None and now < known.at:
            left[identity] = known
        elif not step(identity):
            left[identity] = retry_after(known, now)
    return MappingProxyType(left)


def serve(worker: Worker, stop: Flag, clock: Callable[[], datetime] = utc_now) -> None:
    """Turn until `stop` is set. A step that has begun is finished first."""
    retries: Mapping[str, Retry] = {}
    imports: Mapping[str, Retry] = {}
    while not stop.is_set():
        try:
            imports = bring_in(worker.importer, imports, clock())
            retries = turn(worker.airlock, retries, clock())
        except Exception as error:  # noqa: BLE001 -- the worker goes on; its text may hold data, so only its kind is told
            LOG.error("a turn ended with %s; the next begins in %s seconds", type(error).__name__, PAUSE)  # noqa: TRY400 -- a traceback may hold data
        stop.wait(PAUSE)


def compose(environ: Mapping[str, str]) -> Worker:
    """Both ways, as `environ` describes them. Raises: KeyError for a variable that is not set, PolicyFileError."""
    layout = StateLayout(PurePosixPath(environ["BULLE_STATE"]))
    policies = Path(environ["BULLE_POLICIES"]) if environ.get("BULLE_POLICIES") else policies_dir()
    limits = read_limits(policies)
    Path(layout.log).parent.mkdir(parents=True, exist_ok=True)
    log, quarantine = log_of(environ, layout.log), Quarantine(Path(layout.quarantine))
    runs = Runs(Path(environ["BULLE_LAUNCHER_SOCKET"]))
    airlock = Airlock(
        log=log,
        quarantine=quarantine,
        exports=Exports(Path(layout.exports)),
        layout=layout,
        policies=policies,
        limits=limits,
        signer=RemoteSigner(Path(environ["BULLE_SIGNER_SOCKET"])),
        runner=SealedRunner(runs, limits, layout, standing_of(Present(log))),
    )
    importer = Importer(
        log=log,
        following=airlock.following,
        quarantine=quarantine,
        arrivals=Arrivals(Path(layout.arrivals)),
        layout=layout,
        rules=rules_in(policies),
        limits=limits.imports,
        make_folder=runs.prepare_imports,
        clock=utc_now,
    )
    return Worker(airlock, importer)


def main() -> int:
    """`python -m egress.worker [--once]`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        worker = compose(os.environ)
    except KeyError as error:
        LOG.error("%s is not set; egress/worker.py says what is", error.args[0])  # noqa: TRY400 -- one sentence for the operator
        return 3
    except PolicyFileError as error:
        for message in error.messages:
            LOG.error("%s", message)  # noqa: TRY400 -- one sentence for the operator
        return 3
    if "--once" in sys.argv[1:]:
        bring_in(worker.importer, {}, utc_now())
        turn(worker.airlock, {}, utc_now())
        return 0
    stop = Flag()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    LOG.info("waiting for submissions")
    serve(worker, stop)
    LOG.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
