"""The login dance: out to the hub with a state that this browser must bring back, in again with a session."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from egress.pages.hub import Hub, LoginError
from egress.pages.sessions import COOKIE, LIFETIME, Session, Sessions
from hub.words import say

_STATE_COOKIE = "bulle-login-"
_PATIENCE = 600  # seconds to log in at the hub
_STATE = re.compile(r"[A-Za-z0-9_-]{43}")
_PATH = re.compile(r"[A-Za-z0-9/_.-]{0,200}")


def local_target(prefix: str, wanted: str | None) -> str:
    """`wanted` when it is a plain path of this service, else the service's first page: a redirect never leaves it."""
    if wanted and wanted.startswith(prefix) and "//" not in wanted and ".." not in wanted:
        rest = wanted.removeprefix(prefix)
        if _PATH.fullmatch(rest):
            return wanted
    return prefix


@dataclass(frozen=True)
class Login:
    """Begins, finishes and ends logins. `key` signs the state that travels in the browser's cookie."""

    hub: Hub
    sessions: Sessions
    key: bytes

    def who(self, request: Request) -> Session | None:
        """The session of this request, None when there is none. Raises: LoginError when the hub does not answer."""
        return self.sessions.recall(request.cookies.get(COOKIE), self.hub.name)

    def begin(self, target: str) -> Response:
        """Send the browser to the hub. Each attempt has a cookie of its own: two tabs do not disturb each other."""
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        settings = self.hub.settings
        kept = self._signer().dumps(
            {"state": state, "verifier": verifier, "target": local_target(settings.prefix, target)}
        )
        answer = RedirectResponse(self.hub.authorize_url(state, verifier), status_code=302)
        self._set(answer, _STATE_COOKIE + state[:8], str(kept), _PATIENCE)
        return answer

    def finish(self, request: Request) -> Response:
        """The hub sent the browser back: check the state, exchange the code, open a session. Raises: LoginError."""
        state = request.query_params.get("state", "")
        kept = self._kept(request.cookies, state)
        code = request.query_params.get("code", "")
        if "error" in request.query_params or not 0 < len(code) <= 500:
            raise LoginError(
                say("The hub did not let you in here; ask an admin whether your account may use requests.")
            )
        token = self.hub.token(code, kept["verifier"])
        person = self.hub.name(token)
        if person is None:
            raise LoginError(
                say("The hub did not let you in here; ask an admin whether your account may use requests.")
            )
        earlier = self.who(request)
        if earlier is not None:
            self.sessions.close(earlier)
        _, cookie = self.sessions.open(person, token)
        answer = RedirectResponse(local_target(self.hub.settings.prefix, kept["target"]), status_code=303)
        self._set(answer, COOKIE, cookie, LIFETIME)
        self._drop(answer, _STATE_COOKIE + state[:8])
        return answer

    def end(self, session: Session | None) -> Response:
        """Forget the session and let the hub forget its own, which also ends this person's other tokens there."""
        if session is not None:
            self.sessions.close(session)
        answer = RedirectResponse(f"{self.hub.settings.hub_path}logout", status_code=303)
        self._drop(answer, COOKIE)
        return answer

    def _kept(self, cookies: Mapping[str, str], state: str) -> dict[str, str]:
        stale = LoginError(
            say("This login was not begun in this browser, or too long ago; open the page again to log in."), 400
        )
        if not _STATE.fullmatch(state):
            raise stale
        try:
            kept = self._signer().loads(cookies.get(_STATE_COOKIE + state[:8], ""), max_age=_PATIENCE)
        except BadSignature:
            raise stale from None
        if not isinstance(kept, dict) or not secrets.compare_digest(str(kept.get("state")), state):
            raise stale
        return {str(name): str(value) for name, value in kept.items()}

    def _signer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.key, salt=_STATE_COOKIE)

    def _set(self, answer: Response, name: str, value: str, age: int) -> None:
        settings = self.hub.settings
        answer.set_cookie(
            name, value, max_age=age, path=settings.prefix, secure=settings.secure, httponly=True, samesite="lax"
        )

    def _drop(self, answer: Response, name: str) -> None:
        settings = self.hub.settings
        answer.delete_cookie(name, path=settings.prefix, secure=settings.secure, httponly=True, samesite="lax")
