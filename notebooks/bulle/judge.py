"""What the rules say of declarations on one extract: the same engine as the enclave's, with the author as reader."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bulle.context import Context
from bulle.marks import Loss, loss_of
from egress.assess import Assessment, finding_json, table_json
from egress.checks.model import Assurance, Audience, Finding, Outcome, Protection, worst
from egress.checks.table import Table
from egress.query.engine import Engine
from egress.suggest import Suggestion, suggest
from hub.language import render
from hub.words import Message

# Seconds after which no further coarser table is tried.
PATIENCE = 10.0


@dataclass(frozen=True)
class Judged:
    """One output. `protected` is what would leave; `exact` is for its author, who has the data; `keys` name columns.

    `preview` tells the cost and accuracy of a DP output before anything is drawn; `loss` what protection takes;
    `suggestion` a coarser table from which it takes nothing; `notes` what else its author should know; `protect` how a
    table is protected, None for what is no table.
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
    loss: Loss | None = None
    suggestion: Suggestion | None = None
    notes: tuple[Message, ...] = ()
    protect: Protection | None = None

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
            if self.loss is not None:
                entry["loss"] = {"cells": self.loss.cells, "secondary": self.loss.secondary, "of": self.loss.of}
        if self.suggestion is not None:
            changes = [render(change, language) for change in self.suggestion.changes]
            entry["suggestion"] = {"changes": changes, "sql": self.suggestion.sql, "cells": self.suggestion.cells}
        if self.preview is not None:
            entry["preview"] = dict(self.preview)
        return entry


@dataclass(frozen=True)
class Spending:
    """How DP outputs are paid for: drawn from the budget file `ledger`, or previewed; `within` replaces their rho."""

    ledger: Path | None = None
    within: float | None = None


PREVIEWED = Spending()


def judged_of(assessment: Assessment) -> Judged:
    """What the author reads of an assessment."""
    findings = tuple(finding for finding in assessment.findings if finding.audience is Audience.AUTHOR)
    exact, protected, query = assessment.exact, assessment.protected, assessment.query
    # Of what no query made, as a model's tables, no value is suppressed: what is empty there has none.
    named = exact.columns if query is None and exact is not None else ()
    keys = named if query is None else tuple(key.name for key in query.keys)
    return Judged(
        assessment.declaration.name,
        assessment.declaration.title,
        assessment.assurance,
        assessment.outcome,
        findings,
        protected,
        exact,
        keys,
        loss=loss_of(exact, protected, keys, findings) if query and exact and protected else None,
        protect=assessment.declaration.protect,
    )


def completed(assessment: Assessment, engine: Engine, context: Context, spending: Spending = PREVIEWED) -> Judged:
    """What the author reads of an assessment, with a coarser table where it loses values, or the preview of a DP one.

    DP outputs are drawn only from the budget file that `spending` names.
    Raises: PrivacyError; ModuleNotFoundError when the privacy packages are missing for a DP output.
    """
    judged = judged_of(assessment)
    if assessment.declaration.protect is not Protection.DP:
        until = time.monotonic() + PATIENCE
        found = suggest(
            assessment.declaration, assessment, engine, context.rules, enough=lambda: time.monotonic() > until
        )
        return replace(judged, suggestion=found)
    if assessment.query is None or judged.outcome is Outcome.FAIL:
        return judged
    from bulle.dp import with_privacy  # noqa: PLC0415 -- OpenDP, only where a declaration asks for it

    return with_privacy(judged, assessment.declaration, assessment.query, context, spending)


def verdict(judged: tuple[Judged, ...]) -> Outcome:
    """The worst outcome; of nothing, review: nothing was declared, so nothing was looked at."""
    return worst(one.outcome for one in judged)
