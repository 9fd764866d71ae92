"""One declaration to one report: recomputed and checked on the extract, priced or released with noise, never both."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from egress.airlock.noise import draw_noisy
from egress.airlock.pricing import priced
from egress.assess import Assessment, Declaration, assess
from egress.checks.model import Outcome, Protection, worst
from egress.frames import assess_frame, labels_of
from egress.outputs.claims import DeclaredFrame
from egress.outputs.declarations import Declared
from egress.query.engine import Engine
from egress.release.report import OutputReport
from hub.events.log import EventLog
from hub.extracts.reader import Extract
from hub.policy.model import DataPermit, DisclosureRules
from hub.policy.verdict import Grant


@dataclass(frozen=True)
class Judge:
    """What one request's declarations are judged with."""

    log: EventLog
    spend: Grant
    permit: DataPermit
    rules: DisclosureRules
    extract: Extract
    engine: Engine

    def judge(self, declared: Declared) -> OutputReport:
        """The report of one declaration. Raises: StepError when the service cannot do its part."""
        protect = Protection(declared.protect)
        declaration = Declaration(declared.name, declared.sql, declared.title, protect, declared.rho)
        assessment = assess(declaration, self.engine, self.rules)
        report = report_of(assessment)
        if report.outcome is Outcome.FAIL or assessment.query is None:
            return report
        if protect is Protection.DP:
            return self._noisy(report, assessment)
        price, finding = priced(assessment, self.extract.manifest.catalogue, self.rules)
        findings = (*report.findings, *finding)
        return replace(report, findings=findings, price=price, outcome=worst(found.outcome for found in findings))

    def judge_frame(self, declared: DeclaredFrame) -> OutputReport:
        """The report of a table that the notebook's own process made. Raises: EngineError."""
        pseudonyms = self.engine.person_keys(labels_of(declared.claimed))
        catalogue = self.extract.manifest.catalogue
        return report_of(assess_frame(declared.claimed, self.rules, catalogue, pseudonyms, differs=declared.differs))

    def _noisy(self, report: OutputReport, assessment: Assessment) -> OutputReport:
        """Verdicts of a DP release use public facts only: what was drawn is never looked at again."""
        noisy = draw_noisy(
            assessment, self.extract, log=self.log, grant=self.spend, permit=self.permit, rules=self.rules
        )
        findings = (*report.findings, *noisy.findings)
        return replace(
            report,
            findings=findings,
            protected=noisy.table,
            dp=noisy.told,
            outcome=worst(found.outcome for found in findings),
        )


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
    )
