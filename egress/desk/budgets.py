"""The privacy budget of the whole enclave: what each source may spend, spent and has left, what is outside it, and a
project's next cap, which is the next version of its permit.
"""

from __future__ import annotations

from decimal import Decimal

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from egress.airlock.situation import Situation
from egress.budget.grant import regranted
from egress.budget.look import overview
from egress.desk.part import Desk, DeskDoors, Part
from egress.desk.wording import reason_of
from egress.package.spelling import number
from egress.pages.visit import Visit
from egress.privacy.ledger import NANO, fold
from hub.administration.acts import Acting, draft
from hub.policy.reason import MOST
from hub.policy.stops import Scope
from hub.policy.verdict import Refusal, RefusedError
from hub.words import Message, say

NAME = "budgets"
# A corrected form undoes these; the page comes back with the sentence.
_MENDED = frozenset({"why.length", "budget.rho", "budget.below_spent", "draft.same", "permit.ended", "permit.own"})


def routes(desk: Desk, doors: DeskDoors) -> list[BaseRoute]:
    """The page, and its act."""

    def show(visit: Visit, situation: Situation) -> Response:
        return _page(desk, visit, situation)

    def grant(visit: Visit, situation: Situation) -> Response:
        project, rho, why = str(visit.request.path_params["project"]), visit.form.get("rho", ""), reason_of(visit)
        try:
            identity = desk.act(visit.person, lambda acting: _drafted(acting, project, rho, why))
        except RefusedError as error:
            if error.refusal.rule not in _MENDED:
                raise
            return _page(desk, visit, situation, error.refusal.reason)
        return RedirectResponse(f"{desk.prefix}drafts/{identity}", status_code=303)

    return [
        Route(f"/{NAME}", doors.shown(show)),
        Route(f"/{NAME}/{{project}}", doors.done(grant), methods=["POST"]),
    ]


def _drafted(acting: Acting, project: str, rho: str, why: str | Refusal) -> str:
    """As `bulle budget grant`, but another administrator issues it."""
    before, ledger = acting.enclave.permits.get(project), fold(acting.transaction.read(kinds="privacy."))
    if before is None:
        why_not = say("There is no permit for this project; nothing opens without one.")
        raise RefusedError(Refusal("permit.unknown", why_not))
    if isinstance(why, Refusal):
        raise RefusedError(why)
    ended = acting.enclave.stops.at(Scope.PERMIT, project)
    if ended is not None:  # another budget is no way to bring an ended permit back
        raise RefusedError(ended.refusal)
    permit = regranted(before, rho.strip().replace(",", "."), ledger)
    if isinstance(permit, Refusal):
        raise RefusedError(permit)
    return draft(acting, permit, why)


def _page(desk: Desk, visit: Visit, situation: Situation, problem: Message | None = None) -> Response:
    view = overview(situation, desk.following.read("privacy."), desk.policies)

    def rho(nano_rho: int) -> str:
        return number(Decimal(nano_rho) / NANO, visit.language)

    return desk.page(
        visit,
        "budgets.html",
        NAME,
        status=200 if problem is None else 422,
        sources=[view.part(source) for source in view.sources()],
        running=frozenset(permit.project for permit in situation.enclave.running(desk.clock().date())),
        rho=rho,
        most=MOST,
        problem=problem,
        typed=visit.form if problem is not None else {},
        typed_for=visit.request.path_params.get("project"),
    )


PART = Part(NAME, say("Budgets"), routes)
