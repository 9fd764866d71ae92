"""A researcher's pages: their requests, one request, and its package."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from starlette.responses import RedirectResponse, Response

from egress.airlock.desk import Desk
from egress.airlock.situation import Situation
from egress.budget.view import accounts
from egress.checks.advice import advice
from egress.package.spelling import number
from egress.pages.visit import Visit
from egress.privacy.ledger import NANO, fold
from egress.release.guards import can_download
from egress.release.model import ReleaseRequest
from egress.release.reviewing import told_to_author
from egress.release.times import Usual, usual
from egress.web import wording
from egress.web.acts import offered
from egress.web.history import steps, turn_steps
from egress.web.outputs import output_views
from egress.web.visit import Renderer, roles_of
from hub.events.log import Clock
from hub.policy.decide import BUDGET_ROLES
from hub.policy.model import Role
from hub.policy.verdict import Grant

_RECENT = 200  # requests that medians are taken of, at most


@dataclass(frozen=True)
class ResearcherPages:
    """Handlers; each asks the desk, which knows who may see and do what."""

    desk: Desk
    render: Renderer
    clock: Clock

    def home(self, visit: Visit) -> Response:
        """The first page of a person: requests, the queue of who only checks, the budget of who only oversees."""
        roles = roles_of(self.desk.look(), visit.person)
        page = "requests"
        if Role.RESEARCHER not in roles and roles & BUDGET_ROLES:
            page = "queue" if Role.OUTPUT_CHECKER in roles else "budget"
        return RedirectResponse(f"{self.render.prefix}{page}", status_code=303)

    def requests(self, visit: Visit) -> Response:
        """The person's requests, their colleagues' on the same projects, and what was refused at the door."""
        situation, events = self.desk.accounts()
        researching = [
            permit
            for permit in situation.enclave.projects_of(visit.person)
            if Role.RESEARCHER in permit.roles_of(visit.person)
        ]
        projects = {permit.project for permit in researching}
        seen = [request for request in situation.visible_to(visit.person) if request.project in projects]
        return self.render.page(
            visit,
            "requests.html",
            roles_of(situation, visit.person),
            section="requests",
            mine=[request for request in seen if request.person == visit.person],
            others=[request for request in seen if request.person != visit.person],
            refused=situation.refused_visible_to(visit.person),
            projects=researching,
            accounts=accounts(fold(events), researching),
            rho=lambda nano_rho: number(Decimal(nano_rho) / NANO, visit.language),
            extracts=situation.enclave.extracts,
            today=self.clock().date(),
            usual=_usual(situation),
            wording=wording,
        )

    def show(self, visit: Visit) -> Response:
        """One request. An output checker of its project reads it on the review page, where the findings are."""
        opened = self.desk.open(visit.request.path_params["request"], visit.person)
        found, situation = opened.request, opened.situation
        if situation.is_checker(visit.person, found.project) and visit.person != found.person:
            return RedirectResponse(f"{self.render.prefix}review/{found.id}", status_code=303)
        return self.render.page(
            visit,
            "request.html",
            roles_of(situation, visit.person),
            section="requests",
            request=found,
            outputs=output_views(self.desk, opened, visit.language),
            steps=steps(found),
            turn_steps=turn_steps,
            advice=advice,
            wording=wording,
            offered=offered(situation, found, visit.person, self.clock().date()),
            told=told_to_author(found),
            usual=_usual(situation),
            answer=self.desk.answer(found),
            may_download=self._may_download(visit, found, situation),
        )

    def download(self, visit: Visit) -> Response:
        """The package, once."""
        found = self.desk.show(visit.request.path_params["request"], visit.person)
        package = self.desk.download(found.id, visit.person)
        # The id counts (`egress.release.entries.next_id`): nothing in it can end the header.
        disposition = f'attachment; filename="{found.id}.zip"'
        return Response(package, media_type="application/zip", headers={"Content-Disposition": disposition})

    def _may_download(self, visit: Visit, found: ReleaseRequest, situation: Situation) -> bool:
        person, permit = situation.person(visit.person), situation.permit(found.project)
        return isinstance(can_download(found, person, permit, self.clock().date(), situation.stops), Grant)


def _usual(situation: Situation) -> Usual:
    return usual([*situation.requests.values()][-_RECENT:])
