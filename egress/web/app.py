"""The pages put together: which path is whose, who must be logged in, and how a refusal looks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from egress.airlock.acts import Acts
from egress.airlock.desk import Desk, reason_of
from egress.airlock.import_desk import ImportDesk
from egress.store.arrivals import Arrivals
from egress.store.exports import ExportError
from egress.store.quarantine import QuarantineError
from egress.web.acts import ActPages
from egress.web.budget import BudgetPages
from egress.web.checker import CheckerPages
from egress.web.description import describe
from egress.web.hub import LoginError
from egress.web.imports import ImportPages
from egress.web.ledger import LedgerPages
from egress.web.login import Login, local_target
from egress.web.oversight import OversightPages
from egress.web.protection import ProtectedHeaders, from_a_person, read_form, same_session
from egress.web.researcher import ResearcherPages
from egress.web.submitted import Submitted
from egress.web.upload import Uploaded, Uploads, is_upload
from egress.web.visit import LANGUAGE_COOKIE, Handler, Renderer, Visit, language_of, roles_of
from hub.events.log import Clock
from hub.language import LANGUAGES
from hub.policy.model import Role
from hub.policy.verdict import Refusal, RefusedError
from hub.words import Message, say

THREADS = 8
Endpoint = Callable[[Request], Awaitable[Response]]

_STATUS_OF_RULE = {
    "log.changed": 503,
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
    "form.unreadable": 400,
    "form.too_large": 413,
}
_NOT_HERE = say("There is no such page; the address may be mistyped.")
_BROKEN = say("Something went wrong in the service and was noted; nothing was changed. Try again, or tell an operator.")
_LOGGED_OUT = say("Your session has ended and nothing was done; log in, then repeat.")


@dataclass(frozen=True)
class Site:
    """What pages are made from."""

    login: Login
    desk: Desk
    imports: ImportDesk
    arrivals: Arrivals
    submitted: Submitted
    clock: Clock


def build(site: Site) -> ASGIApp:
    """The application, mounted at the service's prefix."""
    prefix = site.login.hub.settings.prefix
    render = Renderer(prefix, site.login.hub.settings.hub_path)
    doors = _Doors(site.login, render, site.desk, site.imports)
    mine = ResearcherPages(site.desk, render, site.clock)
    checks = CheckerPages(site.desk, site.submitted, render, site.clock)
    done = ActPages(Acts(site.desk.following, site.clock), render)
    released = LedgerPages(site.desk, render)
    spent = BudgetPages(site.desk, render)
    watched = OversightPages(site.desk, render, site.clock)
    brought = ImportPages(site.imports, site.arrivals, render)
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
        Route("/oauth_callback", doors.finish_login),
        Route("/logout", doors.act(lambda visit: site.login.end(visit.session)), methods=["POST"]),
        Route("/language/{code}", doors.choose_language),
        Route("/health", _health(site.desk)),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static"),
    ]
    routes.append(Route("/openapi.json", _described(describe(routes, prefix))))
    app = Starlette(
        lifespan=_started(site.desk),
        routes=[Mount(prefix.rstrip("/"), routes=routes)],
        exception_handlers={
            RefusedError: doors.refused,
            LoginError: doors.refused,
            QuarantineError: doors.refused,
            ExportError: doors.refused,
            HTTPException: doors.refused,
            Exception: doors.refused,
        },
    )
    return ProtectedHeaders(app)  # around everything, so that the page of an unforeseen error has them, too


