"""Who comes in: a password the directory accepts, of a person the enclave knows; what they may open, from permits."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub.auth import Authenticator
from pydantic import TypeAdapter, ValidationError
from tornado import web
from traitlets import Instance, Unicode

from hub.directory import DirectorySettings, knows, verify_password
from hub.events.state import Enclave
from hub.language import preferred, render
from hub.pages import handlers
from hub.policy.decide import may_open_workspace
from hub.policy.model import DataPermit, PersonId
from hub.policy.verdict import Refusal
from hub.present import Present, present_of
from hub.words import say

_PERSON_ID: TypeAdapter[str] = TypeAdapter(PersonId)
_NOT_A_NAME = Refusal("login.wrong", say("The user name or the password is not right."))
_UNKNOWN = Refusal("person.unknown", say("This person is not known to the enclave; an admin adds them first."))

_NO_LOG = Refusal(
    "log.unavailable", say("The event log cannot be read or written, so nothing opens; tell an operator.")
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

    manage_roles = True
    allow_all = any_allow_config = True  # authenticate() has decided
    refresh_pre_spawn = True
    auth_refresh_age = 60

    @property
    def present(self) -> Present:
        return present_of(self.log_at)

    def get_handlers(self, app: Any) -> list[tuple[str, Any]]:  # noqa: ARG002 -- JupyterHub's signature
        """JupyterHub puts an authenticator's routes before its own."""
        return handlers()

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any]:
        """The person and their roles. Raises web.HTTPError with one sentence, shown on the login page."""
        name = str(data.get("username", "")).lower()
        try:
            refusal, enclave = await asyncio.to_thread(self._admit, name, str(data.get("password", "")))
        except Exception:  # an act that cannot be written down is not done
            self.log.exception("could not write the login down")
            refusal, enclave = _NO_LOG, Enclave()
        if refusal is not None:
            status = 403 if refusal.rule in {_NOT_A_NAME.rule, _UNKNOWN.rule} else 503
            language = preferred(handler.request.headers.get("Accept-Language") if handler else None)
            raise web.HTTPError(status, render(refusal.reason, language))
        return self._model(name, enclave)

    async def refresh_user(self, user: Any, handler: Any = None, **_: Any) -> dict[str, Any] | bool:  # noqa: ARG002 -- JupyterHub's signature
        """The roles as permits give them now; False (log in again) when that cannot be told."""
        try:
            enclave = await asyncio.to_thread(self.present.enclave)
            if user.name not in enclave.persons:
                return False
            if await asyncio.to_thread(knows, self.directory, user.name) is not None:
                return False
        except Exception:  # whatever it is, nobody stays in on a guess
            self.log.exception("could not refresh %s", user.name)
            return False
        return self._model(user.name, enclave)

    def _admit(self, name: str, password: str) -> tuple[Refusal | None, Enclave]:
        enclave = self.present.enclave()
        refusal = self._check(name, password, enclave)
        # What was typed as a name may be a password, or an attack: only names of known persons are written down.
        actor = name if name in enclave.persons else "unknown"
        if refusal is None:
            self.present.tell(actor, "login.accepted", "", {"rule": "directory.password"})
        else:
            self.present.tell(actor, "login.refused", "", {"rule": refusal.rule})
        return refusal, enclave

    def _check(self, name: str, password: str, enclave: Enclave) -> Refusal | None:
        try:
            _PERSON_ID.validate_python(name)
        except ValidationError:
            return _NOT_A_NAME
        refusal = verify_password(self.directory, name, password)
        if refusal is not None:
            return refusal
        return None if name in enclave.persons else _UNKNOWN

    def _model(self, name: str, enclave: Enclave) -> dict[str, Any]:
        today, person = self.present.now().date(), enclave.persons.get(name)
        opens = tuple(
            permit
            for permit in enclave.projects_of(name)
            if not isinstance(may_open_workspace(person, permit, today), Refusal)
        )
        return {"name": name, "admin": False, "roles": roles_of(name, opens)}
