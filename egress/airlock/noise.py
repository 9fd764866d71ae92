"""A DP release inside a request: reserved, drawn and kept by the privacy ledger, or a finding that says why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeVar

from egress.airlock.failure import StepError
from egress.assess import Assessment
from egress.checks.model import Finding, Outcome, Risk
from egress.checks.table import Table
from egress.privacy.account import Account, release, spend
from egress.privacy.failure import PrivacyError
from egress.privacy.kinds import Planned
from egress.privacy.ledger import Reservation
from egress.privacy.read import read
from egress.privacy.result import Result
from egress.privacy.told import told
from hub.policy.verdict import Refusal
from hub.words import Message, say

R = TypeVar("R")

CHECK = "privacy_budget"


@dataclass(frozen=True)
class Noisy:
    """A drawn table with what is told beside it, or findings without a table."""

    findings: tuple[Finding, ...]
    table: Table | None = None
    told: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def draw_noisy(assessment: Assessment, account: Account) -> Noisy:
    """A DP table, under the permit's rho and the source's cap. The same declaration on the same extract is free.

    Raises: StepError when the service failed before anything was reserved. A draw that fails after it is refused
    and not repeated: what was reserved stays spent.
    """
    if assessment.query is None:
        return _refused(say("It holds no query."))
    spec = read(assessment.query, account.manifest)
    if isinstance(spec, Refusal):
        return _refused(spec.reason)
    released = _spent(account, lambda: release(account, spec, assessment.declaration.rho))
    if isinstance(released, Noisy):
        return released
    return _drawn(told(released.table, released.charged), released.table.table, released.reservation)


def draw_private(planned: Planned, account: Account) -> Noisy:
    """The same for a private release that is no SQL table."""
    way, spec = planned.way, planned.spec
    spent = _spent(account, lambda: spend(account, way.form, spec, planned.nano_rho))
    if isinstance(spent, Noisy):
        return spent
    shown: Result = way.shown(spec, spent.answer)
    drawn = _drawn({**shown.told, "charged": str(spent.charged)}, shown.table, spent.reservation)
    return drawn if shown.nothing is None else replace(_refused(shown.nothing), told=drawn.told)


def _spent(account: Account, act: Callable[[], R | Refusal]) -> R | Noisy:
    """What `act` released, or findings that say why it did not. Raises: StepError, see `draw_noisy`."""
    log, project, seen = account.log, account.grant.project, account.log.last()
    try:
        released = act()
    except PrivacyError as error:
        if any(event.kind == "privacy.reserved" and event.project == project for event in log.read(seen)):
            return _refused(error.message)
        raise StepError(error.message) from error
    return _refused(released.reason) if isinstance(released, Refusal) else released


def _drawn(told: Mapping[str, Any], table: Table, reservation: Reservation) -> Noisy:
    why = say("Noise was drawn for rho {rho}; the table holds noisy numbers only.", rho=str(told["rho"]))
    finding = Finding(CHECK, Risk.PRIVACY_BUDGET, Outcome.PASS, "table", why)
    # The budget's page finds by it what was asked.
    return Noisy((finding,), table, MappingProxyType({**told, "reservation": reservation.seq}))


def _refused(reason: Message) -> Noisy:
    return Noisy((Finding(CHECK, Risk.PRIVACY_BUDGET, Outcome.FAIL, "table", reason),))
