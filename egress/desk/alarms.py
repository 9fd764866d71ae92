"""Alarms at the desk: what was refused that the policy calls abnormal, and what was found behind it."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from egress.airlock.situation import Situation
from egress.desk.part import Desk, DeskDoors, Part, Waiting
from egress.pages.visit import Visit
from egress.pages.wording import TRIED
from hub.answering import answer_alarm
from hub.policy.reason import MOST
from hub.policy.verdict import RefusedError
from hub.words import Message, say

NAME = "alarms"
MOST_ANSWERED = 200


def routes(desk: Desk, doors: DeskDoors) -> list[BaseRoute]:
    """The page and its act."""

    def listing(visit: Visit, situation: Situation) -> Response:
        return _page(desk, visit, situation)

    def answer(visit: Visit, situation: Situation) -> Response:
        alarm, why = visit.form.get("alarm", ""), visit.form.get("why", "")
        try:
            desk.act(visit.person, lambda acting: answer_alarm(acting, alarm, why))
        except RefusedError as error:
            if error.refusal.rule not in {"why.length", "alarm.own"}:
                raise
            return _page(desk, visit, situation, error.refusal.reason)
        return RedirectResponse(f"{desk.prefix}{NAME}", status_code=303)

    return [
        Route(f"/{NAME}", doors.shown(listing), methods=["GET"]),
        Route(f"/{NAME}", doors.done(answer), methods=["POST"]),
    ]


def _page(desk: Desk, visit: Visit, situation: Situation, problem: Message | None = None) -> Response:
    raised = [*reversed([*situation.alarms.values()])]
    return desk.page(
        visit,
        "alarms.html",
        NAME,
        status=200 if problem is None else 422,
        left=[each for each in raised if each.answer is None],
        done=[each for each in raised if each.answer is not None][:MOST_ANSWERED],
        tried=TRIED,
        most=MOST,
        problem=problem,
        typed=visit.form if problem is not None else {},
    )


def waiting(_desk: Desk, situation: Situation, _person: str) -> tuple[Waiting, ...]:
    """Alarms that nobody has looked into."""
    left = sum(each.answer is None for each in situation.alarms.values())
    return (Waiting(say("{number} alarms have no answer.", number=left), NAME, urgent=True),) if left else ()


PART = Part(NAME, say("Alarms"), routes, waiting)
