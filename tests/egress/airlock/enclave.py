"""A small enclave on disk: one source, one project, a log, and an airlock that re-runs in a child process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from bulle.submit import declared_outputs
from egress.airlock.acts import Acts
from egress.airlock.conductor import Airlock, Draw
from egress.airlock.desk import Desk
from egress.airlock.runners import LocalRunner, Runner
from egress.release.model import ReleaseRequest
from egress.release.review import Choice, Vote
from egress.signer import Signer
from egress.store.exports import Exports
from egress.store.quarantine import Quarantine
from egress.store.submission import SCHEMA
from hub.catalogue.model import Catalogue
from hub.events.log import EventLog
from hub.extracts.pack import Provenance, pack
from hub.extracts.reader import open_extract
from hub.policy.files import policies_dir
from hub.policy.limits import ContainerLimits, read_limits
from hub.policy.model import DataPermit
from hub.workspace import StateLayout
from tests.egress.release.requests import ALICE, BOB, CAROL, DORA, permit

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
SECRET = "Tr0ub4dor-planted-secret"

CATALOGUE = Catalogue.model_validate(
    {
        "source": {"name": "tiny", "person_key": "person_id", "rules": "health-fr"},
        "tables": {
            "stay": {
                "rows_per_person": 1,
                "columns": {
                    "region": {"type": "string", "description": "Region", "categories": ["east", "north", "south"]},
                    "sex": {"type": "string", "description": "Sex", "categories": ["female", "male"]},
                    "cost": {"type": "integer", "description": "Cost", "bounds": [0, 1000]},
                },
            }
        },
    }
)

BY_REGION = "SELECT region, count(*) AS stays, count(DISTINCT person_id) AS persons FROM stay GROUP BY region"
BY_SEX = "SELECT sex, count(*) AS stays FROM stay GROUP BY sex"
SINGLE_PERSONS = "SELECT person_id, cost FROM stay"


def rows() -> dict[str, list[Any]]:
    """400 persons, one stay each: 240 in the north, 155 in the south, 5 in the east (below any threshold)."""
    regions = ["north"] * 240 + ["south"] * 155 + ["east"] * 5
    return {
        "person_id": [f"p{number:04}" for number in range(400)],
        "region": regions,
        "sex": ["female" if number % 2 else "male" for number in range(400)],
        "cost": [(number * 37) % 900 + 50 for number in range(400)],
    }


def notebook(*cells: str) -> bytes:
    """A notebook of these code cells, with a markdown cell before them."""
    made = new_notebook(cells=[new_markdown_cell(f"# {SECRET}"), *(new_code_cell(cell) for cell in cells)])
    return nbformat.writes(made).encode()


def release(name: str, sql: str, **options: Any) -> str:
    """A cell that declares one output."""
    words = "".join(f", {key}={value!r}" for key, value in options.items())
    return f"import bulle\nbulle.release({name!r}, {sql!r}{words})"


class Clock:
    """Stands where a test puts it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class TinyEnclave:
    """Everything a test needs to hand in, process, review and fetch."""

    root: Path
    layout: StateLayout
    log: EventLog
    clock: Clock
    airlock: Airlock
    desk: Desk
    policies: Path
    limits: ContainerLimits

    def hand_in(
        self,
        content: bytes,
        name: str = "first",
        person: str = "alice",
        project: str = "costs",
        *,
        descriptions: dict[str, str] | None = None,
        again: dict[str, str] | None = None,
        **files: bytes,
    ) -> Path:
        """Lay a submission into the person's outbox; without `descriptions` every output has one."""
        described = descriptions or {output: f"What {output} shows" for output in declared_outputs(content)}
        folder = self.root / "outboxes" / project / person / f"{name}.request"
        folder.mkdir(parents=True)
        (folder / "study.ipynb").write_bytes(content)
        for file, held in files.items():
            (folder / f"{file}.csv").write_bytes(held)
        said = {
            "schema": SCHEMA,
            "notebook": "study.ipynb",
            "files": [f"{file}.csv" for file in files],
            "title": "Study",
            **(again or {}),
            "descriptions": described or {"x": "X"},
        }
        (folder / "submission.json").write_text(json.dumps(said))
        return folder

    def kinds(self) -> list[str]:
        """The kinds of events of requests, in order."""
        return [event.kind for event in self.log.read() if event.kind.startswith(("request", "review", "package"))]

    def last(self, kind: str) -> dict[str, Any]:
        """The body of the last event of `kind`."""
        return dict([event.body for event in self.log.read() if event.kind == kind][-1])

    def ask(self, content: bytes, name: str, project: str = "costs") -> ReleaseRequest:
        """Hand in and have it processed as far as the machine goes."""
        self.hand_in(content, name, project=project)
        (made,) = self.airlock.take_in()
        return self.airlock.process(made)

    def approve(self, request: str, checker: str = "carol") -> None:
        """One checker votes for everything that may leave."""
        found = self.desk.look().request(request)
        votes = tuple(Vote(output.name, Choice.APPROVE) for output in found.reviewable)
        self.desk.review(request, checker, votes)

    def second_project(self, change: Callable[[dict[str, list[Any]]], None], **granted: Any) -> None:
        """Project `care` of the same people on the same source, with an extract of its own."""
        issue(self.log, permit(project="care", **granted))
        digest = build_extract(self.root, change=change, project="care")
        self.log.append("extractor", "extract.built", "care", {"folder": "v1", "digest": digest})

    @property
    def acts(self) -> Acts:
        """What people do besides voting."""
        return Acts(self.desk.following, self.clock)

    def with_runner(self, runner: Runner) -> Airlock:
        """The airlock with another way to re-run."""
        return airlock_of(self, runner)


