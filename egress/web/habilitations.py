"""The page of data holders in a habilitation review: who still needs their projects. Administrators have the desk."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from egress.airlock.following import Following
from egress.airlock.situation import Situation
from egress.pages.memberships import MENDED, Step, confirming, shown, withdrawing
from egress.pages.visit import Visit
from egress.web.visit import Renderer, roles_of
from hub.administration.acts import Acting
from hub.events.log import Clock
from hub.habilitation import lines
from hub.policy.campaign import UNANSWERED, Campaign
from hub.policy.model import Role
from hub.policy.verdict import RefusedError
from hub.words import Message

CHANNEL = "pages"


@dataclass(frozen=True)
class HabilitationPages:
    """The handlers; who may answer is the rule's to say (`hub.habilitation.may_answer`)."""

    following: Following
    render: Renderer
    clock: Clock

    def habilitations(self, visit: Visit) -> Response:
        """The last review that asks about the person's projects."""
        return self._page(visit)

    def confirm(self, visit: Visit) -> Response:
        """Who is ticked is needed."""
        return self._acted(visit, confirming(_campaign(visit), visit.form))

    def withdraw(self, visit: Visit) -> Response:
        """One is needed no more."""
        return self._acted(visit, withdrawing(_campaign(visit), visit.form))

    def _acted(self, visit: Visit, step: Step) -> Response:
        try:
            with self.following.deciding() as (now, transaction):
                step(Acting(transaction, now.enclave, now.papers, visit.person, CHANNEL, self.clock()))
        except RefusedError as error:
            if error.refusal.rule not in MENDED:
                raise
            return self._page(visit, error.refusal.reason)
        return RedirectResponse(f"{self.render.prefix}habilitations", status_code=303)

    def _page(self, visit: Visit, problem: Message | None = None) -> Response:
        situation, today = self.following.look(), self.clock().date()
        projects = _held(situation, visit.person)
        found = _asking(situation, projects)
        asked = [] if found is None else lines(found, situation.enclave, today)
        asked = [line for line in asked if line.project in projects]
        return self.render.page(
            visit,
            "habilitations.html",
            roles_of(situation, visit.person),
            status=200 if problem is None else 422,
            section="habilitations",
            found=found,
            left=sum(line.word in UNANSWERED for line in asked),
            over=found is not None and today > found.until,
            problem=problem,
            typed=visit.form if problem is not None else {},
            **shown(asked, situation.enclave),
        )


def _campaign(visit: Visit) -> str:
    return str(visit.request.path_params["campaign"])


def _held(situation: Situation, person: str) -> frozenset[str]:
    """The projects whose data holder `person` is, while their access is not halted."""
    if situation.stops.on_person(person) is not None:
        return frozenset()
    permits = situation.enclave.projects_of(person)
    return frozenset(permit.project for permit in permits if Role.DATA_HOLDER in permit.roles_of(person))


def _asking(situation: Situation, projects: frozenset[str]) -> Campaign | None:
    """The last review that data holders answer and that asks about one of these projects."""
    campaigns = reversed([*situation.enclave.campaigns.values()])
    return next((each for each in campaigns if each.holders and any(key[0] in projects for key in each.asked)), None)
