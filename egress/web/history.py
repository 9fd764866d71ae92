"""What a request or an import went through: what, in which role who did it, and when. No checker is named. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from egress.imports.model import ImportRequest
from egress.imports.status import ImportStatus
from egress.release.model import ReleaseRequest, Turn
from egress.release.review import Said
from egress.release.status import Status
from egress.web.wording import IMPORT_STEP, STEP
from hub.words import Message, say

_AUTHOR, _ENCLAVE, _CHECKERS = say("by its author"), say("by the enclave"), say("by output checkers")
_WHO: Mapping[Status, Message] = MappingProxyType(
    {
        Status.SUBMITTED: _AUTHOR,
        Status.CONSOLIDATING: _CHECKERS,
        Status.REJECTED: _CHECKERS,
        Status.DOWNLOADED: say("by a researcher of the project"),
        Status.RECALLED: say("by somebody who answers for what leaves"),
    }
)
_IMPORT_WHO: Mapping[ImportStatus, Message] = MappingProxyType(
    {
        ImportStatus.ASKED: say("by who asks for it"),
        ImportStatus.APPROVED: say("by its approver"),
        ImportStatus.REJECTED: say("by its approver"),
        ImportStatus.WITHDRAWN: say("by who asked for it, or who answers for it"),
    }
)


@dataclass(frozen=True)
class Step:
    """One step; `at` in UTC, ISO 8601. `who` is None where `what` says it."""

    what: Message
    who: Message | None
    at: str


def steps(request: ReleaseRequest) -> list[Step]:
    """Those of a request's turn as it stands, in order."""
    return _steps(request.reached, request.person, request.returned, reviewed=bool(request.reviews))


def turn_steps(turn: Turn, author: str) -> list[Step]:
    """Those of an earlier turn of a request by `author`."""
    return _steps(turn.reached, author, turn.returned, reviewed=bool(turn.reviews))


def import_steps(found: ImportRequest) -> list[Step]:
    """Those of an import, in order."""
    return [Step(IMPORT_STEP[status], _IMPORT_WHO.get(status, _ENCLAVE), at) for status, at in found.reached.items()]


def _steps(reached: Mapping[Status, str], author: str, returned: Said | None, *, reviewed: bool) -> list[Step]:
    own_return = returned is not None and returned.by == author
    who = {
        **dict.fromkeys((Status.RERUN, Status.CHECKED, Status.IN_REVIEW, Status.RELEASED, Status.EXPIRED), _ENCLAVE),
        **_WHO,
        Status.APPROVED: _CHECKERS if reviewed else _ENCLAVE,  # by itself in the automatic lane
        Status.RETURNED: _AUTHOR if own_return else _CHECKERS,
    }
    return [Step(STEP[status], who.get(status), at) for status, at in reached.items()]
