"""A DP declaration for its author: cost and accuracy before anything is drawn, or the release from a budget file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bulle.context import Context
from bulle.foresight import planned_json, to_json
from bulle.judge import Judged, Spending
from egress.assess import Declaration
from egress.checks.model import Assurance, Finding, Outcome, Risk
from egress.outputs.private import DeclaredPrivate
from egress.privacy.account import Account, embedded_grant, release, spend
from egress.privacy.api import preview
from egress.privacy.failure import PrivacyError
from egress.privacy.read import read
from egress.privacy.result import Result
from egress.private import assess_private
from egress.query.model import Query
from hub.events.log import EventLog
from hub.policy.verdict import Refusal
from hub.words import Message, say

CHECK = "privacy_budget"
PREVIEWED_ONLY = say("Nothing was drawn: this is a preview of its cost and accuracy.")


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
        return _with(judged, Outcome.PASS, PREVIEWED_ONLY)
    with budget(spending.ledger, context) as account:
        drawn = release(account, spec, seen.rho)
    if isinstance(drawn, Refusal):
        return _with(judged, Outcome.FAIL, drawn.reason)
    why = _charged(str(drawn.table.rho), drawn.charged)
    return replace(_with(judged, Outcome.PASS, why), protected=drawn.table.table)


def _with(judged: Judged, outcome: Outcome, why: Message) -> Judged:
    findings = (*judged.findings, Finding(CHECK, Risk.PRIVACY_BUDGET, outcome, "table", why))
    if outcome is Outcome.FAIL:
        return replace(judged, outcome=outcome, findings=findings, protected=None)
    return replace(judged, findings=findings)


def private(declared: DeclaredPrivate, context: Context, spending: Spending) -> Judged:
    """The same for a private release that is no SQL table. Raises: PrivacyError, as `with_privacy`."""
    assessed = assess_private(declared, context.manifest, context.rules)
    judged = Judged(declared.name, declared.title, Assurance.RECOMPUTED, assessed.outcome, assessed.findings)
    planned = assessed.planned
    if planned is None:
        return judged
    judged = replace(judged, preview=planned_json(planned, context.rules))
    if spending.ledger is None or judged.outcome is Outcome.FAIL:
        return _with(judged, Outcome.PASS, PREVIEWED_ONLY)
    with budget(spending.ledger, context) as account:
        spent = spend(account, planned.way.form, planned.spec, planned.nano_rho)
    if isinstance(spent, Refusal):
        return _with(judged, Outcome.FAIL, spent.reason)
    shown: Result = planned.way.shown(planned.spec, spent.answer)
    if shown.nothing is not None:
        return _with(judged, Outcome.FAIL, shown.nothing)
    told = _with(judged, Outcome.PASS, _charged(str(shown.told["rho"]), spent.charged))
    notes = tuple(Message.from_dict(note) for note in shown.told["notes"])
    return replace(told, protected=shown.table, keys=shown.table.columns[:1], notes=notes)


def _charged(rho: str, charged: Decimal) -> Message:
    return say("Noise was drawn for rho {rho}; {charged} was charged.", rho=rho, charged=str(charged))


@contextmanager
def budget(file: Path, context: Context) -> Iterator[Account]:
    """The account in the budget file, an event log that begins here when it is not there yet.

    Raises: PrivacyError when the file cannot be used.
    """
    try:
        log = EventLog(file)
    except SQLAlchemyError as error:
        raise PrivacyError(say("The budget file {file} cannot be opened.", file=str(file))) from error
    try:
        yield Account(log, embedded_grant("command line"), context.folder, context.manifest, context.rules)
    except SQLAlchemyError as error:
        raise PrivacyError(say("The budget file {file} cannot be written.", file=str(file))) from error
    finally:
        log.close()
