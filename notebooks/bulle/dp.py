"""A DP declaration for its author: cost and accuracy before anything is drawn, or the release from a budget file."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bulle.context import Context
from bulle.foresight import to_json
from bulle.judge import Judged, Spending
from egress.assess import Declaration
from egress.checks.model import Finding, Outcome, Risk
from egress.privacy.account import Released, embedded_grant, release
from egress.privacy.api import preview
from egress.privacy.failure import PrivacyError
from egress.privacy.read import read
from egress.privacy.spec import DpSpec
from egress.query.model import Query
from hub.events.log import EventLog
from hub.policy.verdict import Refusal
from hub.words import Message, say

CHECK = "privacy_budget"


def with_privacy(
    judged: Judged, declaration: Declaration, query: Query, context: Context, spending: Spending
) -> Judged:
    """`judged` with its preview, and with its noisy table when `spending` names a budget file.

    Raises: PrivacyError when the privacy worker gives no answer or the budget file cannot be used.
    """
    spec = read(query, context.manifest)
    if isinstance(spec, Refusal):
        return _with(judged, Outcome.FAIL, spec.reason)
    wanted = None if spending.within is not None else declaration.rho
    seen = preview(spec, context.rules, wanted, within=spending.within)
    if isinstance(seen, Refusal):
        return _with(judged, Outcome.FAIL, seen.reason)
    judged = replace(judged, preview=to_json(seen, context.rules))
    if spending.ledger is None:
        why = say("Nothing was drawn: this is a preview of its cost and accuracy.")
        return _with(judged, Outcome.PASS, why)
    drawn = _draw(spec, seen.rho, context, spending.ledger)
    if isinstance(drawn, Refusal):
        return _with(judged, Outcome.FAIL, drawn.reason)
    why = say(
        "Noise was drawn for rho {rho}; {charged} was charged.", rho=str(drawn.table.rho), charged=str(drawn.charged)
    )
    return replace(_with(judged, Outcome.PASS, why), protected=drawn.table.table)


def _with(judged: Judged, outcome: Outcome, why: Message) -> Judged:
    findings = (*judged.findings, Finding(CHECK, Risk.PRIVACY_BUDGET, outcome, "table", why))
    if outcome is Outcome.FAIL:
        return replace(judged, outcome=outcome, findings=findings, protected=None)
    return replace(judged, findings=findings)


def _draw(spec: DpSpec, rho: Decimal, context: Context, ledger: Path) -> Released | Refusal:
    """From the budget in the file `ledger`, an event log that begins here when it is not there yet."""
    try:
        log = EventLog(ledger)
    except SQLAlchemyError as error:
        raise PrivacyError(say("The budget file {file} cannot be opened.", file=str(ledger))) from error
    try:
        return release(
            log,
            embedded_grant("command line"),
            spec,
            extract_dir=context.folder,
            manifest=context.manifest,
            rules=context.rules,
            rho=rho,
        )
    except SQLAlchemyError as error:
        raise PrivacyError(say("The budget file {file} cannot be written.", file=str(ledger))) from error
    finally:
        log.close()
