"""The page of those who answer for the data or its use: what is halted, what operators did outside their role, which
sessions showed more than a person reads, what was tried and refused, and which processes asked for too much.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.responses import Response

from egress.airlock.desk import Desk
from egress.airlock.situation import Situation
from egress.pages.visit import Visit
from egress.pages.wording import TRIED
from egress.web.visit import Renderer, roles_of
from egress.web.wording import ACT, STAGE
from hub.events.log import Clock
from hub.policy.decide import may_oversee
from hub.policy.model import DataPermit
from hub.policy.stops import Scope, Stop
from hub.policy.verdict import Grant


@dataclass(frozen=True)
class OversightPages:
    """The handler; who sees which project is the rule's answer."""

    desk: Desk
    render: Renderer
    clock: Clock

    def oversight(self, visit: Visit) -> Response:
        """Stops that reach the person's projects, break-glass requests and large sessions on them, the newest first."""
        situation = self.desk.look()
        person = situation.person(visit.person)
        permits = [
            permit
            for permit in situation.enclave.projects_of(visit.person)
            if isinstance(may_oversee(person, permit, situation.stops), Grant)
        ]
        projects, now = {permit.project for permit in permits}, self.clock()
        requests = [each for each in reversed([*situation.emergencies.values()]) if each.project in projects]
        return self.render.page(
            visit,
            "oversight.html",
            roles_of(situation, visit.person),
            section="oversight",
            permits=permits,
            stops=_stops(situation, permits),
            alarms=[
                (each, TRIED.get(each.kind.tried))
                for each in reversed([*situation.alarms.values()])
                if each.kind.project in projects
            ],
            strays=situation.strays[::-1] if permits else (),
            volumes=[each for each in reversed([*situation.volumes.values()]) if each.project in projects],
            requests=[(each, ACT[each.act], STAGE[each.stage_at(now)]) for each in requests],
        )


def _stops(situation: Situation, permits: Iterable[DataPermit]) -> list[Stop]:
    """Those that reach these projects or somebody whom their permits name, the newest first."""
    projects = {permit.project for permit in permits}
    people = {member.person for permit in permits for member in permit.persons}
    reached = {Scope.ALL: {""}, Scope.PROJECT: projects, Scope.PERMIT: projects, Scope.PERSON: people}
    found = [stop for stop in situation.stops.standing.values() if projects and stop.name in reached[stop.scope]]
    return sorted(found, key=lambda stop: stop.at, reverse=True)
