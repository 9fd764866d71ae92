"""A check from end to end: open the extract, re-run a notebook, judge each declaration, put the answer together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from bulle.answer import Checked
from bulle.context import Context, open_context
from bulle.judge import Judged, Spending, completed, judged_of
from bulle.plainfile import PlainFileError, read_plain
from egress.assess import Declaration, assess_request
from egress.charts.vega import RULE, refusal
from egress.checks import text
from egress.checks.model import Assurance, Outcome, Protection, worst
from egress.figures.look import look
from egress.figures.rule import Shown, are_curves
from egress.frames import assess_on
from egress.models import assess_model_on
from egress.outputs.charts import DeclaredChart
from egress.outputs.claims import FRAME_PROTECTIONS, DeclaredFrame
from egress.outputs.figures import DeclaredFigure
from egress.outputs.model import Unreadable
from egress.outputs.model_claims import DeclaredModel
from egress.outputs.notebook import read_notebook
from egress.outputs.private import DeclaredPrivate
from egress.outputs.source_claim import DeclaredSource
from egress.outputs.text_claim import DeclaredText
from egress.privacy.failure import PrivacyError
from egress.query.engine import Engine, EngineError
from egress.rerun.content import Content, RefusedOutput, read_content
from egress.rerun.local import rerun_local
from egress.rerun.result import RerunStatus
from hub.extracts.reader import ExtractError
from hub.policy.files import PolicyFileError
from hub.policy.limits import ContainerLimits, read_limits
from hub.run import MIB
from hub.words import Message, say

SQL_OUTPUT = "sql"


class CheckError(Exception):
    """Nothing could be judged; `messages` say why and what to do."""

    def __init__(self, *messages: Message) -> None:
        super().__init__("\n".join(str(message) for message in messages))
        self.messages = messages


@dataclass(frozen=True)
class Wish:
    """What the caller asked for beside the SQL or notebook. `protect` None is what each declaration says."""

    extract: Path
    rules: str | None = None
    protect: str | None = None
    rho: Decimal | None = None
    ledger: Path | None = None
    within: float | None = None

    @property
    def spending(self) -> Spending:
        return Spending(self.ledger, self.within)

    def applied_to(self, declaration: Declaration) -> Declaration:
        """The declaration under the caller's protection, when one was named."""
        if self.protect is None:
            return declaration
        protect = Protection(self.protect)
        rho = (self.rho or declaration.rho) if protect is Protection.DP else None
        return replace(declaration, protect=protect, rho=rho)

    def on_claim(self, frame: DeclaredFrame) -> DeclaredFrame:
        """As `applied_to`; a table that the notebook made itself has no noise of ours to ask for."""
        if self.protect not in FRAME_PROTECTIONS:
            return frame
        return replace(frame, claimed=replace(frame.claimed, protect=str(self.protect)))


def check_sql(sql: str, wish: Wish) -> Checked:
    """Judge one aggregate. Raises: CheckError."""
    try:
        sql.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CheckError(say("The SQL is not UTF-8 text.")) from error
    context = _open(wish)
    judged = _judge((wish.applied_to(Declaration(SQL_OUTPUT, sql)),), context, wish.spending)
    return Checked(context.rules.name, judged)


def check_notebook(notebook: Path, files: Sequence[Path], wish: Wish) -> Checked:
    """Re-run a notebook in a child process and judge what it declares. Raises: CheckError."""
    context = _open(wish)
    limits = _limits()
    size = limits.intake.max_file_mb * MIB
    submitted = _read(notebook, size)
    if isinstance(read := read_notebook(submitted, size), Unreadable):
        raise CheckError(read.why)
    helpers = {file.name: _read(file, size) for file in files}
    try:
        rerun = rerun_local(submitted, helpers, context.folder, limits.runner)
    except OSError as error:
        why = error.strerror or "I/O error"
        raise CheckError(say("The notebook could not be run: {why}.", why=why)) from error
    if rerun.status is not RerunStatus.FINISHED or rerun.rendered is None:
        return Checked(context.rules.name, (), rerun=rerun)
    content = read_content(submitted, rerun.rendered, size, helpers)
    if isinstance(content, Unreadable):
        raise CheckError(content.why)
    return Checked(context.rules.name, _outputs(content, context, wish), rerun, content.withheld)


def _outputs(content: Content, context: Context, wish: Wish) -> tuple[Judged, ...]:
    declarations = tuple(wish.applied_to(declaration) for declaration in content.declarations)
    frames = _judge_frames([wish.on_claim(frame) for frame in content.frames], context) if content.frames else ()
    models = _judge_models(content.models, context) if content.models else ()
    private = _judge_private(content.private, context, wish.spending) if content.private else ()
    texts = _judge_texts(content.texts, context) if content.texts else ()
    refused = (_refused(output) for output in content.refused)
    tables = (*_judge(declarations, context, wish.spending), *frames, *models, *private, *texts)
    figures = _judge_figures(content.figures, tables, context) if content.figures else ()
    return (*tables, *_judge_charts(content.charts, tables), *figures, *refused)


def _judge_charts(charts: Sequence[DeclaredChart], tables: Sequence[Judged]) -> tuple[Judged, ...]:
    """Each chart as what its table is, or refused; nothing is drawn here."""
    known = {one.name: one for one in tables}
    leaving = {one.name: None if one.outcome is Outcome.FAIL else one.protected for one in tables}
    return tuple(_judge_chart(chart, known.get(chart.table), refusal(chart, leaving)) for chart in charts)


