"""How long requests take and what comes of them, by month and rules, and what output checkers carry."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from egress.airlock.situation import Situation
from egress.desk.part import Desk, DeskDoors, Part
from egress.pages.visit import Visit
from egress.release.figures import SAID, Came, Figures, figures
from hub.words import say

NAME = "figures"
MOST = 60  # lines of a table: five years of one set of rules; the command line lists all


def routes(desk: Desk, doors: DeskDoors) -> list[BaseRoute]:
    """The page."""

    def show(visit: Visit, situation: Situation) -> Response:
        return desk.page(visit, "figures.html", NAME, found=counted(situation), came=list(Came), said=SAID, most=MOST)

    return [Route(f"/{NAME}", doors.shown(show))]


def counted(situation: Situation) -> Figures:
    """The figures of all requests."""
    rules = {project: permit.rules for project, permit in situation.enclave.permits.items()}
    return figures(situation.requests.values(), rules)


PART = Part(NAME, say("Figures"), routes)
