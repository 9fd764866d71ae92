"""What stands between a request and its page: who must be logged in, which form is taken, how a refusal looks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from egress.airlock.desk import reason_of
from egress.pages.hub import LoginError
from egress.pages.login import Login, local_target
from egress.pages.protection import from_a_person, read_form, same_session
from egress.pages.upload import Uploaded, Uploads, is_upload
from egress.pages.visit import Handler, Visit, language_of
from hub.language import LANGUAGE_COOKIE, LANGUAGE_DAYS, LANGUAGES
from hub.policy.verdict import Refusal, RefusedError
from hub.words import Message, say

Endpoint = Callable[[Request], Awaitable[Response]]

_STATUS_OF_RULE = MappingProxyType(
    {"log.changed": 503, "form.unreadable": 400, "form.too_large": 413, "form.too_slow": 408}
)
_NOT_HERE = say("There is no such page; the address may be mistyped.")
_BROKEN = say("Something went wrong in the service and was noted; nothing was changed. Try again, or tell an operator.")
_LOGGED_OUT = say("Your session has ended and nothing was done; log in, then repeat.")


class Doors(ABC):
    """The doors of one service. `status_of` answers refusals by their rule; what stands there for none is 403."""

    def __init__(self, login: Login, status_of: Mapping[str, int]) -> None:
        self.login = login
        self._status_of = {**_STATUS_OF_RULE, **status_of}

    @abstractmethod
    def refusal(self, visit: Visit, reason: Message, status: int, *, foreseen: bool) -> Response:
        """The page of a refusal. An error that is not `foreseen` may be the log's own: its page asks for nothing."""

    def read(self, handler: Handler) -> Endpoint:
        """A page for somebody who is logged in; others are sent to log in and come back."""

        async def endpoint(request: Request) -> Response:
            from_a_person(request)
            session = await run_in_threadpool(self.login.who, request)
            if session is None:
                return self.login.begin(request.url.path)
            return await run_in_threadpool(handler, Visit(request, session, language_of(request)))

        return endpoint

    def act(self, handler: Handler) -> Endpoint:
        """An act of somebody who is logged in, from a form that was made for their session."""

        async def endpoint(request: Request) -> Response:
            from_a_person(request)
            session = await run_in_threadpool(self.login.who, request)
            if session is None:
                raise LoginError(_LOGGED_OUT, 401)
            form = await read_form(request)
            same_session(form, session.csrf)
            return await run_in_threadpool(handler, Visit(request, session, language_of(request), form))

        return endpoint

    def upload(
        self,
        uploads: Uploads,
        handler: Callable[[Visit, Uploaded], Response],
        not_taken: Callable[[str, Refusal], None] = lambda _person, _refusal: None,
        before: Callable[[str], object] = lambda _person: None,
    ) -> Endpoint:
        """As `act`, with files. The form is read before its token is: nothing of it is kept until both were.

        `before` is asked whether this person may send anything; `not_taken` is told whose upload was not read to its
        end, and why.
        """

        async def endpoint(request: Request) -> Response:
            from_a_person(request)
            session = await run_in_threadpool(self.login.who, request)
            if session is None:
                raise LoginError(_LOGGED_OUT, 401)
            await run_in_threadpool(before, session.person)
            if not is_upload(request):
                same_session(await read_form(request), session.csrf)
            try:
                uploaded = await uploads.read(request, session.person)
            except RefusedError as error:
                await run_in_threadpool(not_taken, session.person, error.refusal)
                raise
            same_session(uploaded.form, session.csrf)
            return await run_in_threadpool(handler, Visit(request, session, language_of(request)), uploaded)

        return endpoint

    async def finish_login(self, request: Request) -> Response:
        """The hub sends the browser back here."""
        from_a_person(request)
        return await run_in_threadpool(self.login.finish, request)

    async def choose_language(self, request: Request) -> Response:
        """Keep the language in a cookie and go back to the page."""
        code, settings = request.path_params["code"], self.login.hub.settings
        if code not in LANGUAGES:
            raise HTTPException(404)
        answer = RedirectResponse(local_target(settings.prefix, request.query_params.get("next")), status_code=303)
        answer.set_cookie(
            LANGUAGE_COOKIE,
            code,
            max_age=LANGUAGE_DAYS * 24 * 3600,
            path="/",  # the hub's pages and the other service's follow it
            secure=settings.secure,
            httponly=True,
            samesite="lax",
        )
        return answer

    async def refused(self, request: Request, error: Exception) -> Response:
        """A refusal's sentence as a page."""
        status, reason = self._answer(error)
        try:
            session = await run_in_threadpool(self.login.who, request)
        except LoginError:
            session = None
        visit = Visit(request, session, language_of(request))
        foreseen = isinstance(error, RefusedError | HTTPException)
        return await run_in_threadpool(lambda: self.refusal(visit, reason, status, foreseen=foreseen))

    def _answer(self, error: Exception) -> tuple[int, Message]:
        match error:
            case RefusedError(refusal=Refusal(rule=rule, reason=reason)):
                return self._status_of.get(rule, 403), reason
            case LoginError(status=status, message=message):
                return status, message
            case HTTPException(status_code=status):
                return status, _NOT_HERE
            case _:
                return 500, reason_of(error) or _BROKEN
