"""What was asked to be brought into projects: where each stands, for how long, and who decides on it.

Nothing is decided here: whom the rules name does that on the page of the release service.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from egress.airlock.situation import Situation
from egress.desk.part import Desk, DeskDoors, Part, Waiting
from egress.imports.guards import can_decide
from egress.imports.model import ImportRequest
from egress.imports.status import ImportStatus, Turn
from egress.imports.words import STATUS_WORDS
from egress.pages.visit import Visit
from hub.policy.verdict import Grant
from hub.words import say

NAME = "imports"
MOST = 200  # lines of a page; the command line lists all
_AIRLOCK = "/services/egress/imports/"


@dataclass(frozen=True)
class Line:
    """One import: since when it stands where it stands, who decides, and whether the reader does."""

    found: ImportRequest
    since: str
    age: timedelta
    deciders: tuple[str, ...]
    mine: bool


def routes(desk: Desk, doors: DeskDoors) -> list[BaseRoute]:
    """The list."""

    def listing(visit: Visit, situation: Situation) -> Response:
        found = list(_lines(situation, visit.person, desk.clock()))
        waits = [line for line in found if line.found.turn is not Turn.NOBODY]
        done = [line for line in reversed(found) if line.found.turn is Turn.NOBODY]
        return desk.page(
            visit,
            "imports.html",
            NAME,
            waits=waits,
            done=done[:MOST],
            older=len(done[MOST:]),
            words=STATUS_WORDS,
            at=_AIRLOCK,
        )

    return [Route(f"/{NAME}", doors.shown(listing))]


def _lines(situation: Situation, person: str, now: datetime) -> Iterable[Line]:
    """Oldest first."""
    for found in situation.imports.values():
        since = found.reached[found.status]
        permit, approver = situation.permit(found.project), found.approver
        deciders = permit.with_role(approver) if permit is not None and approver is not None else ()
        verdict = can_decide(found, found.report, situation.person(person), permit, now.date(), situation.stops)
        others = tuple(each for each in deciders if each != found.person)
        yield Line(found, since, now - datetime.fromisoformat(since), others, isinstance(verdict, Grant))


def waiting(desk: Desk, situation: Situation, person: str) -> tuple[Waiting, ...]:
    """Imports on which somebody has to decide; urgent where nobody but the reader is asked."""
    lines = [line for line in _lines(situation, person, desk.clock()) if line.found.status is ImportStatus.IN_REVIEW]
    if not lines:
        return ()
    return (Waiting(say("{number} imports wait for a decision.", number=len(lines)), NAME),)


PART = Part(NAME, say("Imports"), routes, waiting)
