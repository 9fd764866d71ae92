"""A made enclave with many requests, for benchmarks of the pages: its log, its reports, and its pages on loopback.

    python -m benchmarks.airlock_made ROOT PORT     serve the pages of the enclave at ROOT

The hub is a stand-in that lets anybody in under the name that they bring as code: the benchmarks are about what stands
behind the login. Requests share their reports' bytes, as what a page costs is in reading and showing them.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import Popen

import httpx
import nbformat
import uvicorn
from nbformat.v4 import new_code_cell, new_notebook
from starlette.types import ASGIApp

from egress.airlock.desk import Desk
from egress.airlock.import_desk import ImportDesk, rules_in
from egress.apart.reading import ApartReader
from egress.checks.model import Assurance, Audience, Finding, Outcome, Protection, Risk
from egress.checks.table import Table
from egress.pages.hub import Hub, HubSettings
from egress.pages.login import Login
from egress.pages.sessions import Sessions
from egress.release.model import OutputRecord, Standing
from egress.release.report import OutputReport
from egress.release.review import Choice, Vote
from egress.store.arrivals import Arrivals
from egress.store.exports import Exports
from egress.store.quarantine import Quarantine
from egress.web.app import Site, build
from egress.web.submitted import Submitted
from hub.events.log import EventLog, Transaction, utc_now
from hub.policy.files import policies_dir
from hub.policy.limits import read_limits
from hub.policy.model import DataPermit, Membership, Person, Role, TableGrant
from hub.words import say

PREFIX = "/services/egress/"
OUTPUTS = 20
CELLS = 40
PROJECTS, RESEARCHERS, CHECKERS = 20, 40, 10
SITES = tuple(f"site {number:02}" for number in range(CELLS))


def researcher(number: int) -> str:
    return f"researcher-{number % RESEARCHERS}"


def checker(number: int) -> str:
    return f"checker-{number % CHECKERS}"


def project(number: int) -> str:
    return f"study{number % PROJECTS}"


class Made:
    """The enclave at `root`: everybody researches on one project and checks on two."""

    def __init__(self, root: Path) -> None:
        (root / "events").mkdir(parents=True, exist_ok=True)
        self.log = EventLog(root / "events" / "log.db")
        self.quarantine = Quarantine(root / "quarantine")
        self.exports, self.arrivals = Exports(root / "exports"), Arrivals(root / "arrivals")

    def people(self) -> None:
        """People and permits."""
        with self.log.transaction() as transaction:
            for name in [*map(researcher, range(RESEARCHERS)), *map(checker, range(CHECKERS))]:
                person = Person(id=name, name=name.title())
                transaction.append("admin", "person.added", "", {"person": person.model_dump(mode="json")})
            for number in range(PROJECTS):
                permit = _permit(number)
                body = {"permit": permit.model_dump_json()}
                transaction.append("admin", "permit.issued", permit.project, body)

    def requests(self, ids: Iterable[int], *, waiting: bool) -> None:
        """Requests of twenty outputs each: checked and waiting for people, or all the way to their download."""
        notebook = self.quarantine.put(_notebook())
        records = self.records()
        with self.log.transaction() as transaction:
            for number in ids:
                _request(transaction, number, notebook, records, waiting=waiting)

    def records(self) -> tuple[OutputRecord, ...]:
        """The outputs of a request, with reports in quarantine."""
        return tuple(
            OutputRecord(
                report.name,
                report.title,
                report.assurance,
                report.outcome,
                report.protect,
                self.quarantine.put(report.to_bytes()),
                "0" * 64,
            )
            for report in map(_report, range(OUTPUTS))
        )

    def app(self, port: int) -> ASGIApp:
        """The pages, with a stand-in for the hub."""
        settings = HubSettings(PREFIX, "http://hub", f"http://127.0.0.1:{port}", "secret")
        key = b"of this benchmark only"
        login = Login(
            Hub(settings, httpx.Client(transport=httpx.MockTransport(_hub))), Sessions(key, time.monotonic), key
        )
        desk = Desk(self.log, self.quarantine, self.exports)
        limits = read_limits()
        imports = ImportDesk(desk.following, self.quarantine, limits.imports, rules_in(policies_dir()))
        submitted = Submitted(self.quarantine, ApartReader(limits.reader).notebook)
        return build(Site(login, desk, imports, self.arrivals, submitted, utc_now))


def _permit(number: int) -> DataPermit:
    researching = [researcher(each) for each in range(RESEARCHERS) if each % PROJECTS == number]
    checking = [checker(number), checker(number + 1)]
    return DataPermit(
        project=project(number),
        title=f"Study {number}",
        purpose="public-health-research",
        statement="Measures pages.",
        source="made",
        rules="health-fr",
        rho="1.0",
        valid_from="2020-01-01",
        valid_until="2099-12-31",
        persons=(
            *(Membership(person=name, role=Role.RESEARCHER) for name in researching),
            *(Membership(person=name, role=Role.OUTPUT_CHECKER) for name in checking),
        ),
        tables={"stay": TableGrant(columns=("site",))},
    )


def _request(
    transaction: Transaction,
    number: int,
    notebook: str,
    records: tuple[OutputRecord, ...],
    *,
    waiting: bool,
) -> None:
    name, here = f"{project(number)}-{number}", project(number)
    outputs = [
        replace(each, fingerprint=hashlib.sha256(f"{name} {each.name}".encode()).hexdigest()) for each in records
    ]

    def tell(actor: str, kind: str, **body: object) -> None:
        transaction.append(actor, kind, here, {"request": name, **body})

    frozen = {"name": "study.ipynb", "sha256": notebook, "size": 1000}
    title = f"Stays by site, part {number}"
    tell(researcher(number), "request.submitted", entry=f"{name}.request", title=title, notebook=frozen, files=[])
    ran = {"ended": "finished", "folder": "v1", "extract": "3" * 64, "image": "sha256:0", "isolation": "container"}
    tell("egress", "request.rerun", notebook="2" * 64, **ran)
    basis = {"rules_name": "health-fr", "rules": "4" * 64, "versions": {"duckdb": "2"}}
    said = {"lane": "review", "outputs": [each.to_dict() for each in outputs], "undeclared": [], "basis": basis}
    standing = Standing("made", "5" * 64, 0).to_dict()
    tell("egress", "request.checked", checkers_required=1, standing=standing, **said)
    if waiting:
        return
    names = [each.name for each in outputs]
    votes = [Vote(each, Choice.APPROVE, "Read.").to_dict() for each in names]
    tell(checker(number), "review.given", votes=votes, comment="")
    tell("egress", "request.decided", approved=names, rejected=[])
    tell("signer", "request.signed", digest="6" * 64, fingerprint="7" * 64)
    tell("egress", "request.released", package="8" * 64)
    tell(researcher(number), "package.downloaded", package="8" * 64)


def _notebook() -> bytes:
    cells = [new_code_cell(f"import bulle\nbulle.release('by_site_{number}', 'SELECT 1')") for number in range(OUTPUTS)]
    return str(nbformat.writes(new_notebook(cells=cells))).encode()


def _report(number: int) -> OutputReport:
    rows = tuple((site, 100 + number * at, 40 + at, 12.5 * at) for at, site in enumerate(SITES))
    exact = Table(("site", "stays", "persons", "mean_cost"), rows)
    protected = replace(exact, rows=((SITES[0], None, None, None), *rows[1:]))
    cells = [
        {"keys": [row[0]], "grouping": [0], "rows": row[1], "persons": row[2], "measures": [None, None, None]}
        for row in rows
    ]
    few = say("{number} cells count fewer than {threshold} persons; they are suppressed.", number=1, threshold=11)
    findings = (
        Finding(
            "title", Risk.COVERT_CHANNEL, Outcome.REVIEW, "title", say("The title is free wording; a person reads it.")
        ),
        Finding("min_persons", Risk.LOW_COUNT, Outcome.REVIEW, f"site={SITES[0]}", few, ((0, 1), (0, 2))),
        Finding("dominance", Risk.DOMINANCE, Outcome.PASS, "", few, (), Audience.CHECKER),
    )
    return OutputReport(
        f"by_site_{number}",
        f"Stays by site, {number}",
        "SELECT site, count(*) AS stays, count(DISTINCT person_id) AS persons FROM stay GROUP BY site",
        Assurance.RECOMPUTED,
        Outcome.REVIEW,
        Protection.SUPPRESS,
        findings,
        protected,
        exact,
        {"cells": cells, "rows": 4000, "persons": 1600},
        {"rho": 3.25, "epsilon": 14.2, "delta": 1e-6, "limit": 1.0},
    )


def _hub(request: httpx.Request) -> httpx.Response:
    """The hub's two answers; the code is the name, and so is the token."""
    if request.url.path.endswith("/oauth2/token"):
        code = dict(pair.split("=", 1) for pair in request.content.decode().split("&"))["code"]
        return httpx.Response(200, json={"access_token": code})
    name = request.headers["Authorization"].removeprefix("token ")
    return httpx.Response(200, json={"kind": "user", "name": name, "scopes": ["access:services!service=egress"]})


@contextmanager
def served(root: Path, port: int) -> Iterator[Popen[bytes]]:
    """The pages in a process of their own, warm."""
    server = Popen([sys.executable, "-m", "benchmarks.airlock_made", str(root), str(port)])
    try:
        for _ in range(1200):
            try:
                if httpx.get(f"http://127.0.0.1:{port}{PREFIX}health", timeout=120).status_code == 200:
                    break
            except httpx.ConnectError:
                time.sleep(0.1)
        else:
            raise SystemExit("the pages did not answer")
        yield server
    finally:
        server.terminate()
        server.wait()


def logged_in(port: int, name: str) -> httpx.Client:
    """A browser in which `name` is logged in."""
    browser = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
    begun = httpx.URL(browser.get(f"{PREFIX}requests").headers["location"])
    arrived = browser.get(f"{PREFIX}oauth_callback", params={"state": begun.params["state"], "code": name})
    if arrived.status_code != 303:
        raise SystemExit(f"{name} could not log in: {arrived.status_code}")
    return browser


if __name__ == "__main__":
    where, at = Path(sys.argv[1]), int(sys.argv[2])
    uvicorn.run(Made(where).app(at), host="127.0.0.1", port=at, access_log=False, log_level="warning")
