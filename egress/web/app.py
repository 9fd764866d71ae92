"""The pages put together: which path is whose, who must be logged in, and how a refusal looks."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from egress.airlock.acts import Acts
from egress.airlock.desk import Desk
from egress.airlock.import_desk import ImportDesk
from egress.pages.doors import Doors
from egress.pages.login import Login
from egress.pages.site import site
from egress.pages.upload import MEGABYTE, Bounds, Uploads
from egress.pages.visit import Visit
from egress.store.arrivals import Arrivals
from egress.store.exports import ExportError
from egress.store.quarantine import QuarantineError
from egress.web.acts import ActPages
from egress.web.budget import BudgetPages
from egress.web.checker import CheckerPages
from egress.web.habilitations import HabilitationPages
from egress.web.imports import ImportPages
from egress.web.ledger import LedgerPages
from egress.web.oversight import OversightPages
from egress.web.researcher import ResearcherPages
from egress.web.submitted import Submitted
from egress.web.visit import Renderer, roles_of
from hub.events.log import Clock
from hub.policy.limits import ImportLimits
from hub.policy.model import Role
from hub.policy.verdict import Refusal, RefusedError
from hub.words import Message, say

_STATUS_OF_RULE = {
    "request.unknown": 404,
    "budget.statement": 404,
    "request.wrong_status": 409,
    "package.once": 409,
    "package.unreadable": 503,
    "review.twice": 409,
    "appeal.once": 409,
    "approval.twice": 409,
    "sample.none": 409,
    "request.why": 422,
    "import.unknown": 404,
    "campaign.unknown": 404,
    "import.wrong_status": 409,
    "import.report": 409,
    "import.size": 413,
    "import.too_slow": 408,
    "import.twice": 409,
    "import.busy": 429,
    "import.too_often": 429,
}


@dataclass(frozen=True)
class Site:
    """What pages are made from."""

    login: Login
    desk: Desk
    imports: ImportDesk
    arrivals: Arrivals
    submitted: Submitted
    clock: Clock


def build(made: Site) -> ASGIApp:
    """The application, mounted at the service's prefix."""
    prefix = made.login.hub.settings.prefix
    render = Renderer(prefix, made.login.hub.settings.hub_path)
    doors = _Doors(made.login, render, made.desk)
    mine = ResearcherPages(made.desk, render, made.clock)
    checks = CheckerPages(made.desk, made.submitted, render, made.clock)
    done = ActPages(Acts(made.desk.following, made.clock), render)
    released = LedgerPages(made.desk, render)
    spent = BudgetPages(made.desk, render)
    watched = OversightPages(made.desk, render, made.clock)
    held = HabilitationPages(made.desk.following, render, made.clock)
    brought = ImportPages(made.imports, made.arrivals, render)
    uploads = Uploads(_bounds(made.imports.limits))
    routes = [
        Route("/", doors.read(mine.home)),
        Route("/requests", doors.read(mine.requests)),
        Route("/requests/{request}", doors.read(mine.show)),
        Route("/requests/{request}/withdraw", doors.act(done.withdraw), methods=["POST"]),
        Route("/requests/{request}/return", doors.act(done.send_back), methods=["POST"]),
        Route("/requests/{request}/appeal", doors.act(done.appeal), methods=["POST"]),
        Route("/requests/{request}/agree", doors.act(done.answer), methods=["POST"]),
        Route("/requests/{request}/recall", doors.act(done.recall), methods=["POST"]),
        Route("/requests/{request}/seen", doors.act(done.see_sample), methods=["POST"]),
        Route("/requests/{request}/download", doors.act(mine.download), methods=["POST"]),
        Route("/queue", doors.read(checks.queue)),
        Route("/ledger", doors.read(released.ledger)),
        Route("/budget", doors.read(spent.budget)),
        Route("/budget/{source}/statement.{form}", doors.read(spent.statement)),
        Route("/oversight", doors.read(watched.oversight)),
        Route("/habilitations", doors.read(held.habilitations)),
        Route("/habilitations/{campaign}/confirm", doors.act(held.confirm), methods=["POST"]),
        Route("/habilitations/{campaign}/withdraw", doors.act(held.withdraw), methods=["POST"]),
        Route("/review/{request}", doors.read(checks.review), methods=["GET"]),
        Route("/review/{request}", doors.act(checks.vote), methods=["POST"]),
        Route("/imports", doors.read(brought.listing), methods=["GET"]),
        Route("/imports", doors.upload(uploads, brought.ask, brought.not_taken), methods=["POST"]),
        Route("/imports/{identity}", doors.read(brought.show)),
        Route("/imports/{identity}/decide", doors.act(brought.decide), methods=["POST"]),
        Route("/imports/{identity}/files/{place}", doors.act(brought.fetch), methods=["POST"]),
        Route("/imports/{identity}/withdraw", doors.act(brought.withdraw), methods=["POST"]),
    ]
    title = "Bulle: requests, reviews and releases"
    return site(doors, title, routes, made.desk.look, (QuarantineError, ExportError))


def _bounds(limits: ImportLimits) -> Bounds:
    too_large = Refusal("import.size", say("One import holds at most {limit} MB.", limit=limits.max_total_mb))
    most = limits.max_total_mb * MEGABYTE
    return Bounds("import", limits.max_files, most, limits.upload_seconds, limits.uploads_at_once, too_large)


class _Doors(Doors):
    """Doors whose page of refusals offers what the visitor may open."""

    def __init__(self, login: Login, render: Renderer, desk: Desk) -> None:
        super().__init__(login, _STATUS_OF_RULE)
        self._render = render
        self._desk = desk

    def refusal(self, visit: Visit, reason: Message, status: int, *, foreseen: bool) -> Response:
        roles = self._roles(visit) if foreseen and visit.session is not None else frozenset()
        return self._render.page(visit, "refused.html", roles, status=status, section="", reason=reason, code=status)

    def _roles(self, visit: Visit) -> frozenset[Role]:
        try:
            return roles_of(self._desk.look(), visit.person)
        except RefusedError:  # it is the log that is refused
            return frozenset()