def airlock_of(enclave: TinyEnclave, runner: Runner, draw: Draw = lambda: 0.99) -> Airlock:
    return Airlock(
        log=enclave.log,
        quarantine=Quarantine(enclave.root / "quarantine"),
        exports=Exports(enclave.root / "exports"),
        layout=enclave.layout,
        policies=enclave.policies,
        limits=enclave.limits,
        runner=runner,
        signer=Signer(enclave.log, KEY, enclave.clock),
        clock=enclave.clock,
        draw=draw,
    )


def build_extract(
    root: Path,
    folder: str = "v1",
    change: Callable[[dict[str, list[Any]]], None] | None = None,
    project: str = "costs",
) -> str:
    """Pack the tiny extract under `root`; its manifest's digest."""
    values = rows()
    if change is not None:
        change(values)
    source = root / f"{folder}.parquet"
    pq.write_table(pa.table(values), source)
    out = root / "extracts" / project / folder
    out.parent.mkdir(parents=True, exist_ok=True)
    pack(CATALOGUE, {"stay": source}, out, datetime(2026, 5, 1, tzinfo=UTC), Provenance("health-fr", project))
    return open_extract(out).sha256


def make_enclave(root: Path, granted: DataPermit | None = None) -> TinyEnclave:
    """The enclave after people, source, permit and extract."""
    clock = Clock()
    (root / "events").mkdir()
    log = EventLog(root / "events" / "log.db", clock)
    for person in (ALICE, BOB, CAROL, DORA):
        log.append("admin", "person.added", "", {"person": person.model_dump()})
    log.append("admin", "source.registered", "", {"catalogue": CATALOGUE.model_dump_json()})
    issue(log, granted or permit())
    digest = build_extract(root)
    log.append("extractor", "extract.built", "costs", {"folder": "v1", "digest": digest})
    shipped = read_limits()
    runner = shipped.runner.model_copy(update={"seconds": 120})
    limits = shipped.model_copy(update={"runner": runner})
    layout = StateLayout(PurePosixPath(root))
    quarantine, exports = Quarantine(root / "quarantine"), Exports(root / "exports")
    desk = Desk(log, quarantine, exports, clock)
    enclave = TinyEnclave(root, layout, log, clock, None, desk, policies_dir(), limits)  # type: ignore[arg-type]  # set in the next line
    enclave.airlock = airlock_of(enclave, LocalRunner(limits.runner))
    return enclave


def issue(log: EventLog, granted: DataPermit) -> None:
    log.append("admin", "permit.issued", granted.project, {"permit": granted.model_dump_json()})


ENDED = {"valid_until": date(2026, 5, 31)}
