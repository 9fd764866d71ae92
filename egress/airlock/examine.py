"""The step from a re-run notebook to outputs with an outcome: declarations reconciled, each recomputed and checked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from types import MappingProxyType

from egress.airlock.extracts import project_extract
from egress.airlock.failure import StepError
from egress.airlock.judge import Judge
from egress.assess import linked_findings
from egress.checks.model import Assurance, Finding, Outcome, Protection, Risk, worst
from egress.outputs.claims import DeclaredFrame
from egress.outputs.declarations import Confirmed, DeclarationProblem, Declared, reconcile
from egress.outputs.model import Rendered, Unreadable
from egress.outputs.notebook import read_notebook, withheld
from egress.query.engine import Engine, EngineError
from egress.release.decision import checkers_required, lane_of
from egress.release.model import Basis, Lane, OutputRecord, ReleaseRequest, Undeclared
from egress.release.report import OutputReport
from egress.rerun.plan import MIB
from egress.store.intake import MEGABYTE
from egress.store.quarantine import Quarantine
from hub.events.log import EventLog
from hub.policy.files import read_rules
from hub.policy.limits import ContainerLimits
from hub.policy.model import DataPermit
from hub.policy.verdict import Grant
from hub.words import Message, say
from hub.workspace import StateLayout

_COMPUTED_BY = ("bulle", "duckdb", "sqlglot", "scipy", "opendp", "pandas", "nbconvert")


@dataclass(frozen=True)
class Examination:
    """What the checks of one request amount to. `reason` is told to the author when the lane is refused."""

    lane: Lane
    basis: Basis
    checkers_required: int
    records: tuple[OutputRecord, ...] = ()
    undeclared: tuple[Undeclared, ...] = ()
    reason: Message = field(default_factory=lambda: say("Every declared output was refused; each says why."))


class Examiner:
    """Examines re-run requests. Results go into quarantine; what it returns holds names, outcomes and digests."""

    def __init__(
        self, log: EventLog, quarantine: Quarantine, layout: StateLayout, policies: Path, limits: ContainerLimits
    ) -> None:
        self._log = log
        self._quarantine = quarantine
        self._layout = layout
        self._policies = policies
        self._limits = limits

    def examine(self, request: ReleaseRequest, permit: DataPermit, spend: Grant) -> Examination:
        """`spend` is the author's leave to draw on the privacy budget.

        Raises: StepError, QuarantineError, PolicyFileError when the service cannot do its part."""
        if request.rerun is None:
            raise StepError(say("Request {request} has no re-run.", request=request.id))
        rules = read_rules(permit.rules, self._policies)
        kept = self._quarantine.put(rules.model_dump_json().encode())
        basis = Basis(rules.name, kept, MappingProxyType(_versions(request.rerun.image)))
        required = checkers_required(rules)
        submitted = self._read(request.notebook.sha256, self._limits.intake.max_file_mb * MEGABYTE)
        rerun = self._read(request.rerun.notebook, self._limits.runner.max_output_mb * MIB)
        for notebook in (submitted, rerun):
            if isinstance(notebook, Unreadable):
                return Examination(Lane.REFUSED, basis, required, reason=notebook.why)
        if isinstance(submitted, Unreadable) or isinstance(rerun, Unreadable):
            raise StepError(say("A notebook of request {request} cannot be read.", request=request.id))
        undeclared = _undeclared(rerun)
        items = reconcile(submitted, rerun)
        if not items:
            reason = say("The notebook declares nothing; declare what should leave with bulle.release.")
            return Examination(Lane.REFUSED, basis, required, undeclared=undeclared, reason=reason)
        if len(items) > self._limits.intake.max_outputs:
            limit = self._limits.intake.max_outputs
            reason = say("The notebook declares more than the {limit} outputs that one request may have.", limit=limit)
            return Examination(Lane.REFUSED, basis, required, undeclared=undeclared, reason=reason)
        extract = project_extract(self._layout, request.project, request.rerun.folder, request.rerun.extract)
        try:
            with Engine(extract.path, extract.manifest) as engine:
                judge = Judge(self._log, spend, permit, rules, extract, engine)
                reports = _linked(_reports(items, judge), engine)
                records = tuple(self._keep(report) for report in reports)
        except EngineError as error:
            raise StepError(error.message) from error
        return Examination(lane_of(records, rules), basis, required, records, undeclared)

    def _read(self, digest: str, limit: int) -> Rendered | Unreadable:
        return read_notebook(self._quarantine.get(digest), limit)

    def _keep(self, report: OutputReport) -> OutputRecord:
        digest = self._quarantine.put(report.to_bytes())
        return OutputRecord(report.name, report.title, report.assurance, report.outcome, report.protect, digest)


def _reports(items: tuple[Confirmed, ...], judge: Judge) -> list[OutputReport]:
    """One report per declaration, under names that no two share."""
    taken: Counter[str] = Counter()
    reports = []
    for item in items:
        if isinstance(item, Declared):
            reports.append(judge.judge(item))
            continue
        if isinstance(item, DeclaredFrame):
            reports.append(judge.judge_frame(item))
            continue
        name = f"{item.name or 'declaration'}-in-cell-{item.cell}"
        taken[name] += 1
        reports.append(_problem(item, name if taken[name] == 1 else f"{name}-{taken[name]}"))
    return reports


def _linked(reports: list[OutputReport], engine: Engine) -> list[OutputReport]:
    """The reports, with what tables that leave together tell of one another."""
    exact = {
        report.name: (report.sql, report.protected)
        for report in reports
        if report.protected is not None and report.protect is not Protection.DP and report.outcome is not Outcome.FAIL
    }
    found = linked_findings(exact, engine)
    return [
        replace(
            report,
            findings=(*report.findings, found[report.name]),
            outcome=worst((report.outcome, found[report.name].outcome)),
        )
        if report.name in found
        else report
        for report in reports
    ]


def _problem(problem: DeclarationProblem, name: str) -> OutputReport:
    finding = Finding(problem.rule, Risk.COVERT_CHANNEL, Outcome.FAIL, f"cell {problem.cell}", problem.why)
    return OutputReport(name, "", "", Assurance.UNVERIFIED, Outcome.FAIL, Protection.NONE, (finding,))


def _undeclared(rerun: Rendered) -> tuple[Undeclared, ...]:
    things = withheld(rerun)
    counts = Counter(str(thing.kind) for thing in things)
    whys = {str(thing.kind): thing.why for thing in things}
    return tuple(Undeclared(kind, count, whys[kind]) for kind, count in sorted(counts.items()))


def _versions(image: str) -> dict[str, str]:
    found = {"python": python_version()}
    for name in _COMPUTED_BY:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return {**found, "workspace image": image} if image else found
