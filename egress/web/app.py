"""The pages put together: which path is whose, who must be logged in, and how a refusal looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from egress.airlock.acts import Acts
from egress.airlock.desk import Desk
from egress.airlock.import_desk import ImportDesk
from egress.pages.doors import LOGGED_OUT, Doors, Endpoint
from egress.pages.hub import LoginError
from egress.pages.login import Login
from egress.pages.protection import from_a_person, read_form, same_session
from egress.pages.site import site
from egress.pages.visit import Visit, language_of
from egress.store.arrivals import Arrivals
from egress.store.exports import ExportError
from egress.store.quarantine import QuarantineError
from egress.web.acts import ActPages
from egress.web.budget import BudgetPages
from egress.web.checker import CheckerPages
from egress.web.imports import ImportPages
from egress.web.ledger import LedgerPages
from egress.web.oversight import OversightPages
from egress.web.researcher import ResearcherPages
from egress.web.submitted import Submitted
from egress.web.upload import Uploaded, Uploads, is_upload
from egress.web.visit import Renderer, roles_of
from hub.events.log import Clock
from hub.policy.model import Role
from hub.policy.verdict import RefusedError
from hub.words import Message

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
    "import.wrong_status": 409,
    "import.report": 409,
    "import.size": 413,
    "import.too_slow": 408,
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
    doors = _Doors(made.login, render, made.desk, made.imports)
    mine = ResearcherPages(made.desk, render, made.clock)
    checks = CheckerPages(made.desk, made.submitted, render, made.clock)
    done = ActPages(Acts(made.desk.following, made.clock), render)
    released = LedgerPages(made.desk, render)
    spent = BudgetPages(made.desk, render)
    watched = OversightPages(made.desk, render, made.clock)
    brought = ImportPages(made.imports, made.arrivals, render)
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
        Route("/review/{request}", doors.read(checks.review), methods=["GET"]),
        Route("/review/{request}", doors.act(checks.vote), methods=["POST"]),
        Route("/imports", doors.read(brought.listing), methods=["GET"]),
        Route("/imports", doors.upload(brought.ask), methods=["POST"]),
        Route("/imports/{identity}", doors.read(brought.show)),
        Route("/imports/{identity}/decide", doors.act(brought.decide), methods=["POST"]),
        Route("/imports/{identity}/files/{place}", doors.act(brought.fetch), methods=["POST"]),
        Route("/imports/{identity}/withdraw", doors.act(brought.withdraw), methods=["POST"]),
    ]
    title = "Bulle: requests, reviews and releases"
    return site(doors, title, routes, made.desk.look, (QuarantineError, ExportError))


class _Doors(Doors):
    """Doors that files pass, too, and a page of refusals that offers what the visitor may open."""

    def __init__(self, login: Login, render: Renderer, desk: Desk, imports: ImportDesk) -> None:
        super().__init__(login, _STATUS_OF_RULE)
        self._render = render
        self._desk = desk
        self._imports = imports
        self._uploads = Uploads(imports.limits)

    def upload(self, handler: Callable[[Visit, Uploaded], Response]) -> Endpoint:
        """As `act`, with files. The form is read before its token is: nothing of it is kept until both were."""

        async def endpoint(request: Request) -> Response:
            from_a_person(request)
            session = await run_in_threadpool(self.login.who, request)
            if session is None:
                raise LoginError(LOGGED_OUT, 401)
            if not is_upload(request):
                same_session(await read_form(request), session.csrf)
            try:
                uploaded = await self._uploads.read(request, session.person)
            except RefusedError as error:
                if error.refusal.rule.startswith("import."):
                    await run_in_threadpool(self._imports.not_taken, "", session.person, error.refusal)
                raise
            same_session(uploaded.form, session.csrf)
            return await run_in_threadpool(handler, Visit(request, session, language_of(request)), uploaded)

        return endpoint

    def refusal(self, visit: Visit, reason: Message, status: int, *, foreseen: bool) -> Response:
        roles = self._roles(visit) if foreseen and visit.session is not None else frozenset()
        return self._render.page(visit, "refused.html", roles, status=status, section="", reason=reason, code=status)

    def _roles(self, visit: Visit) -> frozenset[Role]:
        try:
            return roles_of(self._desk.look(), visit.person)
        except RefusedError:  # it is the log that is refused
            return frozenset()
