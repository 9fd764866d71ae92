"""What every page sends and what every request must be: headers, forms, and where a browser says it comes from."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.policy.verdict import Refusal, RefusedError
from hub.words import say

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # stricter would make browsers send "Origin: null" with our own forms
    "Cross-Origin-Opener-Policy": "noopener-allow-popups",  # notebooks share our origin: they must not hold our window
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), clipboard-read=()",
    "Cache-Control": "no-store",
}
_FORM = "application/x-www-form-urlencoded"
_MOST_BYTES = 400_000
_MOST_FIELDS = 2_000
MOST_SECONDS = 60.0  # as long as the edge waits for one piece; here for all of them

Form = Mapping[str, str]


class ProtectedHeaders:
    """Adds `HEADERS` to every answer, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, with_headers)


def from_a_person(request: Request) -> None:
    """Refuse what a script or a frame asks for: notebooks are served from the same origin and could read our pages.

    Browsers say so in Fetch Metadata (W3C); a client that is no browser sends none. Raises: RefusedError.
    """
    destination, site = request.headers.get("sec-fetch-dest"), request.headers.get("sec-fetch-site")
    if destination not in {None, "document"}:
        raise RefusedError(_NOT_A_PERSON)
    if request.method not in {"GET", "HEAD"} and site not in {None, "same-origin"}:
        raise RefusedError(_NOT_A_PERSON)


def same_session(form: Form, expected: str) -> None:
    """The form was made for this session. Raises: RefusedError."""
    if not secrets.compare_digest(form.get("csrf", "").encode(), expected.encode()):
        raise RefusedError(
            Refusal(
                "form.foreign",
                say("This form was not made for your session; nothing was done. Open the page again and repeat."),
            )
        )


async def read_form(request: Request, seconds: float = MOST_SECONDS) -> Form:
    """The form's fields, each once. Raises: RefusedError for anything that our own pages do not send, and for what
    comes too slowly.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise RefusedError(_UNREADABLE)
    try:
        async with asyncio.timeout(seconds):
            body = await _body(request)
    except TimeoutError:
        raise RefusedError(_TOO_SLOW) from None
    except ClientDisconnect:
        raise RefusedError(_UNREADABLE) from None
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise RefusedError(_UNREADABLE) from None
    form = dict(fields)
    if len(form) != len(fields):
        raise RefusedError(_UNREADABLE)
    return form


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise RefusedError(_TOO_LARGE)
    return body


_NOT_A_PERSON = Refusal(
    "page.not_a_person", say("This page opens in a window of its own; scripts and frames of other pages cannot use it.")
)
_UNREADABLE = Refusal("form.unreadable", say("This form cannot be read; open the page again and repeat."))
_TOO_LARGE = Refusal("form.too_large", say("This form is larger than any review needs; shorten the comments."))
_TOO_SLOW = Refusal("form.too_slow", say("This form came too slowly; nothing was done. Try again."))
