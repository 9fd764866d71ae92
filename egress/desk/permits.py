"""The desk's pages of permits: those that run, their versions, and their end. Drafts stand in `egress.desk.drafts`."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from egress.airlock.situation import Situation
from egress.desk import drafts
from egress.desk.part import Desk, DeskDoors, Part, Waiting
from egress.desk.wording import as_file, reason_of
from egress.pages.visit import Visit
from egress.pages.wording import ROLES
from hub.administration.acts import end_permit
from hub.administration.plan import plan
from hub.administration.written import permit_toml
from hub.policy.stops import Scope
from hub.policy.verdict import Refusal, RefusedError
from hub.words import say

NAME = "permits"


def routes(desk: Desk, doors: DeskDoors) -> list[BaseRoute]:
    """All pages of permits and drafts."""
    pages = _Pages(desk)
    return [
        Route("/permits", doors.shown(pages.listing)),
        Route("/permits/{project}", doors.shown(pages.show)),
        Route("/permits/{project}/file", doors.shown(pages.file)),
        Route("/permits/{project}/end", doors.done(pages.end), methods=["POST"]),
        *drafts.routes(desk, doors),
    ]


def waiting(desk: Desk, situation: Situation, person: str) -> tuple[Waiting, ...]:
    """Drafts that this person may issue, their own that others must, and permits that end soon."""
    second = desk.policy.second_administrator.value
    found = []
    for draft in situation.papers.open_drafts():
        if draft.by != person or not second:
            what = say("{draft}, drafted by {person}: read it, then issue it", draft=draft.id, person=draft.by)
            found.append(Waiting(what, f"drafts/{draft.id}", urgent=True))
        else:
            what = say("{draft}, which you drafted, waits for another administrator", draft=draft.id)
            found.append(Waiting(what, f"drafts/{draft.id}"))
    today = desk.clock().date()
    for permit in situation.enclave.running(today):
        if (permit.valid_until - today).days <= desk.policy.soon_days.value:
            day = permit.valid_until.isoformat()
            what = say("The permit of project {project} ends on {day}", project=permit.project, day=day)
            found.append(Waiting(what, f"permits/{permit.project}"))
    return tuple(found)


class _Pages:
    """The handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def listing(self, visit: Visit, situation: Situation) -> Response:
        """Every project's permit, the drafts that wait, and the way to a new one."""
        enclave, today = situation.enclave, self._desk.clock().date()
        running = {permit.project for permit in enclave.running(today)}
        permits = [
            (permit, permit.project in running, len(situation.papers.permits.get(project, ())))
            for project, permit in sorted(enclave.permits.items())
        ]
        permits.sort(key=lambda each: not each[1])
        open_drafts = situation.papers.open_drafts()
        return self._desk.page(visit, "permits.html", NAME, permits=permits, drafts=open_drafts, today=today)

    def show(self, visit: Visit, situation: Situation, why: str = "", problem: Refusal | None = None) -> Response:
        """One permit as it is in force, its versions, its drafts, and the form that ends it."""
        project = visit.request.path_params["project"]
        permit, papers = situation.enclave.permits.get(project), situation.papers
        if permit is None:
            raise RefusedError(Refusal("permit.unknown", _NO_PERMIT))
        known = self._desk.known(situation)
        return self._desk.page(
            visit,
            "permit.html",
            NAME,
            422 if problem else 200,
            plan=plan(permit, known),
            permit=permit,
            versions=list(reversed(papers.permits.get(project, ()))),
            drafts=[each for each in reversed([*papers.drafts.values()]) if each.permit.project == project],
            ended=situation.stops.at(Scope.PERMIT, project),
            halted=situation.stops.at(Scope.PROJECT, project),
            running=permit in situation.enclave.running(known.today),
            roles=ROLES,
            why=why,
            problem=problem,
        )

    def file(self, visit: Visit, situation: Situation) -> Response:
        """The permit as TOML."""
        permit = situation.enclave.permits.get(visit.request.path_params["project"])
        if permit is None:
            raise RefusedError(Refusal("permit.unknown", _NO_PERMIT))
        return as_file(permit_toml(permit), permit.project)

    def end(self, visit: Visit, situation: Situation) -> Response:
        """End the permit, with its reason."""
        project, why = visit.request.path_params["project"], reason_of(visit)
        if isinstance(why, Refusal):
            return self.show(visit, situation, visit.form.get("why", ""), why)
        self._desk.act(visit.person, lambda acting: end_permit(acting, project, why))
        return RedirectResponse(f"{self._desk.prefix}permits/{project}", status_code=303)


_NO_PERMIT = say("There is no permit for this project; nothing opens without one.")
PART = Part(NAME, say("Permits"), routes, waiting)
