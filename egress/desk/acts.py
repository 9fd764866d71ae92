"""One act of an administrator at the desk, in one transaction."""

from __future__ import annotations

from collections.abc import Callable

from egress.desk.part import CHANNEL, Desk
from hub.administration.acts import Acting
from hub.policy.administrators import may_administer
from hub.policy.verdict import require


def act(desk: Desk, person: str, step: Callable[[Acting], object]) -> None:
    """`step`, for who still administers then. Raises: RefusedError; nothing was appended."""
    with desk.following.deciding() as (situation, transaction):
        acting = Acting(transaction, situation.enclave, situation.papers, person, CHANNEL, desk.clock())
        require(may_administer(acting.person, acting.today, acting.enclave.stops))
        step(acting)
