"""The one way a permit is issued here: held against the enclave and its policies, then written down."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from bulle.cli.failure import Code, refused
from bulle.cli.settings import CHANNEL
from bulle.cli.state import policy_stop
from hub.administration import acts
from hub.administration.against import Known
from hub.administration.known import read_known
from hub.administration.papers import Papers
from hub.events.log import Transaction
from hub.events.state import Enclave
from hub.policy.files import PolicyFileError
from hub.policy.model import DataPermit
from hub.policy.stops import Scope


def issue(  # noqa: PLR0913, PLR0917 -- what is issued into which log, by which policies, by whom and why
    transaction: Transaction, enclave: Enclave, permit: DataPermit, policies: Path | None, actor: str, why: str = ""
) -> bool:
    """Issue `permit`; False when it is issued already. Raises: StopError with every reason against it."""
    if acts.is_in_force(enclave, permit):
        return False
    acting = acts.Acting(transaction, enclave, Papers(), actor, CHANNEL, datetime.now(UTC))
    found = acts.issue(acting, permit, known_of(policies, enclave), why)
    if found:
        raise refused(*(each.reason for each in found))
    return True


def known_of(policies: Path | None, enclave: Enclave) -> Known:
    """What a permit is held against today. Raises: StopError."""
    try:
        return read_known(policies, enclave, today())
    except PolicyFileError as error:
        raise policy_stop(error, Code.ERROR) from error


def is_ended(enclave: Enclave, project: str) -> bool:
    """Whether the project's permit was ended before its last day, and no other was issued since."""
    return enclave.stops.at(Scope.PERMIT, project) is not None


def today() -> date:
    """Permits begin and end with the UTC day."""
    return datetime.now(UTC).date()
