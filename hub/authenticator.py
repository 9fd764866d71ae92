"""Who comes in: a password the directory accepts, of a person the enclave knows; what they may open, from permits."""

from __future__ import annotations

import asyncio
import time
from functools import cached_property
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator
from tornado import web
from traitlets import Bytes, Instance, Integer, Tuple, Unicode

from hub.address import address_of
from hub.directory.model import DirectorySettings
from hub.directory.servers import Directory
from hub.door import Door, Entrant
from hub.entrance.second_step import SecondStep
from hub.events.state import Enclave
from hub.language import preferred, render
from hub.pages import handlers
from hub.policy.decide import may_open_workspace
from hub.policy.factors import Ask, Enrol, Enter
from hub.policy.model import DataPermit
from hub.policy.people import PeoplePolicy
from hub.policy.verdict import Refusal
from hub.present import Present, present_of
from hub.second_factor.pending import Pendings
from hub.second_factor.site import site_of
from hub.second_factor.store import Store
from hub.words import say

_NO_LOG = Refusal(
    "log.unavailable", say("The event log cannot be read or written, so nothing opens; tell an operator.")
)
_ONE_DOOR = say("Log in on the hub's login page; a password alone opens nothing.")
_THEIRS = frozenset(
    {"login.wrong", "login.locked", "person.unknown", "directory.not_in_group", "second_factor.enrol_too_late"}
)


def roles_of(person: str, permits: tuple[DataPermit, ...]) -> list[dict[str, Any]]:
    """JupyterHub's roles of a person: "user", and one per permit that opens its project's server. Pure.

    JupyterHub takes away managed roles that are not repeated, "user" included.
    """
    projects = [
        {
            "name": f"project.{person}.{permit.project}",
            "description": f"May open the workspace of {permit.project}",
            "users": [person],
            "scopes": [
                f"servers!server={person}/{permit.project}",
                f"access:servers!server={person}/{permit.project}",
            ],
        }
        for permit in permits
    ]
    return [{"name": "user"}, *projects]


class EnclaveAuthenticator(Authenticator):  # type: ignore[misc]  # published without types
    """LDAP for the password, the event log for the person and their projects."""

    log_at = Unicode(help="path or URL of the event log").tag(config=True)
    directory = Instance(DirectorySettings, help="the site's directory").tag(config=True)
    people = Instance(PeoplePolicy, help="what is asked of people at the door").tag(config=True)
    undertakings = Tuple(help="the texts that people sign (Undertaking)").tag(config=True)
    factor_store = Unicode(help="file of what verifies second factors").tag(config=True)
    factor_key = Bytes(help="the 32 bytes that seal it").tag(config=True)
    public_url = Unicode(help="where browsers find the hub").tag(config=True)
    proxies = Integer(1, help="proxies of ours between browsers and the hub").tag(config=True)

    manage_roles = True
    allow_all = any_allow_config = True  # authenticate() has decided
    refresh_pre_spawn = True
    auth_refresh_age = 60

    @property
    def present(self) -> Present:
        return present_of(self.log_at)

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
        return handlers()

    async def authenticate(self, handler: Any, data: Any) -> None:  # noqa: ARG002 -- JupyterHub's signature
        """JupyterHub's other doors, such as asking for a token with a password: shut, since they know one step only."""
        raise web.HTTPError(403, render(_ONE_DOOR, preferred(handler.request.headers.get("Accept-Language"))))

    def address_of(self, request: Any) -> str:
        """From where a request comes."""
        return address_of(request, self.proxies)

    async def first_step(self, handler: Any, name: str, password: str) -> tuple[Entrant, Enter | Ask | Enrol]:
        """Who shows the password, and what follows it. Raises web.HTTPError with one sentence, for the login page."""
        try:
            verdict = await self._first_step(name.lower(), password, self.address_of(handler.request))
        except Exception:  # an act that cannot be written down is not done
            self.log.exception("could not write the login down")
            verdict = _NO_LOG
        if isinstance(verdict, Refusal):
            language = preferred(handler.request.headers.get("Accept-Language"))
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
        return self._model(name, await asyncio.to_thread(self.present.enclave))

    async def refresh_user(self, user: Any, handler: Any = None, **_: Any) -> dict[str, Any] | bool:  # noqa: ARG002 -- JupyterHub's signature
        """The roles as permits give them now; False (log in again) when that cannot be told."""
        try:
            enclave = await self.door.known(user.name)
        except Exception:  # whatever it is, nobody stays in on a guess
            self.log.exception("could not refresh %s", user.name)
            return False
        return False if isinstance(enclave, Refusal) else self._model(user.name, enclave)

    def _model(self, name: str, enclave: Enclave) -> dict[str, Any]:
        today, person = self.present.now().date(), enclave.persons.get(name)
        opens = tuple(
            permit
            for permit in enclave.projects_of(name)
            if not isinstance(may_open_workspace(person, permit, today), Refusal)
        )
        return {"name": name, "admin": False, "roles": roles_of(name, opens)}
