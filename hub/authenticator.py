"""Who comes in: a password the directory accepts, of a person the enclave knows; what they may open, from permits."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from jupyterhub.auth import Authenticator
from tornado import web
from traitlets import Instance, Integer, Tuple, Unicode

from hub.address import address_of
from hub.directory.model import DirectorySettings
from hub.directory.servers import Directory
from hub.door import Door
from hub.events.state import Enclave
from hub.language import preferred, render
from hub.pages import handlers
from hub.policy.decide import may_open_workspace
from hub.policy.model import DataPermit
from hub.policy.people import PeoplePolicy
from hub.policy.verdict import Refusal
from hub.present import Present, present_of
from hub.words import say

_NO_LOG = Refusal(
    "log.unavailable", say("The event log cannot be read or written, so nothing opens; tell an operator.")
)
_THEIRS = frozenset({"login.wrong", "login.locked", "person.unknown", "directory.not_in_group"})


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

    def get_handlers(self, app: Any) -> list[tuple[Any, ...]]:  # noqa: ARG002 -- JupyterHub's signature
        """JupyterHub puts an authenticator's routes before its own."""
        return handlers()

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any]:
        """The person and their roles. Raises web.HTTPError with one sentence, shown on the login page."""
        name, address = str(data.get("username", "")).lower(), address_of(handler.request, self.proxies)
        try:
            entrant = await self.door.password(name, str(data.get("password", "")), address)
            if not isinstance(entrant, Refusal):
                await self.door.accept(name, address, "directory.password")
        except Exception:  # an act that cannot be written down is not done
            self.log.exception("could not write the login down")
            entrant = _NO_LOG
        if isinstance(entrant, Refusal):
            status = 403 if entrant.rule in _THEIRS else 503
            raise web.HTTPError(
                status, render(entrant.reason, preferred(handler.request.headers.get("Accept-Language")))
            )
        return self._model(name, entrant.enclave)

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
