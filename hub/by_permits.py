"""What every way of logging in has in common: the log says who is known, and permits say what opens."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator
from traitlets import Instance, Integer, Tuple, Unicode, default

from hub.address import address_of
from hub.events.state import Enclave
from hub.language import preferred
from hub.mailbox import Mailboxes
from hub.opening import opening
from hub.policy.model import DataPermit
from hub.policy.people import PeoplePolicy
from hub.policy.verdict import Refusal
from hub.present import Present, present_of
from hub.words import say
from hub.workspace import Workspace

ONE_DOOR = say("Log in on the hub's login page; a password alone opens nothing.")


def roles_of(person: str, permits: tuple[DataPermit, ...], *, administrator: bool = False) -> list[dict[str, Any]]:
    """JupyterHub's roles of a person: "user", one per permit that opens its project's server, and an administrator's,
    which opens the admin's desk. Pure.

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
    desk = {
        "name": f"desk.{person}",
        "description": "Administers the enclave at the admin's desk",
        "users": [person],
        "scopes": ["access:services!service=desk"],
    }
    return [{"name": "user"}, *projects, *([desk] if administrator else [])]


def _administers(name: str, enclave: Enclave) -> bool:
    person = enclave.persons.get(name)
    return person is not None and person.administrator


class ByPermits(Authenticator):  # type: ignore[misc]  # published without types
    """JupyterHub's side of it: settings that pages read, and the model of a person."""

    log_at = Unicode(help="the event log, as open_log takes it").tag(config=True)
    people = Instance(PeoplePolicy, help="what is asked of people at the door").tag(config=True)
    undertakings = Tuple(help="the texts that people sign (Undertaking)").tag(config=True)
    proxies = Integer(1, help="proxies of ours between browsers and the hub").tag(config=True)
    mailbox_folder = Unicode(help="where people's mailboxes are kept; empty where nothing is mailed").tag(config=True)

    manage_roles = True
    allow_all = any_allow_config = True  # authenticate() has decided
    refresh_pre_spawn = True

    @default("auth_refresh_age")
    def _auth_refresh_age_default(self) -> int:
        return 60

    @property
    def present(self) -> Present:
        return present_of(self.log_at)

    def address_of(self, request: Any) -> str:
        """From where a request comes."""
        return address_of(request, self.proxies)

    @property
    def mailboxes(self) -> Mailboxes | None:
        """Where people are told of news by e-mail; None where nobody is, and no address is kept."""
        return Mailboxes(Path(self.mailbox_folder)) if self.mailbox_folder else None

    async def keep_mailbox(self, person: str, address: str, language: str, request: Any) -> None:
        """Keep the address and language of who came in, and erase those of people who are known no more.

        `language` is the directory's, as in an Accept-Language header; the browser's follows it. A failure keeps nobody
        out: they are not told of news until the next login.
        """
        if self.mailboxes is None:
            return
        reads = preferred(f"{language},{request.headers.get('Accept-Language', '')}")
        try:
            known = (await asyncio.to_thread(self.present.enclave)).persons
            await asyncio.to_thread(self.mailboxes.keep_only, known)
            await asyncio.to_thread(self.mailboxes.told, person, address, reads)
        except OSError:
            self.log.exception("could not keep the mailbox of %s", person)

    def model_of(self, name: str, enclave: Enclave) -> dict[str, Any]:
        """JupyterHub's model of a person: no admin, and the roles that permits give now."""
        today = self.present.now().date()
        opens = tuple(
            permit
            for permit in enclave.projects_of(name)
            if not isinstance(opening(Workspace(name, permit.project), enclave, today), Refusal)
        )
        roles = roles_of(name, opens, administrator=_administers(name, enclave))
        return {"name": name, "admin": False, "roles": roles}
