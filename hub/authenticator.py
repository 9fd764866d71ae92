"""Who comes in by the site's directory: a password it accepts, of a person the enclave knows, and a second factor."""

from __future__ import annotations

import asyncio
import time
from functools import cached_property
from pathlib import Path
from typing import Any

from tornado import web
from traitlets import Bytes, Instance, Unicode

from hub.by_permits import ONE_DOOR, ByPermits
from hub.directory.model import DirectorySettings
from hub.directory.servers import Directory
from hub.door import NO_LOG, Door, Entrant
from hub.entrance.language import language_of
from hub.entrance.login import LoginPage
from hub.entrance.logout import LogoutPage
from hub.entrance.second_factor import SecondFactorPage
from hub.entrance.second_step import SecondStep
from hub.language import render
from hub.pages import handlers
from hub.policy.factors import Ask, Enrol, Enter, Factors
from hub.policy.verdict import Refusal
from hub.second_factor.pending import Pendings
from hub.second_factor.site import site_of
from hub.second_factor.store import Store

_THEIRS = frozenset(
    {
        "login.wrong",
        "login.locked",
        "person.unknown",
        "directory.not_in_group",
        "second_factor.enrol_too_late",
        "halt.person",
    }
)


class EnclaveAuthenticator(ByPermits):
    """LDAP for the password, then a second factor of our own."""

    directory = Instance(DirectorySettings, help="the site's directory").tag(config=True)
    factor_store = Unicode(help="file of what verifies second factors").tag(config=True)
    factor_key = Bytes(help="the 32 bytes that seal it").tag(config=True)
    public_url = Unicode(help="where browsers find the hub").tag(config=True)

    @cached_property
    def door(self) -> Door:
        return Door(self.present, Directory(self.directory), self.people)

    @cached_property
    def second_step(self) -> SecondStep:
        seconds = 60 * self.people.second_factor.minutes.value
        store = Store(Path(self.factor_store), self.factor_key)
        return SecondStep(self.door, store, Pendings(seconds, time.monotonic), site_of(self.public_url))

    def get_handlers(self, app: Any) -> list[tuple[Any, ...]]:  # noqa: ARG002 -- JupyterHub's signature
        """JupyterHub puts an authenticator's routes before its own."""
        return [
            (r"/login", LoginPage),
            (r"/second-factor", SecondFactorPage),
            (r"/logout", LogoutPage),
            *handlers(),
        ]

    async def authenticate(self, handler: Any, data: Any) -> None:  # noqa: ARG002 -- JupyterHub's signature
        """JupyterHub's other doors, such as asking for a token with a password: shut, since they know one step only."""
        raise web.HTTPError(403, render(ONE_DOOR, language_of(handler.request)))

    async def first_step(self, handler: Any, name: str, password: str) -> tuple[Entrant, Enter | Ask | Enrol]:
        """Who shows the password, and what follows it. Raises web.HTTPError with one sentence, for the login page."""
        try:
            verdict = await self._first_step(name.lower(), password, self.address_of(handler.request))
        except Exception:  # an act that cannot be written down is not done
            self.log.exception("could not write the login down")
            verdict = NO_LOG
        if isinstance(verdict, Refusal):
            language = language_of(handler.request)
            raise web.HTTPError(403 if verdict.rule in _THEIRS else 503, render(verdict.reason, language))
        return verdict

    async def _first_step(
        self, name: str, password: str, address: str
    ) -> tuple[Entrant, Enter | Ask | Enrol] | Refusal:
        entrant = await self.door.password(name, password, address)
        if isinstance(entrant, Refusal):
            return entrant
        step = await self.second_step.after_password(entrant)
        if isinstance(step, Refusal):
            return await self.door.refuse(name, address, step)
        return entrant, step

    async def let_in(self, name: str, request: Any, proof: str) -> dict[str, Any]:
        """Write down that a person came in, by which proof; JupyterHub's model of them."""
        await self.door.accept(name, self.address_of(request), proof)
        if self.mailboxes is not None:
            account = await self.door.account(name)
            if not isinstance(account, Refusal):
                await self.keep_mailbox(name, account.mail, account.language, request)
        return self.model_of(name, await asyncio.to_thread(self.present.enclave))

    async def refresh_user(self, user: Any, handler: Any = None, **_: Any) -> dict[str, Any] | bool:  # noqa: ARG002 -- JupyterHub's signature
        """The roles as permits give them now; False (log in again) when that cannot be told."""
        try:
            enclave = await self.door.known(user.name)
        except Exception:  # whatever it is, nobody stays in on a guess
            self.log.exception("could not refresh %s", user.name)
            return False
        if isinstance(enclave, Refusal) or enclave.factors.get(user.name, Factors()).enrol_until is not None:
            return False  # gone, or recovered: whoever is in now shows a new second factor first
        return self.model_of(user.name, enclave)
