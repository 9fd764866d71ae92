"""How a halt is made and lifted, and the event that makes it so; the desk and the command line do the same."""

from __future__ import annotations

from hub.events.log import Transaction
from hub.events.state import Enclave
from hub.policy.stops import Scope, Stop
from hub.policy.verdict import Refusal, RefusedError
from hub.words import say


def halt(  # noqa: PLR0913, PLR0917 -- in which log, on what state, what, by whom, why, through what
    transaction: Transaction, enclave: Enclave, scope: Scope, name: str, by: str, why: str, channel: str
) -> Stop:
    """The halt that stands now: of two on the same thing the first. Raises: RefusedError for what nobody knows."""
    unknown = _unknown(enclave, scope, name)
    if unknown is not None:
        raise RefusedError(unknown)
    standing = enclave.stops.at(scope, name)
    if standing is not None:
        return standing
    event = transaction.append(by, "access.halted", _project(scope, name), _body(scope, name, why, channel))
    return Stop(scope, name, event.actor, event.at, why)


def resume(  # noqa: PLR0913, PLR0917 -- as above
    transaction: Transaction, enclave: Enclave, scope: Scope, name: str, by: str, why: str, channel: str
) -> None:
    """Lift a halt. Raises: RefusedError where there is none, and for who is halted."""
    refusal = enclave.stops.lift_refusal(scope, name, by)
    if refusal is not None:
        raise RefusedError(refusal)
    transaction.append(by, "access.resumed", _project(scope, name), _body(scope, name, why, channel))


def _unknown(enclave: Enclave, scope: Scope, name: str) -> Refusal | None:
    """A mistyped name would halt nothing, and whoever typed it would believe otherwise."""
    if scope is Scope.PROJECT and name not in enclave.permits:
        why = say("There is no permit for a project {name}; nothing was halted.", name=name[:64])
        return Refusal("halt.unknown", why)
    if scope is Scope.PERSON and name not in enclave.persons:
        return Refusal(
            "halt.unknown", say("No person {name} is known to the enclave; nothing was halted.", name=name[:64])
        )
    return None


def _project(scope: Scope, name: str) -> str:
    return name if scope is Scope.PROJECT else ""


def _body(scope: Scope, name: str, why: str, channel: str) -> dict[str, str]:
    return {"scope": str(scope), "name": name, "why": why, "channel": channel}