def _judge_chart(chart: DeclaredChart, table: Judged | None, wrong: Message | None) -> Judged:
    if table is not None and table.protected is None and table.outcome is not Outcome.FAIL:
        why = say("The enclave draws this chart when it has drawn its table's noise.")
        finding = RULE.found(Outcome.REVIEW, chart.name, why)
    elif wrong is not None:
        finding = RULE.found(Outcome.FAIL, chart.name, wrong)
    else:
        why = say("The enclave draws this chart of its table as that leaves, and it leaves with it.")
        finding = RULE.passed(chart.name, why)
    outcome = worst((finding.outcome, table.outcome if table is not None else Outcome.PASS))
    return Judged(chart.name, chart.title, Assurance.RECOMPUTED, outcome, (finding,))


def _judge_figures(figures: Sequence[DeclaredFigure], tables: Sequence[Judged], context: Context) -> tuple[Judged, ...]:
    """Each figure beside the tables that it shows, decoded and redrawn as the service does."""
    limits = _limits().figures
    known = {
        one.name: Shown(one.assurance, one.protect, one.protected, one.exact, are_curves(one.findings))
        for one in tables
        if one.protect is not None
    }
    try:
        with Engine(context.folder, context.manifest) as engine:
            keys = [engine.person_keys(text.suspects(each.title)) for each in figures]
    except EngineError as error:
        raise CheckError(error.message) from error
    looked = [look(each, known, found, limits) for each, found in zip(figures, keys, strict=True)]
    return tuple(
        Judged(each.name, each.title, one.assurance, one.outcome, one.findings)
        for each, one in zip(figures, looked, strict=True)
    )


def _refused(output: RefusedOutput) -> Judged:
    return Judged(output.name, "", Assurance.UNVERIFIED, Outcome.FAIL, output.findings)


def _judge(declarations: Sequence[Declaration], context: Context, spending: Spending) -> tuple[Judged, ...]:
    try:
        with Engine(context.folder, context.manifest) as engine:
            assessments = assess_request(declarations, engine, context.rules)
            return tuple(completed(assessment, engine, context, spending) for assessment in assessments)
    except (EngineError, PrivacyError) as error:
        raise CheckError(error.message) from error


def _judge_frames(frames: Sequence[DeclaredFrame], context: Context) -> tuple[Judged, ...]:
    """Tables that the notebook's own process made; the labels of each are looked for among the extract's keys."""
    try:
        with Engine(context.folder, context.manifest) as engine:
            return tuple(
                judged_of(assess_on(engine, frame.claimed, context.rules, differs=frame.differs)) for frame in frames
            )
    except EngineError as error:
        raise CheckError(error.message) from error


def _judge_models(models: Sequence[DeclaredModel], context: Context) -> tuple[Judged, ...]:
    """Models that the notebook's own process fitted: two tables of each, or the one that says why not."""
    try:
        with Engine(context.folder, context.manifest) as engine:
            made = [assess_model_on(engine, model, context.rules, models) for model in models]
    except EngineError as error:
        raise CheckError(error.message) from error
    return tuple(judged_of(assessment) for tables in made for assessment in tables)


def _judge_texts(sources: Sequence[DeclaredSource | DeclaredText], context: Context) -> tuple[Judged, ...]:
    """Cells of the notebook itself, or words of its author: people decide, told this before."""
    most = _limits().intake.max_text_kb * 1000
    try:
        with Engine(context.folder, context.manifest) as engine:
            keys = [engine.person_keys(text.suspects(each.text[:most])) for each in sources]
    except EngineError as error:
        raise CheckError(error.message) from error
    return tuple(_text(each, most, known) for each, known in zip(sources, keys, strict=True))


def _text(declared: DeclaredSource | DeclaredText, most: int, keys: frozenset[str]) -> Judged:
    findings = text.check(declared.text, most, keys, prose=isinstance(declared, DeclaredText))
    outcome = worst(finding.outcome for finding in findings)
    return Judged(declared.name, declared.title, Assurance.UNVERIFIED, outcome, findings)


def _judge_private(declared: Sequence[DeclaredPrivate], context: Context, spending: Spending) -> tuple[Judged, ...]:
    """Private releases that are no SQL table: what the caller wishes of protection does not change them."""
    from bulle.dp import private  # noqa: PLC0415 -- the privacy packages, only where a declaration asks for them

    try:
        return tuple(private(one, context, spending) for one in declared)
    except PrivacyError as error:
        raise CheckError(error.message) from error


def _open(wish: Wish) -> Context:
    try:
        return open_context(wish.extract, wish.rules)
    except ExtractError as error:
        raise CheckError(error.message) from error
    except PolicyFileError as error:
        raise CheckError(*error.messages) from error


def _limits() -> ContainerLimits:
    try:
        return read_limits()
    except PolicyFileError as error:
        raise CheckError(*error.messages) from error


def _read(path: Path, limit: int) -> bytes:
    too_large = say("{file} is larger than the {limit} bytes allowed.", file=path.name[:100], limit=limit)
    try:
        return read_plain(path, limit, too_large)
    except PlainFileError as error:
        raise CheckError(error.message) from error
