"""A DP release inside a request: reserved, drawn and kept by the privacy ledger, or a finding that says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from egress.airlock.failure import StepError
from egress.assess import Assessment
from egress.checks.model import Finding, Outcome, Risk
from egress.checks.table import Table
from egress.privacy.account import Released, release
from egress.privacy.failure import PrivacyError
from egress.privacy.read import read
from egress.privacy.told import told
from hub.events.log import EventLog
from hub.extracts.reader import Extract
from hub.policy.model import DataPermit, DisclosureRules
from hub.policy.verdict import Grant, Refusal
from hub.words import Message, say

CHECK = "privacy_budget"


@dataclass(frozen=True)
class Noisy:
    """A drawn table with what is told beside it, or findings without a table."""

    findings: tuple[Finding, ...]
    table: Table | None = None
    told: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def draw_noisy(  # noqa: PLR0913 -- what is spent for, and who spends by which permit and rules
    assessment: Assessment,
    extract: Extract,
    *,
    log: EventLog,
    grant: Grant,
    permit: DataPermit,
    rules: DisclosureRules,
) -> Noisy:
    """Spend under the permit's rho and the source's cap. The same declaration on the same extract is free.

    Raises: StepError when the service failed before anything was reserved. A draw that fails after it is refused
    and not repeated: what was reserved stays spent.
    """
    if assessment.query is None:
        return _refused(say("It holds no query."))
    spec = read(assessment.query, extract.manifest)
    if isinstance(spec, Refusal):
        return _refused(spec.reason)
    rho, seen = assessment.declaration.rho, log.last()
    try:
        released = release(
            log,
            grant,
            spec,
            extract_dir=extract.path,
            manifest=extract.manifest,
            rules=rules,
            rho=rho,
            project_rho=permit.rho,
        )
    except PrivacyError as error:
        if any(event.kind == "privacy.reserved" and event.project == permit.project for event in log.read(seen)):
            return _refused(error.message)
        raise StepError(error.message) from error
    return _refused(released.reason) if isinstance(released, Refusal) else _drawn(released)


def _drawn(released: Released) -> Noisy:
    why = say("Noise was drawn for rho {rho}; the table holds noisy numbers only.", rho=str(released.table.rho))
    finding = Finding(CHECK, Risk.PRIVACY_BUDGET, Outcome.PASS, "table", why)
    # The budget's page finds by it what was asked.
    kept = {**told(released.table, released.charged), "reservation": released.reservation.seq}
    return Noisy((finding,), released.table.table, MappingProxyType(kept))


def _refused(reason: Message) -> Noisy:
    return Noisy((Finding(CHECK, Risk.PRIVACY_BUDGET, Outcome.FAIL, "table", reason),))
