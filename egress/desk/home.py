"""The desk's first page: what waits for the person who looks."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from egress.airlock.situation import Situation
from egress.desk.part import Desk, DeskDoors, Part
from egress.pages.visit import Visit
from hub.words import say


def routes(desk: Desk, doors: DeskDoors) -> list[BaseRoute]:
    """The first page."""

    def home(visit: Visit, situation: Situation) -> Response:
        """What waits, part by part, the urgent first."""
        waiting = [(part, each) for part in desk.parts for each in part.waiting(desk, situation, visit.person)]
        waiting.sort(key=lambda found: not found[1].urgent)
        return desk.page(visit, "home.html", "", waiting=waiting)

    return [Route("/", doors.shown(home))]


PART = Part("", say("What waits for you"), routes)
