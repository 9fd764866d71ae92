"""A project's new budget: the next version of its permit, which nothing but its rho sets apart. Pure."""

from __future__ import annotations

from decimal import Decimal

from pydantic import ValidationError

from egress.privacy.ledger import NANO, Ledger, balance, nano
from hub.policy.model import DataPermit
from hub.policy.verdict import Refusal
from hub.words import say


def regranted(permit: DataPermit, rho: str, ledger: Ledger) -> DataPermit | Refusal:
    """The permit with `rho` in all, never less than is spent or reserved. Whether it may be issued is another question:
    the source's cap, purpose, persons and dates are checked there (`hub.policy.issue`).
    """
    if ledger.unreadable is not None:
        why = say(
            "The privacy ledger cannot read entry {seq} of the log; nothing is granted until an operator looked.",
            seq=ledger.unreadable,
        )
        return Refusal("privacy.unreadable", why)
    try:
        granted = DataPermit.model_validate({**permit.model_dump(), "rho": rho})
    except ValidationError:
        why = say("{rho} is no budget: give rho as a number from 0 to 100, with at most 9 decimals.", rho=rho[:40])
        return Refusal("budget.rho", why)
    held = balance(ledger, permit.source, nano(granted.rho), permit.project)
    used = held.spent + held.reserved
    if used > held.cap:
        why = say(
            "Project {project} has spent or reserved rho {used}; its budget cannot be less.",
            project=permit.project,
            used=f"{(Decimal(used) / NANO).normalize():f}",
        )
        return Refusal("budget.below_spent", why)
    return granted
