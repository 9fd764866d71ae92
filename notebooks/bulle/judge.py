"""What the rules say of one declaration on one extract: the same engine as the enclave's, with the author as reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bulle.context import Context
from egress.assess import Declaration, assess, finding_json, table_json
from egress.checks.model import Assurance, Audience, Finding, Outcome, Protection, worst
from egress.checks.table import Table
from egress.query.engine import Engine


@dataclass(frozen=True)
class Judged:
    """One output. `protected` is what would leave; `exact` is for its author, who has the data; `keys` name columns.

    `preview` tells the cost and accuracy of a DP output before anything is drawn.
    """

    name: str
    title: str
    assurance: Assurance
    outcome: Outcome
    findings: tuple[Finding, ...]
    protected: Table | None = None
    exact: Table | None = None
    keys: tuple[str, ...] = ()
    preview: Mapping[str, Any] | None = None

    def with_finding(self, finding: Finding) -> Judged:
        """The same, with one finding more."""
        return replace(self, findings=(*self.findings, finding), outcome=worst((self.outcome, finding.outcome)))

    def to_json(self, language: str) -> dict[str, Any]:
        """Its entry in `outputs` of `bulle.check/1`."""
        entry: dict[str, Any] = {
            "name": self.name,
            "assurance": str(self.assurance),
            "outcome": str(self.outcome),
            "findings": [finding_json(finding, language) for finding in self.findings],
        }
        if self.protected is not None and self.outcome is not Outcome.FAIL:
            entry["protected"] = table_json(self.protected)
        if self.preview is not None:
            entry["preview"] = dict(self.preview)
        return entry


def judge(declaration: Declaration, engine: Engine, context: Context, ledger: Path | None = None) -> Judged:
    """Assess `declaration`; DP outputs are previewed, and drawn only from the budget of a `ledger`.

    Raises: EngineError; ModuleNotFoundError when the privacy packages are missing for a DP output.
    """
    assessment = assess(declaration, engine, context.rules)
    judged = Judged(
        declaration.name,
        declaration.title,
        assessment.assurance,
        assessment.outcome,
        tuple(finding for finding in assessment.findings if finding.audience is Audience.AUTHOR),
        assessment.protected,
        assessment.exact,
        tuple(key.name for key in assessment.query.keys) if assessment.query is not None else (),
    )
    if declaration.protect is not Protection.DP or assessment.query is None or judged.outcome is Outcome.FAIL:
        return judged
    from bulle.dp import with_privacy  # noqa: PLC0415 -- OpenDP, only where a declaration asks for it

    return with_privacy(judged, declaration, assessment.query, context, ledger)


def verdict(judged: tuple[Judged, ...]) -> Outcome:
    """The worst outcome; of nothing, review: nothing was declared, so nothing was looked at."""
    return worst(one.outcome for one in judged)
