"""The privacy budget of the whole enclave: what each source may spend, spent and has left, and what is outside it."""

from __future__ import annotations

from decimal import Decimal

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from egress.airlock.situation import Situation
from egress.budget.look import overview
from egress.desk.part import Desk, DeskDoors, Part
from egress.package.spelling import number
from egress.pages.visit import Visit
from egress.privacy.ledger import NANO
from hub.words import say

NAME = "budgets"


def routes(desk: Desk, doors: DeskDoors) -> list[BaseRoute]:
    """The page."""

    def show(visit: Visit, situation: Situation) -> Response:
        view = overview(situation, desk.following.read("privacy."), desk.policies)

        def rho(nano_rho: int) -> str:
            return number(Decimal(nano_rho) / NANO, visit.language)

        parts = [view.part(source) for source in view.sources()]
        return desk.page(visit, "budgets.html", NAME, sources=parts, rho=rho)

    return [Route(f"/{NAME}", doors.shown(show))]


PART = Part(NAME, say("Budgets"), routes)
