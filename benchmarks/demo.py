"""Wall time of each step of the main job on a warm machine, beside a bare papermill run of the same notebook.

    python benchmarks/demo.py [--runs 3] [--local]

Prepares the demonstration's source, permit and extract in a folder of its own, then, per run: papermill on the study
as a researcher would start it (in the workspace's container; with `--local` in a child process), and the service's
steps on it.
The ratio to reach: re-run, checks and package together take at most 3 times the bare run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.launcher import launched, settings_of
from bulle.submit import declared_outputs, write_submission
from egress.airlock.conductor import Airlock
from egress.airlock.desk import Desk
from egress.airlock.runners import LocalRunner, SealedRunner
from egress.checks.model import Outcome
from egress.release.review import Choice, Vote
from egress.signer import Signer
from egress.store.exports import Exports
from egress.store.quarantine import Quarantine
from hub.catalogue.files import read_catalogue
from hub.events.log import EventLog
from hub.extracts.extractor import Extractor, Folders
from hub.launcher.client import Runs
from hub.launcher.shape import Caller
from hub.policy.files import policies_dir, read_permit, read_purposes
from hub.policy.limits import read_limits
from hub.workspace import StateLayout
from scripts.prepare_randhie import prepare

ROOT = Path(__file__).resolve().parents[1]
STUDY = ROOT / "notebooks" / "reste-a-charge.ipynb"
IMAGE = "bulle/workspace:local"
OUT = "/tmp/out.ipynb"  # noqa: S108 -- inside a container that is thrown away
PEOPLE = {"alice": "Alice Martin", "bob": "Bob Diallo", "carol": "Carol Nguyen", "dora": "Dora Petit"}
T = TypeVar("T")


class Steps:
    """Seconds by step, in the order in which they were first taken."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    def take(self, name: str, act: Callable[[], T]) -> T:
        begun = time.monotonic()
        result = act()
        self.seconds.setdefault(name, []).append(time.monotonic() - begun)
        return result

    def median(self, *names: str) -> float:
        return sum(statistics.median(self.seconds[name]) for name in names)


def prepare_enclave(root: Path, steps: Steps) -> tuple[EventLog, Path]:
    """Source, people, permit and extract; the log and the extract's folder."""
    for folder in ("events", "sources/rand-hie", "keys", "extracts", "quarantine", "exports", "outboxes"):
        (root / folder).mkdir(parents=True)
    steps.take("prepare the source", lambda: prepare(root / "sources" / "rand-hie" / "person_year.parquet"))
    log = EventLog(root / "events" / "log.db")
    for identity, name in PEOPLE.items():
        log.append("bench", "person.added", "", {"person": {"id": identity, "name": name}})
    catalogue = read_catalogue(policies_dir() / "catalogues" / "rand-hie.toml")
    log.append("bench", "source.registered", "", {"catalogue": catalogue.model_dump_json()})
    permit = read_permit(policies_dir() / "permits" / "reste-a-charge.toml")
    log.append("bench", "permit.issued", permit.project, {"permit": permit.model_dump_json()})
    folders = Folders(root / "sources", root / "keys", root / "extracts")
    extractor = Extractor(log, folders, read_purposes(), "bench", "benchmark")
    built = steps.take("build the extract", lambda: extractor.build(permit.project, datetime.now(UTC)))
    return log, root / "extracts" / permit.project / built.folder


def bare_papermill(extract: Path, *, local: bool) -> None:
    """The study under papermill and nothing else, its pre-flight included, as in the workspace."""
    if local:
        with tempfile.TemporaryDirectory() as out:
            command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(STUDY), f"{out}/out.ipynb"]
            environment = {**os.environ, "BULLE_EXTRACT": str(extract)}
            subprocess.run(command, env=environment, check=True, capture_output=True)
        return
    mounts = ["-v", f"{extract}:/data:ro", "-v", f"{STUDY}:/study/study.ipynb:ro"]
    options = ["--rm", "--network", "none", "--cpus", "1", "-e", "BULLE_EXTRACT=/data"]
    command = ["docker", "run", *options, *mounts, IMAGE, "papermill", "--no-progress-bar"]
    subprocess.run([*command, "/study/study.ipynb", OUT], check=True, capture_output=True)


def main_job(airlock: Airlock, desk: Desk, root: Path, steps: Steps) -> None:
    """Hand in, re-run, check, decide, package, fetch: each step timed."""
    outbox = root / "outboxes" / "reste-a-charge" / "alice"
    outbox.mkdir(parents=True, exist_ok=True)
    described = dict.fromkeys(declared_outputs(STUDY.read_bytes()), "benchmark")
    write_submission(outbox, STUDY, (), "benchmark", described)
    (request,) = steps.take("take in", airlock.take_in)
    steps.take("re-run", lambda: airlock.advance(request))
    steps.take("checks", lambda: airlock.advance(request))
    found = desk.show(request, "carol")
    votes = tuple(Vote(o.name, Choice.APPROVE, "") for o in found.outputs if o.outcome is not Outcome.FAIL)
    steps.take("decide", lambda: desk.review(request, "carol", votes))
    steps.take("package", lambda: airlock.advance(request))
    steps.take("fetch", lambda: desk.download(request, "alice"))


def main() -> int:
    """Print each step's median and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--local", action="store_true", help="without containers")
    options = parser.parse_args()
    steps, limits = Steps(), read_limits()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        log, extract = prepare_enclave(root, steps)
        quarantine, exports = Quarantine(root / "quarantine"), Exports(root / "exports")
        desk = Desk(log, quarantine, exports)
        with launched(settings_of(root, limits), Caller.WORKER) as socket:
            sealed = SealedRunner(Runs(socket), limits, StateLayout(PurePosixPath(root)), lambda _: None)
            airlock = Airlock(
                log=log,
                quarantine=quarantine,
                exports=exports,
                layout=StateLayout(PurePosixPath(root)),
                policies=policies_dir(),
                limits=limits,
                signer=Signer(log, Ed25519PrivateKey.generate()),
                runner=LocalRunner(limits.runner) if options.local else sealed,
            )
            for _ in range(options.runs):
                steps.take("bare papermill", lambda: bare_papermill(extract, local=options.local))
                main_job(airlock, desk, root, steps)
    where = "in child processes" if options.local else f"in containers of {IMAGE}"
    print(f"median of {options.runs} runs, {where}")
    for name in steps.seconds:
        print(f"  {name:<20} {steps.median(name):7.2f} s")
    bare, ours = steps.median("bare papermill"), steps.median("re-run", "checks", "package")
    print(f"re-run + checks + package: {ours:.2f} s, {ours / bare:.2f} x bare papermill (to reach: 3)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
