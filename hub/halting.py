"""How a halt is made and lifted, and the event that makes it so; the desk and the command line do the same."""

from __future__ import annotations

from hub.administration.acts import Acting
from hub.events.state import Enclave
from hub.policy.stops import Scope, Stop
from hub.policy.verdict import Refusal, RefusedError
from hub.words import say


def halt(acting: Acting, scope: Scope, name: str, why: str) -> Stop:
    """The halt that stands now: of two on the same thing the first. Raises: RefusedError for what nobody knows."""
    unknown = _unknown(acting.enclave, scope, name)
    if unknown is not None:
        raise RefusedError(unknown)
    standing = acting.enclave.stops.at(scope, name)
    if standing is not None:
        return standing
    acting.append("access.halted", _project(scope, name), scope=str(scope), name=name, why=why)
    return Stop(scope, name, acting.actor, acting.now.isoformat(), why)


def resume(acting: Acting, scope: Scope, name: str, why: str) -> None:
    """Lift a halt. Raises: RefusedError where there is none, and for who is halted."""
    refusal = acting.enclave.stops.lift_refusal(scope, name, acting.actor)
    if refusal is not None:
        raise RefusedError(refusal)
    acting.append("access.resumed", _project(scope, name), scope=str(scope), name=name, why=why)


def _unknown(enclave: Enclave, scope: Scope, name: str) -> Refusal | None:
    """A mistyped name would halt nothing, and whoever typed it would believe otherwise."""
    if scope is Scope.PROJECT and name not in enclave.permits:
        why = say("There is no permit for a project {name}; nothing was halted.", name=name[:64])
        return Refusal("halt.unknown", why)
    if scope is Scope.PERSON and name not in enclave.persons:
        why = say("No person {name} is known to the enclave; nothing was halted.", name=name[:64])
        return Refusal("halt.unknown", why)
    return None


def _project(scope: Scope, name: str) -> str:
    return name if scope is Scope.PROJECT else ""
