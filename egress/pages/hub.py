"""The hub as the one who knows who is there: OAuth codes into tokens, tokens into names. Tokens are never printed."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from hub.words import Message, say


class LoginError(Exception):
    """A login that did not happen; `message` says why, `status` is the page's."""

    def __init__(self, message: Message, status: int = 403) -> None:
        super().__init__(str(message))
        self.message = message
        self.status = status


@dataclass(frozen=True)
class HubSettings:
    """Where the hub and this service stand. `prefix` is our path at the proxy; `secret` our API token at the hub."""

    prefix: str
    hub_api_url: str
    public_url: str
    secret: str = field(repr=False)
    client_id: str = "service-egress"

    @property
    def callback(self) -> str:
        """The redirect URI that the hub registered for this service: a path, whatever name the browser uses for us."""
        return f"{self.prefix}oauth_callback"

    @property
    def hub_path(self) -> str:
        """The hub's path in the browser."""
        return f"{urlsplit(self.public_url).path.rstrip('/')}/hub/"

    @property
    def secure(self) -> bool:
        """Whether browsers reach us over TLS; cookies are then kept to it."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def access_scopes(self) -> frozenset[str]:
        """Either of them lets a person use this service."""
        name = self.client_id.removeprefix("service-")
        return frozenset({"access:services", f"access:services!service={name}"})


class Hub:
    """The hub's OAuth and user API (RFC 6749 with PKCE, RFC 7636), asked from the server's side."""

    def __init__(self, settings: HubSettings, http: httpx.Client) -> None:
        self.settings = settings
        self._http = http

    def authorize_url(self, state: str, verifier: str) -> str:
        """Where a browser goes to be recognised."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.callback,
            "response_type": "code",
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self.settings.hub_path}api/oauth2/authorize?{urlencode(query)}"

    def token(self, code: str, verifier: str) -> str:
        """The person's token for `code`. Raises: LoginError."""
        form = {
            "client_id": self.settings.client_id,
            "client_secret": self.settings.secret,
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": self.settings.callback,
        }
        answer = self._ask("POST", "/oauth2/token", data=form)
        token = _json(answer).get("access_token") if answer.status_code == httpx.codes.OK else None
        if not isinstance(token, str) or not token:
            raise LoginError(say("The hub did not accept this login; start again from the hub's home page."))
        return token

    def name(self, token: str) -> str | None:
        """Who holds `token`, None when it opens this service no more. Raises: LoginError when the hub is silent."""
        answer = self._ask("GET", "/user", headers={"Authorization": f"token {token}"})
        if answer.status_code in {401, 403, 404}:
            return None
        if answer.status_code != httpx.codes.OK:
            raise LoginError(_SILENT, 503)
        person = _json(answer)
        scopes, name = person.get("scopes"), person.get("name")
        if person.get("kind") != "user" or not isinstance(scopes, list) or not isinstance(name, str):
            return None
        return name if self.settings.access_scopes & {str(scope) for scope in scopes} else None

    def _ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            return self._http.request(method, f"{self.settings.hub_api_url.rstrip('/')}{path}", **arguments)
        except httpx.HTTPError:
            # Not chained: the error's text may quote the request, and the request holds secrets.
            raise LoginError(_SILENT, 503) from None


_SILENT = say("The hub does not answer, so nobody can be recognised; try again in a minute.")


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
