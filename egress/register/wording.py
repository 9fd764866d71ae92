"""How the register says things, in words. Pure."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

from babel.dates import format_date

from egress.register.model import AlertOf, Answer, DelayOf, PermitState
from hub.words import say

STATE = MappingProxyType(
    {
        PermitState.NOT_BEGUN: say("Not begun"),
        PermitState.IN_FORCE: say("In force"),
        PermitState.HALTED: say("Halted"),
        PermitState.EXPIRED: say("Past its last day"),
        PermitState.ENDED: say("Ended before its last day"),
    }
)
TONE = MappingProxyType(
    {
        PermitState.IN_FORCE: "ready",
        PermitState.HALTED: "refused",
        PermitState.ENDED: "closed",
        PermitState.EXPIRED: "closed",
    }
)
DELAY = MappingProxyType(
    {
        DelayOf.EXTRACT: say("From the permit to its extract of data"),
        DelayOf.DECISION: say("From a request for release to its decision"),
        DelayOf.RELEASE: say("From a request for release to its results"),
        DelayOf.IMPORT: say("From the wish to bring something in to its decision"),
    }
)
ALERT = MappingProxyType(
    {
        AlertOf.ALL_HALTED: say("The whole enclave was halted"),
        AlertOf.PROJECT_HALTED: say("A project was halted"),
        AlertOf.BREAK_GLASS: say("An operator asked for one act outside their role"),
        AlertOf.VOLUME: say("A session showed more than a person reads"),
    }
)
ANSWER = MappingProxyType(
    {
        Answer.OPEN: say("Being looked into"),
        Answer.RESUMED: say("Lifted"),
        Answer.USED: say("Done once, with a second person's word"),
        Answer.NOT_USED: say("Not done"),
        Answer.TOLD: say("Told to those who oversee the project"),
    }
)


def shown_day(day: date, language: str) -> str:
    """A day for people."""
    return str(format_date(day, "d MMMM y", locale=language))
