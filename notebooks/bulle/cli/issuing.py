"""The one way a permit is issued: everything that may stand against it, and the event that makes it so."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from pathlib import Path

from bulle.cli.failure import Code, refused
from bulle.cli.settings import CHANNEL
from bulle.cli.state import policy_stop, purposes_of, rules_known
from hub.catalogue.model import Catalogue
from hub.events.log import Transaction
from hub.events.state import Enclave
from hub.extracts.plan import data_refusals, permit_digest, permit_text
from hub.policy.files import PolicyFileError, read_rules
from hub.policy.issue import cap_refusals, issue_refusals
from hub.policy.model import DataPermit
from hub.policy.roles import administrator_refusals, issuer_refusal
from hub.policy.stops import Scope
from hub.policy.verdict import Refusal
from hub.words import say


def issue(  # noqa: PLR0913, PLR0917 -- what is issued into which log, by which policies, by whom and why
    transaction: Transaction, enclave: Enclave, permit: DataPermit, policies: Path | None, actor: str, why: str = ""
) -> bool:
    """Issue `permit`; False when it is issued already. Raises: StopError with every reason against it."""
    if enclave.permits.get(permit.project) == permit and not is_ended(enclave, permit.project):
        return False
    against = refusals(permit, enclave.sources.get(permit.source), frozenset(enclave.persons), policies)
    against = (*against, *administrator_refusals(permit, enclave.administrators))
    own = issuer_refusal(permit, actor)
    if own is not None:
        against = (*against, own)
    if against:
        raise refused(*(each.reason for each in against))
    body = {"permit": permit_text(permit), "sha256": permit_digest(permit), "channel": CHANNEL}
    transaction.append(actor, "permit.issued", permit.project, {**body, "why": why} if why else body)
    return True


def refusals(
    permit: DataPermit,
    catalogue: Catalogue | None,
    persons: frozenset[str],
    policies: Path | None,
    *,
    optional: bool = False,
) -> tuple[Refusal, ...]:
    """Everything against `permit`; an unregistered source counts unless it is `optional`. Raises: StopError."""
    known = rules_known(policies)
    found = list(issue_refusals(permit, purposes_of(policies), known, persons, today()))
    found.extend(_above_cap(permit, known, policies))
    if catalogue is not None:
        found.extend(data_refusals(permit, catalogue))
    elif not optional:
        why = say("The source {source} is not registered.", source=permit.source)
        found.append(Refusal("source.unknown", why))
    return tuple(found)


def is_ended(enclave: Enclave, project: str) -> bool:
    """Whether the project's permit was ended before its last day, and no other was issued since."""
    return enclave.stops.at(Scope.PERMIT, project) is not None


def today() -> date:
    """Permits begin and end with the UTC day."""
    return datetime.now(UTC).date()


def _above_cap(permit: DataPermit, known: Collection[str], policies: Path | None) -> tuple[Refusal, ...]:
    if permit.rules not in known:
        return ()  # said by its own refusal
    try:
        return cap_refusals(permit, read_rules(permit.rules, policies))
    except PolicyFileError as error:
        raise policy_stop(error, Code.ERROR) from error
