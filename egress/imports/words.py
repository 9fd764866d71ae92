"""What people read for each status of an import. Pure."""

from __future__ import annotations

from types import MappingProxyType

from egress.imports.status import ImportStatus
from hub.words import say

STATUS_WORDS = MappingProxyType(
    {
        ImportStatus.ASKED: say("Going into quarantine"),
        ImportStatus.FROZEN: say("In quarantine, being looked into"),
        ImportStatus.REFUSED: say("Refused by the scan"),
        ImportStatus.IN_REVIEW: say("Waiting for approval"),
        ImportStatus.REJECTED: say("Not approved"),
        ImportStatus.APPROVED: say("Approved, being laid into the project"),
        ImportStatus.PLACED: say("In the project"),
        ImportStatus.WITHDRAWN: say("Withdrawn, being taken away"),
        ImportStatus.REMOVED: say("Withdrawn"),
    }
)
