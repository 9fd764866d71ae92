"""Declarations to judged outputs: recomputed and checked on the extract, priced or released with noise, never both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from egress.airlock.judged import Judged, discreet, fingerprint_of
from egress.airlock.noise import Noisy, draw_noisy, draw_private
from egress.airlock.pricing import priced
from egress.assess import Assessment, Declaration, assess_request
from egress.checks import text
from egress.checks.model import Assurance, Finding, Outcome, Protection, Risk, worst
from egress.checks.statbarns import NoFamily, Statbarn, families_of
from egress.frames import assess_on
from egress.models import assess_model_on, families_of_model
from egress.outputs.charts import DeclaredChart
from egress.outputs.claims import DeclaredFrame
from egress.outputs.declarations import Confirmed, DeclarationProblem, Declared
from egress.outputs.figures import DeclaredFigure
from egress.outputs.model_claims import DeclaredModel
from egress.outputs.private import DeclaredPrivate, PrivateKind, written
from egress.outputs.source_claim import DeclaredSource
from egress.outputs.text_claim import DeclaredText
from egress.privacy.account import Account
from egress.private import assess_private
from egress.query.engine import Engine
from egress.release.report import OutputReport
from egress.released.fingerprint import Fingerprint, Lineage, thresholds_of
from hub.events.log import EventLog
from hub.extracts.reader import Extract
from hub.policy.model import DataPermit, DisclosureRules
from hub.policy.verdict import Grant


@dataclass(frozen=True)
class Judge:
    """What one request's declarations are judged with. `earlier`: what its source's tables were published before;
    `max_text`: the most bytes of one text.
    """

    log: EventLog
    spend: Grant
    permit: DataPermit
    rules: DisclosureRules
    extract: Extract
    engine: Engine
    request: str
    lineage: Lineage
    earlier: Sequence[Fingerprint] = ()
    max_text: int = 0

    def judge(self, items: Sequence[Confirmed]) -> list[Judged]:
        """One output per declaration but charts and figures, two of a model, in order, under names that no two share.

        Raises: StepError, EngineError when the service cannot do its part.
        """
        assessed = iter(self._assessed([item for item in items if isinstance(item, Declared)]))
        taken: Counter[str] = Counter()
        judged = []
        for item in items:
            match item:
                case Declared():
                    judged.append(self._recomputed(next(assessed)))
                case DeclaredPrivate():
                    judged.append(Judged(self._private(item)))
                case DeclaredFrame():
                    judged.append(Judged(self._claimed(item)))
                case DeclaredModel():
                    beside = [other for other in items if isinstance(other, DeclaredModel)]
                    judged += [Judged(report) for report in self._model(item, beside)]
                case DeclaredSource() | DeclaredText():
                    judged.append(Judged(self._text(item)))
                case DeclaredChart() | DeclaredFigure():
                    continue  # when tables are final (egress.airlock.charted, egress.airlock.figured)
                case DeclarationProblem():
                    name = f"{item.name or 'declaration'}-in-cell-{item.cell}"
                    taken[name] += 1
                    judged.append(Judged(_problem(item, name if taken[name] == 1 else f"{name}-{taken[name]}")))
        return judged

    def _assessed(self, declared: Sequence[Declared]) -> Sequence[Assessment]:
        declarations = [
            Declaration(item.name, item.sql, item.title, Protection(item.protect), item.rho) for item in declared
        ]
        return assess_request(declarations, self.engine, self.rules, self.earlier, self.lineage)

    def _recomputed(self, assessment: Assessment) -> Judged:
        thresholds = thresholds_of(self.rules)
        shown = fingerprint_of(assessment, self.request, self.permit.project, self.lineage, thresholds)
        report = report_of(replace(assessment, findings=discreet(assessment.findings)))
        if report.outcome is Outcome.FAIL or assessment.query is None:
            return Judged(report, shown)
        if report.protect is Protection.DP:
            return Judged(self._noisy(report, assessment))
        price, finding = priced(assessment, self.extract.manifest.catalogue, self.rules)
        return Judged(replace(report, price=price), shown).with_findings(finding)

    def _claimed(self, declared: DeclaredFrame) -> OutputReport:
        """A table that the notebook's own process made. Raises: EngineError."""
        claimed = declared.claimed
        report = report_of(assess_on(self.engine, claimed, self.rules, differs=declared.differs))
        # An ACRO folder says what its numbers are called, and nothing of what they are.
        return replace(report, statbarns=(str(NoFamily.UNPLACED),)) if claimed.origin == "acro" else report

    def _model(self, declared: DeclaredModel, beside: Sequence[DeclaredModel]) -> list[OutputReport]:
        """The tables of a model that the notebook's own process fitted. Raises: EngineError."""
        made = assess_model_on(self.engine, declared, self.rules, beside)
        families = families_of_model(declared.claimed)
        return [replace(report_of(one), statbarns=(name,)) for one, name in zip(made, families, strict=False)]

    def _text(self, declared: DeclaredSource | DeclaredText) -> OutputReport:
        """Cells of the notebook itself, or words of its author, for people to read. Raises: EngineError."""
        keys = self.engine.person_keys(text.suspects(declared.text[: self.max_text]))
        findings = text.check(declared.text, self.max_text, keys, prose=isinstance(declared, DeclaredText))
        outcome = worst(found.outcome for found in findings)
        return OutputReport(
            name=declared.name,
            title=declared.title,
            sql=declared.asked,
            assurance=Assurance.UNVERIFIED,
            outcome=outcome,
            protect=Protection.NONE,
            findings=findings,
            text=None if outcome is Outcome.FAIL else declared.text,
            prose=isinstance(declared, DeclaredText),
            statbarns=(str(NoFamily.NO_STATISTIC),),
        )

    def _noisy(self, report: OutputReport, assessment: Assessment) -> OutputReport:
        """Verdicts of a DP release use public facts only: what was drawn is never looked at again."""
        return _with_noise(report, draw_noisy(assessment, self._account))

    def _private(self, declared: DeclaredPrivate) -> OutputReport:
        """The same for a private release that is no SQL table."""
        assessed = assess_private(declared, self.extract.manifest, self.rules)
        report = OutputReport(
            name=declared.name,
            title=declared.title,
            sql=declared.asked,
            assurance=Assurance.RECOMPUTED,
            outcome=assessed.outcome,
            protect=Protection.DP,
            findings=assessed.findings,
            statbarns=(str(_FAMILIES[declared.kind]),),
        )
        if assessed.planned is None or report.outcome is Outcome.FAIL:
            return report
        noisy = draw_private(assessed.planned, self._account)
        asked = {"kind": str(declared.kind), "asked": written(declared.arguments)} if noisy.told else {}
        return _with_noise(report, replace(noisy, told={**noisy.told, **asked}))

    @property
    def _account(self) -> Account:
        extract = self.extract
        return Account(self.log, self.spend, extract.path, extract.manifest, self.rules, self.permit.rho)


