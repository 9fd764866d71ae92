"""A service's pages put together: its routes, those that every service has, their description, and the headers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from egress.pages.description import describe
from egress.pages.doors import Doors, Endpoint
from egress.pages.hub import LoginError
from egress.pages.protection import ProtectedHeaders
from hub.policy.verdict import RefusedError

THREADS = 8


def site(
    doors: Doors,
    title: str,
    routes: Iterable[BaseRoute],
    look: Callable[[], object],
    errors: Iterable[type[Exception]] = (),
) -> ASGIApp:
    """The application, mounted at the service's prefix. `look` reads the log; `errors` beside those of every service
    are told as refusals.
    """
    prefix = doors.login.hub.settings.prefix
    every = [
        *routes,
        Route("/oauth_callback", doors.finish_login),
        Route("/logout", doors.act(lambda visit: doors.login.end(visit.session)), methods=["POST"]),
        Route("/language/{code}", doors.choose_language),
        Route("/health", _health(look)),
        Mount("/static", _static(), name="static"),
    ]
    every.append(Route("/openapi.json", _described(describe(every, prefix, title))))
    app = Starlette(
        lifespan=_started(look),
        routes=[Mount(prefix.rstrip("/"), routes=every)],
        exception_handlers=dict.fromkeys((RefusedError, LoginError, HTTPException, Exception, *errors), doors.refused),
    )
    return ProtectedHeaders(app)  # around everything, so that the page of an unforeseen error has them, too


def _started(look: Callable[[], object]) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """Before the first page: few threads, and the log as far as it goes, so that nobody waits for a long one.

    Pages are computed by one interpreter: many threads only take turns at it, each while it keeps a reading or the
    log's lock from the others. Some more than processors, as a page may wait for the hub or the disk.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = THREADS
        with suppress(RefusedError):  # a log that was changed is said on pages
            await run_in_threadpool(look)
        yield

    return lifespan


def _static() -> StaticFiles:
    """What only these pages have, and what every page of the enclave looks like."""
    return StaticFiles(directory=Path(__file__).parent / "static", packages=[("hub", "static")])


def _described(document: Mapping[str, Any]) -> Endpoint:
    async def described(_request: Request) -> Response:
        """Which addresses there are; who may open which, each asks for itself."""
        return JSONResponse(document)

    return described


def _health(look: Callable[[], object]) -> Endpoint:
    async def health(_request: Request) -> Response:
        """Whether the log can be read."""
        await run_in_threadpool(look)
        return JSONResponse({"status": "ok"})

    return health
