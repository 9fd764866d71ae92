"""The step from a re-run notebook to outputs with an outcome: declarations reconciled, each recomputed and checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from types import MappingProxyType

from egress.airlock.beside import Beside
from egress.airlock.charted import with_charts
from egress.airlock.earlier import Earlier
from egress.airlock.extracts import project_extract
from egress.airlock.failure import StepError
from egress.airlock.figured import with_figures
from egress.airlock.judge import Judge, draws_noise
from egress.airlock.judged import Judged
from egress.apart.reading import ApartReader
from egress.outputs.charts import DeclaredChart
from egress.outputs.declarations import Confirmed, DeclarationProblem, told
from egress.outputs.figures import DeclaredFigure
from egress.outputs.model import Unreadable, Withheld
from egress.outputs.reading import Reading
from egress.package.tables import to_csv
from egress.query.engine import Engine, EngineError
from egress.release.descriptions import from_bytes
from egress.release.lane import lane_of
from egress.release.model import Basis, Lane, OutputRecord, ReleaseRequest, Undeclared
from egress.release.report import OutputReport
from egress.released.fingerprint import Lineage, population_of
from egress.store.intake import MEGABYTE
from egress.store.quarantine import Quarantine
from hub.events.log import EventLog
from hub.extracts.plan import permit_digest
from hub.extracts.reader import Extract
from hub.policy.files import read_rules
from hub.policy.limits import ContainerLimits
from hub.policy.model import DataPermit, DisclosureRules
from hub.policy.verdict import Grant
from hub.run import MIB
from hub.words import Message, say
from hub.workspace import StateLayout

_COMPUTED_BY = ("bulle", "duckdb", "sqlglot", "scipy", "opendp", "pandas", "nbconvert", "pillow")


@dataclass(frozen=True)
class Examination:
    """What the checks of one request amount to. `reason` is told to the author when the lane is refused; `earlier` is
    what its tables were held against; `size` is that of the tables that would leave, in bytes of CSV.
    """

    lane: Lane
    basis: Basis
    rules: DisclosureRules
    earlier: Earlier
    records: tuple[OutputRecord, ...] = ()
    undeclared: tuple[Undeclared, ...] = ()
    size: int = 0
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

    def examine(
        self, request: ReleaseRequest, permits: Sequence[DataPermit], spend: Grant, earlier: Earlier
    ) -> Examination:
        """`permits` are the versions of the project's permit, the one in force last; `spend` is the author's leave to
        draw on the privacy budget; `earlier` what is published of the source.

        Raises: StepError, QuarantineError, PolicyFileError when the service cannot do its part."""
        if request.rerun is None:
            raise StepError(say("Request {request} has no re-run.", request=request.id))
        rules = read_rules(permits[-1].rules, self._policies)
        kept = self._quarantine.put(rules.model_dump_json().encode())
        basis = Basis(rules.name, kept, MappingProxyType(_versions(request.rerun.image)))

        def refused(reason: Message, undeclared: tuple[Undeclared, ...] = ()) -> Examination:
            return Examination(Lane.REFUSED, basis, rules, earlier, undeclared=undeclared, reason=reason)

        reading = self._read(request.notebook.sha256, request.rerun.notebook)
        if isinstance(reading, Unreadable):
            return refused(reading.why)
        undeclared, items = _undeclared(reading.withheld), self._with_files(reading.items, request)
        if not items:
            reason = say("The notebook declares nothing; declare what should leave with bulle.release.")
            return refused(reason, undeclared)
        if len(items) > self._limits.intake.max_outputs:
            limit = self._limits.intake.max_outputs
            reason = say("The notebook declares more than the {limit} outputs that one request may have.", limit=limit)
            return refused(reason, undeclared)
        if missing := self._undescribed(request, items):
            reason = say(
                "Say of every output, in a sentence or two, what it shows, and submit again; nothing is said of "
                "{outputs}.",
                outputs=", ".join(missing),
            )
            return refused(reason, undeclared)
        judged = self._judged(items, request, permits=permits, rules=rules, spend=spend, earlier=earlier)
        records = tuple(self._keep(output) for output in judged)
        tables = [output.report.protected for output in judged]
        size = sum(len(to_csv(table)) for table in tables if table is not None)
        return Examination(lane_of(records, rules), basis, rules, earlier, records, undeclared, size)

    def again(  # noqa: PLR0913 -- as `_judged`
        self,
        request: ReleaseRequest,
        notebook: str,
        permits: Sequence[DataPermit],
        *,
        rules: DisclosureRules,
        spend: Grant,
        earlier: Earlier,
    ) -> tuple[OutputReport, ...]:
        """What the checks say of another re-run of `request`, whose notebook is `notebook` in quarantine. Outputs with
        noise are left out: nothing is drawn. Raises: as `examine`.
        """
        if request.rerun is None:
            raise StepError(say("Request {request} has no re-run.", request=request.id))
        reading = self._read(request.notebook.sha256, notebook)
        if isinstance(reading, Unreadable):
            return ()
        items = tuple(item for item in self._with_files(reading.items, request) if not draws_noise(item))
        judged = self._judged(items, request, permits=permits, rules=rules, spend=spend, earlier=earlier)
        return tuple(output.report for output in judged)

    def _judged(  # noqa: PLR0913 -- who asks for what, by which permit and rules, beside what
        self,
        items: tuple[Confirmed, ...],
        request: ReleaseRequest,
        *,
        permits: Sequence[DataPermit],
        rules: DisclosureRules,
        spend: Grant,
        earlier: Earlier,
    ) -> list[Judged]:
        if request.rerun is None:
            raise StepError(say("Request {request} has no re-run.", request=request.id))
        extract = project_extract(self._layout, request.project, request.rerun.folder, request.rerun.extract)
        permit, lineage = permits[-1], lineage_of(extract, permits, earlier.standing.source)
        try:
            with Engine(extract.path, extract.manifest) as engine:
                beside = Beside(engine, lineage, rules, earlier)
                known = tuple(each.fingerprint for each in beside.compared)
                most = self._limits.intake.max_text_kb * 1000
                judge = Judge(self._log, spend, permit, rules, extract, engine, request.id, lineage, known, most)
                tables = beside.look(judge.judge(items))
                figures = [item for item in items if isinstance(item, DeclaredFigure)]
                judged = with_figures(tables, figures, engine, self._limits.figures)
        except EngineError as error:
            raise StepError(error.message) from error
        charts = [item for item in items if isinstance(item, DeclaredChart)]
        return with_charts(judged, charts, extract.manifest.catalogue, self._limits.charts)

    def _with_files(self, items: Sequence[Confirmed], request: ReleaseRequest) -> tuple[Confirmed, ...]:
        """`items`, with what frozen files of the request say in the place of their names."""
        frozen = {file.name: file.sha256 for file in request.files}

        def read(name: str) -> bytes | None:
            return self._quarantine.get(frozen[name]) if name in frozen else None

        return tuple(told(item, read) for item in items)

    def _undescribed(self, request: ReleaseRequest, items: Sequence[Confirmed]) -> list[str]:
        """The declared outputs of which their author says nothing. Requests of older logs were not asked."""
        if request.descriptions is None:
            return []
        try:
            said = from_bytes(self._quarantine.get(request.descriptions))
        except ValueError as error:
            raise StepError(say("The descriptions of request {request} cannot be read.", request=request.id)) from error
        names = (item.name for item in items if not isinstance(item, DeclarationProblem | DeclaredChart))
        return [name for name in names if not said.get(name)]

    def _read(self, submitted: str, rerun: str) -> Reading | Unreadable:
        """Both notebooks, read in a child: hostile code wrote what stands in them."""
        most_submitted = self._limits.intake.max_file_mb * MEGABYTE
        most_rerun = self._limits.runner.max_output_mb * MIB
        notebooks = self._quarantine.get(submitted), self._quarantine.get(rerun)
        return ApartReader(self._limits.reader).both(*notebooks, most_submitted, most_rerun)

    def _keep(self, judged: Judged) -> OutputRecord:
        report, shown = judged.report, judged.fingerprint
        digest = self._quarantine.put(report.to_bytes())
        fingerprint = None if shown is None else self._quarantine.put(shown.to_bytes())
        return report.record(digest, fingerprint)


def lineage_of(extract: Extract, permits: Sequence[DataPermit], source: str) -> Lineage:
    """The rows of an extract are those of the version of the permit that it was built from. Where none of `permits` is
    that one, nobody tells us its rows: none are claimed.
    """
    built_from = extract.manifest.permit_sha256
    found = [each for each in permits if built_from in {None, permit_digest(each)}]
    return Lineage(source, extract.sha256, population_of(found[-1]) if found else ())


def _undeclared(things: tuple[Withheld, ...]) -> tuple[Undeclared, ...]:
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