_FAMILIES = {
    PrivateKind.OLS: Statbarn.CORRELATION_COEFFICIENTS,  # where the SACRO guide puts coefficients of a regression
    PrivateKind.SYNTHETIC: NoFamily.NO_STATISTIC,
}


def draws_noise(item: Confirmed) -> bool:
    """Whether judging `item` would draw noise, and spend."""
    return isinstance(item, DeclaredPrivate) or (isinstance(item, Declared) and item.protect == Protection.DP)


def _with_noise(report: OutputReport, noisy: Noisy) -> OutputReport:
    findings = (*report.findings, *noisy.findings)
    outcome = worst(found.outcome for found in findings)
    return replace(report, findings=findings, protected=noisy.table, dp=noisy.told, outcome=outcome)


def report_of(assessment: Assessment) -> OutputReport:
    """What an assessment says, as it is kept."""
    declaration = assessment.declaration
    evidence = asdict(assessment.evidence) if assessment.evidence is not None else {}
    return OutputReport(
        name=declaration.name,
        title=declaration.title,
        sql=declaration.sql,
        assurance=assessment.assurance,
        outcome=assessment.outcome,
        protect=declaration.protect,
        findings=assessment.findings,
        protected=None if assessment.outcome is Outcome.FAIL else assessment.protected,
        exact=assessment.exact,
        evidence=evidence,
        statbarns=() if assessment.query is None else families_of(assessment.query),
    )


def _problem(problem: DeclarationProblem, name: str) -> OutputReport:
    finding = Finding(problem.rule, Risk.COVERT_CHANNEL, Outcome.FAIL, f"cell {problem.cell}", problem.why)
    return OutputReport(name, "", "", Assurance.UNVERIFIED, Outcome.FAIL, Protection.NONE, (finding,))