def _started(desk: Desk) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """Before the first page: few threads, and the log as far as it goes, so that nobody waits for a long one.

    Pages are computed by one interpreter: many threads only take turns at it, each while it keeps a reading or the
    log's lock from the others. Some more than processors, as a page may wait for the hub or the disk.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = THREADS
        with suppress(RefusedError):  # a log that was changed is said on pages
            await run_in_threadpool(desk.look)
        yield

    return lifespan


class _Doors:
    """What stands between a request and its page."""

    def __init__(self, login: Login, render: Renderer, desk: Desk, imports: ImportDesk) -> None:
        self._login = login
        self._render = render
        self._desk = desk
        self._imports = imports
        self._uploads = Uploads(imports.limits)

    def read(self, handler: Handler) -> Endpoint:
        """A page for somebody who is logged in; others are sent to log in and come back."""

        async def endpoint(request: Request) -> Response:
            from_a_person(request)
            session = await run_in_threadpool(self._login.who, request)
            if session is None:
                return self._login.begin(request.url.path)
            return await run_in_threadpool(handler, Visit(request, session, language_of(request)))

        return endpoint

    def act(self, handler: Handler) -> Endpoint:
        """An act of somebody who is logged in, from a form that was made for their session."""

        async def endpoint(request: Request) -> Response:
            from_a_person(request)
            session = await run_in_threadpool(self._login.who, request)
            if session is None:
                raise LoginError(_LOGGED_OUT, 401)
            form = await read_form(request)
            same_session(form, session.csrf)
            return await run_in_threadpool(handler, Visit(request, session, language_of(request), form))

        return endpoint

    def upload(self, handler: Callable[[Visit, Uploaded], Response]) -> Endpoint:
        """As `act`, with files. The form is read before its token is: nothing of it is kept until both were."""

        async def endpoint(request: Request) -> Response:
            from_a_person(request)
            session = await run_in_threadpool(self._login.who, request)
            if session is None:
                raise LoginError(_LOGGED_OUT, 401)
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

    async def finish_login(self, request: Request) -> Response:
        """The hub sends the browser back here."""
        from_a_person(request)
        return await run_in_threadpool(self._login.finish, request)

    async def choose_language(self, request: Request) -> Response:
        """Keep the language in a cookie and go back to the page."""
        code, settings = request.path_params["code"], self._login.hub.settings
        if code not in LANGUAGES:
            raise HTTPException(404)
        answer = RedirectResponse(local_target(settings.prefix, request.query_params.get("next")), status_code=303)
        answer.set_cookie(
            LANGUAGE_COOKIE,
            code,
            max_age=365 * 24 * 3600,
            path=settings.prefix,
            secure=settings.secure,
            httponly=True,
            samesite="lax",
        )
        return answer

    async def refused(self, request: Request, error: Exception) -> Response:
        """A refusal's sentence as a page."""
        status, reason = _answer(error)
        try:
            session = await run_in_threadpool(self._login.who, request)
        except LoginError:
            session = None
        visit = Visit(request, session, language_of(request))
        # An unforeseen error may be the log's own: its page does without.
        known = session is not None and isinstance(error, RefusedError | HTTPException)
        roles = await run_in_threadpool(self._roles, visit) if known else frozenset()
        return self._render.page(visit, "refused.html", roles, status=status, section="", reason=reason, code=status)

    def _roles(self, visit: Visit) -> frozenset[Role]:
        try:
            return roles_of(self._desk.look(), visit.person)
        except RefusedError:  # it is the log that is refused
            return frozenset()


def _answer(error: Exception) -> tuple[int, Message]:
    match error:
        case RefusedError(refusal=Refusal(rule=rule, reason=reason)):
            return _STATUS_OF_RULE.get(rule, 403), reason
        case LoginError(status=status, message=message):
            return status, message
        case HTTPException(status_code=status):
            return status, _NOT_HERE
        case _:
            return 500, reason_of(error) or _BROKEN


def _described(document: Mapping[str, Any]) -> Endpoint:
    async def described(_request: Request) -> Response:
        """Which addresses there are; who may open which, each asks for itself."""
        return JSONResponse(document)

    return described


def _health(desk: Desk) -> Endpoint:
    async def health(_request: Request) -> Response:
        """Whether the log can be read."""
        await run_in_threadpool(desk.look)
        return JSONResponse({"status": "ok"})

    return health
