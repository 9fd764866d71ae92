"""Who comes in by the site's identity provider (OpenID Connect), in place of directory and own second factor.

All else stays: the person must be known to the enclave, permits say what opens, every login is an event, and whoever
the provider does not vouch for any more is out at the next refresh.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import Any

import jwt
from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.oauth2 import OAuthCallbackHandler, OAuthLogoutHandler
from tornado import web
from traitlets import Float, Unicode

from hub.by_permits import ONE_DOOR, ByPermits
from hub.claims import NO_SECOND_FACTOR, NOT_OURS, Expected, mailbox_in, person_in, showed_second_factor
from hub.door import NO_LOG, UNKNOWN
from hub.entrance.language import language_of
from hub.entrance.logout import EndsEverySession
from hub.events.state import Enclave
from hub.language import render
from hub.pages import handlers
from hub.policy.verdict import Refusal
from hub.words import say

_SILENT = Refusal(
    "oidc.silent", say("The identity provider gave no answer that can be used; log in again, or tell an operator.")
)


class ProviderLogout(EndsEverySession, OAuthLogoutHandler):  # type: ignore[misc]  # published without types
    """The way out where a provider vouches for people."""


class OidcAuthenticator(ByPermits, GenericOAuthenticator):  # type: ignore[misc]  # published without types
    """Code flow with PKCE; the id token comes straight from the provider over TLS (OpenID Connect Core 3.1.3.7)."""

    issuer = Unicode(help="the provider, as its tokens spell it").tag(config=True)
    fresh_seconds = Float(
        30.0, help="for which its word is believed: pages that load at once must not use one refresh token twice"
    ).tag(config=True)

    auto_login = True
    enable_auth_state = True  # refresh tokens, encrypted by JupyterHub
    enable_pkce = True
    logout_handler = ProviderLogout
    userdata_from_id_token = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._asked: dict[str, float] = {}

    def get_handlers(self, app: Any) -> list[tuple[Any, ...]]:
        """The provider's way out and in, and the hub's own pages."""
        return [*super().get_handlers(app), *handlers()]

    async def authenticate(self, handler: Any, data: Any = None, **kwargs: Any) -> dict[str, Any]:
        """The person and their roles. Raises web.HTTPError with one sentence."""
        language = language_of(handler.request)
        if not isinstance(handler, OAuthCallbackHandler):  # asking for a token with a code, for example
            raise web.HTTPError(403, render(ONE_DOOR, language))
        try:
            model = await self._told(handler, data, kwargs)
            verdict = model if isinstance(model, Refusal) else await self._admit(model, handler)
        except Exception:  # an act that cannot be written down is not done
            self.log.exception("could not write the login down")
            verdict = NO_LOG
        if isinstance(verdict, Refusal):
            raise web.HTTPError(503 if verdict in {NO_LOG, _SILENT} else 403, render(verdict.reason, language))
        return verdict

    async def refresh_user(self, user: Any, handler: Any = None, **_: Any) -> dict[str, Any] | bool:
        """The roles as permits give them now; False (log in again) when provider or enclave do not vouch any more."""
        try:
            async with self._asking[user.name]:
                enclave = await self._enclave()
                if user.name not in enclave.persons or enclave.stops.on_person(user.name) is not None:
                    return False
                model = self.model_of(user.name, enclave)
                asked = self._asked.get(user.name)
                if asked is not None and time.monotonic() - asked < self.fresh_seconds:
                    return model
                state = await self._renewed(await user.get_auth_state(), handler)
                self._asked[user.name] = time.monotonic()
                return {**model, "auth_state": state}
        except Exception:  # whatever it is, nobody stays in on a guess
            self.log.exception("could not refresh %s", user.name)
            return False

    async def _told(self, handler: Any, data: Any, kwargs: dict[str, Any]) -> dict[str, Any] | Refusal:
        try:
            model: dict[str, Any] = await GenericOAuthenticator.authenticate(self, handler, data, **kwargs)
        except Exception as error:  # noqa: BLE001 -- what a provider answers is not ours; not chained: it may hold tokens
            self.log.warning("the identity provider: %s", type(error).__name__)
            return await self._refuse("", handler, _SILENT)
        return model

    async def _admit(self, model: dict[str, Any], handler: Any) -> dict[str, Any] | Refusal:
        claims = model["auth_state"][self.user_auth_state_key]
        name = person_in(claims, self._expected, self.present.now())
        if isinstance(name, Refusal):
            return await self._refuse("", handler, name)
        enclave = await self._enclave()
        if name not in enclave.persons:
            return await self._refuse("", handler, UNKNOWN)
        halted = enclave.stops.on_person(name)
        if halted is not None:
            return await self._refuse(name, handler, halted)
        roles = {role for permit in enclave.projects_of(name) for role in permit.roles_of(name)}
        if self.people.second_factor.is_asked_of(roles) and not showed_second_factor(claims):
            return await self._refuse(name, handler, NO_SECOND_FACTOR)
        body = {"rule": "oidc", "address": self.address_of(handler.request)}
        await asyncio.to_thread(self.present.tell, name, "login.accepted", "", body)
        await self.keep_mailbox(name, *mailbox_in(claims), handler.request)
        self._asked[name] = time.monotonic()
        return {**self.model_of(name, enclave), "auth_state": model["auth_state"]}

    async def _refuse(self, name: str, handler: Any, refusal: Refusal) -> Refusal:
        body = {"rule": refusal.rule, "address": self.address_of(handler.request)}
        await asyncio.to_thread(self.present.tell, name or "unknown", "login.refused", "", body)
        return refusal

    async def _renewed(self, state: dict[str, Any], handler: Any) -> dict[str, Any]:
        """The session's tokens after the provider renewed them. Raises when it does not, or for somebody else."""
        told = await self.get_token_info(handler, self.build_refresh_token_request_params(state["refresh_token"]))
        if "id_token" in told:
            claims = jwt.decode(told["id_token"], options={"verify_signature": False})
            before = state[self.user_auth_state_key]
            if (claims.get("iss"), claims.get("sub")) != (before.get("iss"), before.get("sub")):
                raise ValueError(str(NOT_OURS))
        return {**state, "refresh_token": told.get("refresh_token", state["refresh_token"])}

    async def _enclave(self) -> Enclave:
        return await asyncio.to_thread(self.present.enclave)

    @property
    def _expected(self) -> Expected:
        return Expected(self.issuer, self.client_id, self.username_claim)
