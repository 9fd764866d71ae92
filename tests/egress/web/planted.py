"""An enclave with requests in every state that pages show, made by the same events that the services write."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from egress.airlock.acts import Acts
from egress.airlock.desk import Desk
from egress.airlock.following import Following
from egress.airlock.import_desk import ImportDesk, rules_in
from egress.airlock.importing import Importer
from egress.checks.model import Assurance, Audience, Finding, Outcome, Protection, Risk
from egress.checks.table import Table
from egress.privacy.ols_told import ERRORS
from egress.query.model import Query
from egress.query.parse import parse
from egress.release.conflict import Conflict, ConflictCell
from egress.release.descriptions import to_bytes
from egress.release.report import OutputReport
from egress.released.fingerprint import Fingerprint, Granted, Lineage, Thresholds
from egress.released.fingerprint import Status as FingerprintStatus
from egress.store.arrivals import Arrivals
from egress.store.exports import Exports
from egress.store.quarantine import Quarantine
from hub.catalogue.model import Catalogue
from hub.events.log import EventLog
from hub.policy.files import policies_dir
from hub.policy.limits import read_limits
from hub.policy.model import DataPermit, Membership, Person, Role, TableGrant
from hub.policy.review import ReviewRules
from hub.words import say
from hub.workspace import StateLayout

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
PEOPLE = {
    "alice": "Alice Martin",
    "bob": "Bob Diallo",
    "carol": "Carol Nguyen",
    "dora": "Dora Petit",
    "mallory": "Mallory Roux",
    "hilda": "Hilda Keller",
    "stranger": "Sam Stranger",
}
ATTACK = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{7*7}}"
SECRET = 987_654_321  # stands in an exact table only: no author may ever read it
# what an earlier table and this one show when one is subtracted from the other: for checkers only
THERE, HERE = 4_711_819, 4_711_818
_MEMBERS = {
    "reste-a-charge": {
        "alice": "researcher",
        "bob": "researcher",
        "carol": "output_checker",
        "dora": "output_checker",
        "hilda": "data_holder",
    },
    "urgences": {"mallory": "researcher", "bob": "output_checker"},
}


CATALOGUE = Catalogue.model_validate(
    {
        "source": {"name": "rand-hie", "person_key": "person_id", "rules": "health-fr"},
        "tables": {
            "person_year": {
                "columns": {
                    "site": {"type": "string", "description": "Site", "categories": ["Charleston", "Dayton"]},
                    "year": {"type": "integer", "description": "Year", "categories": [1, 2, 3]},
                    "age": {"type": "integer", "description": "Age", "bounds": [0, 110], "breaks": [18]},
                    "total_spending": {"type": "number", "description": "Spending", "bounds": [0, 100000]},
                }
            }
        },
    }
)


@dataclass
class Planted:
    """The enclave at `root`; its clock stands still unless a test moves it."""

    root: Path
    now: datetime = NOW
    rules: ReviewRules = field(default_factory=ReviewRules)
    log: EventLog = field(init=False)
    quarantine: Quarantine = field(init=False)
    exports: Exports = field(init=False)
    arrivals: Arrivals = field(init=False)

    def __post_init__(self) -> None:
        (self.root / "events").mkdir(parents=True)
        self.log = EventLog(self.root / "events" / "log.db", self.clock)
        self.quarantine = Quarantine(self.root / "quarantine")
        self.exports = Exports(self.root / "exports")
        self.arrivals = Arrivals(self.root / "arrivals")
        for name, full in PEOPLE.items():
            if name != "stranger":
                body = {"person": Person(id=name, name=full).model_dump(mode="json")}
                self.log.append("admin", "person.added", "", body)
        for project, members in _MEMBERS.items():
            self.permit(project, members)

    def clock(self) -> datetime:
        """What its services read the time from; each reading is a minute later."""
        self.now += timedelta(minutes=1)
        return self.now

    @property
    def imports(self) -> ImportDesk:
        return ImportDesk(
            Following(self.log), self.quarantine, read_limits().imports, rules_in(policies_dir()), self.clock
        )

    def bring_in(self) -> None:
        """The worker's turn on imports; this process stands in for the launcher, which makes their folders."""
        layout, limits = StateLayout(PurePosixPath(self.root)), read_limits().imports
        importer = Importer(
            log=self.log,
            following=Following(self.log),
            quarantine=self.quarantine,
            arrivals=self.arrivals,
            layout=layout,
            rules=rules_in(policies_dir()),
            limits=limits,
            make_folder=lambda project: Path(layout.imports(project)).mkdir(parents=True, exist_ok=True),
            clock=self.clock,
        )
        for identity in importer.due():
            importer.process(identity)

    @property
    def desk(self) -> Desk:
        return Desk(self.log, self.quarantine, self.exports, self.clock)

    @property
    def acts(self) -> Acts:
        return Acts(Following(self.log), self.clock)

    def permit(self, project: str, members: dict[str, str], until: str = "2028-12-31") -> None:
        """Issue a permit."""
        permit = DataPermit(
            project=project,
            title="What stays with patients: out-of-pocket spending by coinsurance",
            purpose="public-health-research",
            statement="Estimate how much of medical spending stays with families, and who forgoes care.",
            source="rand-hie",
            rules="health-fr",
            rho="1.0",
            valid_from="2026-01-01",
            valid_until=until,
            persons=tuple(Membership(person=person, role=Role(role)) for person, role in members.items()),
            tables={"person_year": TableGrant(columns=("site", "year", "total_spending"))},
        )
        self.log.append("admin", "permit.issued", project, {"permit": permit.model_dump_json()})

    def submit(self, request: str, person: str = "alice", title: str = "What stays with patients", **more: Any) -> None:
        """A request that waits for its re-run."""
        notebook = self.quarantine.put(_notebook(more.get("source", "import bulle")))
        body = {
            "request": request,
            "entry": f"{request}.request",
            "title": title,
            "notebook": {"name": "study.ipynb", "sha256": notebook, "size": 10},
            "files": [],
            "imports": more.get("imports", []),
            "descriptions": self.quarantine.put(to_bytes(more.get("descriptions", {}))),
        }
        self.log.append(person, "request.submitted", request.rpartition("-")[0], body)

    def resubmit(self, request: str, answer: str, *reports: OutputReport) -> None:
        """Alice's next turn, checked. `answer`: what she says was changed."""
        body = {
            "request": request,
            "entry": f"{request}-again.request",
            "title": "Again",
            "notebook": {"name": "study.ipynb", "sha256": self.quarantine.put(_notebook("import bulle")), "size": 2},
            "files": [],
            "descriptions": self.quarantine.put(to_bytes({})),
            "answer": self.quarantine.put(answer.encode()),
        }
        self.log.append("alice", "request.resubmitted", request.rpartition("-")[0], body)
        self.checked(request, *reports)

    def checked(self, request: str, *reports: OutputReport) -> None:
        """Re-run and checks are done; it waits for its checkers, or is refused when nothing could leave."""
        project = request.rpartition("-")[0]
        rerun = {
            "request": request,
            "ended": "finished",
            "notebook": "2" * 64,
            "folder": "v1",
            "extract": "3" * 64,
            "image": "sha256:0",
            "isolation": "container",
            "imports": [each.id for each in self.desk.look().request(request).imports],
        }
        self.log.append("egress", "request.rerun", project, rerun)
        self.log.append("egress", "request.checked", project, self._said(request, reports))

    def repeated(self, request: str, *reports: OutputReport) -> None:
        """The checks were repeated and say something else."""
        standing = {"source": "rand-hie", "state": "5" * 64, "tables": 1}
        body = {**self._said(request, reports), "changed": True, "standing": standing}
        self.log.append("egress", "request.rechecked", request.rpartition("-")[0], body)

    def _said(self, request: str, reports: tuple[OutputReport, ...]) -> dict[str, Any]:
        records = [r.record(self.quarantine.put(r.to_bytes()), self.fingerprint(request, r)) for r in reports]
        lane = "review" if any(record.reviewable for record in records) else "refused"
        why = say("It was printed, not declared; declare the aggregate with bulle.release.")
        return {
            "request": request,
            "lane": lane,
            "outputs": [record.to_dict() for record in records],
            "undeclared": [{"kind": "stdout", "count": 2, "why": why.to_dict()}],
            "review": self.rules.model_dump(mode="json"),
            "basis": {"rules_name": "health-fr", "rules": "4" * 64, "versions": {"duckdb": "2.0"}},
        }

    def fingerprint(self, request: str, report: OutputReport) -> str | None:
        """The digest of the fingerprint of a recomputed exact table whose SQL is a query of this source."""
        query = parse(report.sql, CATALOGUE, frozenset({"person_year"}))
        if report.protect is Protection.DP or report.protected is None or not isinstance(query, Query):
            return None
        made = Fingerprint(
            request=request,
            project=request.rpartition("-")[0],
            output=report.name,
            lineage=Lineage("rand-hie", "3" * 64, (Granted("person_year"),)),
            query=query,
            table=report.protected,
            groupings=tuple(query.groupings[0] for _ in report.protected.rows),
            status=FingerprintStatus.PENDING,
            rules=Thresholds("health-fr", 11, 5, 3),
        )
        return self.quarantine.put(made.to_bytes())

    def spend(self, project: str, nano_rho: int, end: str = "released", person: str = "alice") -> int:
        """A reservation with its end; the entry's number."""
        body = {"source": "rand-hie", "spec": "6" * 64, "extract": "3" * 64, "nano_rho": nano_rho}
        if end == "refused":
            reason = say("A DP release needs rho above 0.").to_dict()
            event = self.log.append(person, "privacy.refused", project, {**body, "rule": "x", "reason": reason})
            return event.seq
        seq = self.log.append(person, "privacy.reserved", project, body).seq
        if end == "released":
            ended = {"reservation": seq, "source": "rand-hie", "answer": {"noisy": []}}
            self.log.append(person, "privacy.released", project, ended)
        if end == "lapsed":
            ended = {"reservation": seq, "source": "rand-hie", "reason": say("No answer.").to_dict()}
            self.log.append(person, "privacy.lapsed", project, ended)
        return seq

    def release(self, request: str, package: bytes = b"PK\x05\x06" + bytes(18)) -> None:
        """The package is in exports."""
        body = {"request": request, "package": self.exports.write(request, package)}
        self.log.append("egress", "request.released", request.rpartition("-")[0], body)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of the events of one kind."""
        return [dict(event.body) for event in self.log.read() if event.kind == kind]


def by_site(title: str = "Visits and spending by site") -> OutputReport:
    """Two small cells, suppressed with a secondary one; a person must look."""
    exact = Table(
        ("site", "persons", "visits", "mean_spending"),
        (
            ("Charleston", 812, 2411, 301.25),
            ("Dayton", 7, 19, 412.5),
            ("Fitchburg", 640, 1840, SECRET),
            ("Georgetown", 655, 12345, 288.125),
            (None, 31, 58, 205.5),
        ),
    )
    protected = Table(
        exact.columns,
        (exact.rows[0], ("Dayton", None, None, None), ("Fitchburg", 640, 1840, None), exact.rows[3], exact.rows[4]),
    )
    cells = [
        {"keys": [row[0]], "grouping": [0], "rows": row[2], "persons": row[1], "measures": [None, None, share]}
        for row, share in zip(
            exact.rows, [{"total": 100.0, "largest": part} for part in (2, 31, 88, 4, 9)], strict=True
        )
    ]
    few = say("{rows} rows of the table are about fewer than {least} persons.", rows=1, least=11)
    one = say("One person makes {share} % of this cell; at most {limit} % may come from one.", share=88, limit=85)
    word = say("The title is free wording; a person reads it.")
    findings = (
        Finding("declaration", Risk.COVERT_CHANNEL, Outcome.REVIEW, "title", word),
        Finding("low_counts", Risk.LOW_COUNT, Outcome.REVIEW, "site=Dayton", few, ((1, 1), (1, 2), (1, 3))),
        Finding("dominance", Risk.DOMINANCE, Outcome.REVIEW, "site=Fitchburg", one, ((2, 3),), Audience.CHECKER),
        Finding("unanimity", Risk.CLASS_DISCLOSURE, Outcome.PASS, "", say("No group shares one sensitive value.")),
    )
    return OutputReport(
        "visits_by_site",
        title,
        "SELECT site, count(DISTINCT person_id) AS persons, count(*) AS visits,\n"
        "       avg(total_spending) AS mean_spending\nFROM person_year GROUP BY site",
        Assurance.RECOMPUTED,
        Outcome.REVIEW,
        Protection.SUPPRESS,
        findings,
        protected,
        exact,
        {"cells": cells, "rows": 16673, "persons": 2145},
        {"rho": 3.25, "epsilon": 14.2, "delta": 1e-6, "limit": 1.0},
    )


def adults_by_year() -> OutputReport:
    """Differs from `by_year`, which was released, by few persons."""
    exact = Table(("year", "persons"), ((1, HERE), (2, 5460), (3, 11630)))
    told = say(
        "Subtracted from {output} of request {request} (project {project}), this table shows {cells} groups of "
        "fewer than {threshold} persons.",
        output="persons_by_year",
        request="reste-a-charge-2",
        project="reste-a-charge",
        cells=2,
        threshold=11,
    )
    author = say("This table conflicts with an earlier release; a checker sees which.")
    cells = ((0, 1), (1, 1))
    findings = (
        Finding("differencing", Risk.DIFFERENCING, Outcome.REVIEW, "table", told, cells, Audience.CHECKER),
        Finding("differencing", Risk.DIFFERENCING, Outcome.REVIEW, "table", author),
    )
    conflict = Conflict(
        "reste-a-charge",
        "reste-a-charge-2",
        "persons_by_year",
        "released",
        "2026-11-19T10:12:00.000+00:00",
        ("year",),
        "persons",
        "persons",
        (ConflictCell((1,), HERE, THERE, 1, ((0, 1),)), ConflictCell((2,), 5460, 5463, 3, ((1, 1),))),
        7,
    )
    elsewhere = replace(conflict, project="urgences", request="urgences-4", output="by_year", keys=(), all_cells=1)
    elsewhere = replace(elsewhere, cells=(ConflictCell((), None, 41, 2, ((0, 1),)),), fate="approved")
    return OutputReport(
        "adults_by_year",
        "Adults by year",
        "SELECT year, count(DISTINCT person_id) AS persons FROM person_year WHERE age >= 18 GROUP BY year",
        Assurance.RECOMPUTED,
        Outcome.REVIEW,
        Protection.SUPPRESS,
        findings,
        exact,
        exact,
        conflicts=(conflict, elsewhere),
    )


def by_year() -> OutputReport:
    """Nothing found."""
    table = Table(("year", "persons"), ((1, 5530), (2, 5490), (3, 11653)))
    return OutputReport(
        "persons_by_year",
        "Persons by year",
        "SELECT year, count(DISTINCT person_id) AS persons FROM person_year GROUP BY year",
        Assurance.RECOMPUTED,
        Outcome.PASS,
        Protection.SUPPRESS,
        (Finding("low_counts", Risk.LOW_COUNT, Outcome.PASS, "", say("No cell counts fewer than 11 persons.")),),
        table,
        table,
        {},
        {"rho": 0.02, "epsilon": 1.1, "delta": 1e-6, "limit": 1.0},
    )


def noisy() -> OutputReport:
    """A DP release, with what is told beside it."""
    told = {
        "rho": "0.25",
        "charged": "0.25",
        "epsilon": 3.1,
        "delta": 1e-7,
        "confidence": 0.95,
        "half_widths": [[None, 12.0], [None, 12.0]],
        "notes": [],
    }
    found = Finding("dp", Risk.PRIVACY_BUDGET, Outcome.PASS, "table", say("Noise was drawn for rho {rho}.", rho="0.25"))
    return OutputReport(
        "visits_dp",
        "Visits by year, with noise",
        "SELECT year, count(*) AS visits FROM person_year GROUP BY year",
        Assurance.RECOMPUTED,
        Outcome.PASS,
        Protection.DP,
        (found,),
        Table(("year", "visits"), ((1, 5526), (2, 5499))),
        dp=told,
    )


def dp_table() -> OutputReport:
    """A DP release of today: a count, a mean with uneven ends, a median."""
    shapes = (("sex", "key", None, None), ("n", "count", 27.2, 54.0), ("mean_spending", "mean", None, None))
    columns = [
        {"name": name, "shape": shape, "scale": scale, "half_width": half, "ranks": None}
        for name, shape, scale, half in shapes
    ]
    columns.append({"name": "median_age", "shape": "quantile", "scale": None, "half_width": None, "ranks": 31})
    told = {
        "form": "bulle.dp-told/2",
        "rho": "0.05",
        "charged": "0.05",
        "epsilon": 1.47123,
        "delta": 1e-6,
        "confidence": 0.95,
        "columns": columns,
        "intervals": [[None, [110325, 110433], [290, 341.25], None], [None, [-57, 51], None, None]],
        "notes": [say("A mean or a share is empty where its noisy count cannot be told from 0.").to_dict()],
    }
    return replace(
        noisy(),
        name="by_sex_dp",
        title="Spending by sex, with noise",
        protected=Table(("sex", "n", "mean_spending", "median_age"), (("F", 110379, 312.5, 41), ("M", -3, None, 52))),
        dp=told,
    )


def regression() -> OutputReport:
    """Coefficients with noise, told with their intervals; people must look."""
    columns = [("term", "key"), ("estimate", "coefficient"), ("standard_error", "error")]
    told = {
        "form": "bulle.dp-told/2",
        "kind": "ols",
        "asked": {
            "table": "person_year",
            "outcome": "total_spending",
            "predictors": ["age", "site"],
            "where": "year = 2",
        },
        "rho": "0.1",
        "charged": "0.1",
        "epsilon": 2.14,
        "delta": 1e-6,
        "confidence": 0.95,
        "columns": [
            {"name": name, "shape": shape, "scale": None, "half_width": None, "ranks": None} for name, shape in columns
        ],
        "intervals": [
            [None, [412.0, 520.0], None],
            [None, [3.1, 5.0], None],
            [None, [-81.0, 12.0], None],
        ],
        "notes": [
            ERRORS.to_dict(),
            say("{rows} complete rows took part, ± {half} by noise.", rows=18417, half=9).to_dict(),
        ],
    }
    rows = (("(constant)", 466.0, 28.0), ("age", 4.1, 0.48), ("site: Dayton", -34.0, 24.0))
    why = say("By the rules {rules}, people look at outputs of {call}.", rules="health-fr", call="bulle.release_ols")
    asked = (
        "bulle.release_ols('spending_on_age', table='person_year', outcome='total_spending', "
        "predictors=['age', 'site'], where='year = 2')"
    )
    return replace(
        noisy(),
        name="spending_on_age",
        title="Spending on age and site",
        sql=asked,
        outcome=Outcome.REVIEW,
        findings=(Finding("private_kind", Risk.PRIVACY_BUDGET, Outcome.REVIEW, "output", why),),
        protected=Table(tuple(name for name, _ in columns), rows),
        dp=told,
    )


def synthetic() -> OutputReport:
    """A synthetic extract of 60 records."""
    told = {"kind": "synthetic", "rho": "0.1", "charged": "0.1", "epsilon": 2.14, "delta": 1e-6, "columns": []}
    table = Table(("sex", "age"), tuple(("F", 20 + at) for at in range(60)))
    return replace(noisy(), name="made_up", title="Made-up persons", protected=table, dp=told)


def single_persons() -> OutputReport:
    """Refused: it asks for something about single persons."""
    why = say("person_id stands in a filter; a person's key may only be counted.")
    found = Finding("person_key", Risk.INDIVIDUALS, Outcome.FAIL, "line 1, column 52", why)
    sql = "SELECT total_spending FROM person_year WHERE person_id = 125024"
    return OutputReport("one_person", "", sql, Assurance.RECOMPUTED, Outcome.FAIL, Protection.SUPPRESS, (found,))


def _notebook(source: str) -> bytes:
    code = {"cell_type": "code", "source": source, "outputs": [], "metadata": {}, "execution_count": None, "id": "a"}
    text = {"cell_type": "markdown", "source": f"# Study\n{ATTACK}", "metadata": {}, "id": "b"}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [text, code]}).encode()
