"""The desk put together. A part is added by its module below and a line in PARTS."""

from __future__ import annotations

from starlette.types import ASGIApp

from egress.desk import alarms, budgets, figures, habilitations, home, imports, people, permits, sources, workspaces
from egress.desk.part import Desk, DeskDoors
from egress.pages.site import site

PARTS = (
    home.PART,
    permits.PART,
    people.PART,
    sources.PART,
    workspaces.PART,
    alarms.PART,
    habilitations.PART,
    imports.PART,
    budgets.PART,
    figures.PART,
)
_STATUS_OF_RULE = {
    "policy.unreadable": 503,
    "permit.unknown": 404,
    "draft.unknown": 404,
    "desk.person": 404,
    "desk.source": 404,
    "catalogue.stale": 409,
    "person.administrator": 409,
    "draft.closed": 409,
    "draft.stale": 409,
    "campaign.unknown": 404,
    "campaign.closed": 409,
    "halt.none": 409,
    "alarm.unknown": 404,
    "alarm.answered": 409,
    "desk.size": 413,
    "desk.too_slow": 408,
    "desk.busy": 429,
}


def build(desk: Desk) -> ASGIApp:
    """The application, mounted at the service's prefix."""
    desk.parts = PARTS
    doors = DeskDoors(desk, _STATUS_OF_RULE)
    routes = [route for part in PARTS for route in part.routes(desk, doors)]
    return site(doors, "Bulle: the admin's desk", routes, desk.following.look)
