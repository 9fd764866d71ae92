"""The hub's own pages, in the reader's language: logging in, the list of projects, opening one."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial
from typing import Any

from jupyterhub.handlers.login import LoginHandler
from jupyterhub.handlers.pages import HomeHandler, SpawnHandler
from tornado import web

from hub.events.state import Enclave
from hub.language import preferred, render, translate
from hub.policy.decide import may_open_workspace
from hub.policy.model import DataPermit, Role
from hub.policy.verdict import Refusal
from hub.words import say


def why_closed(person: str, permit: DataPermit, enclave: Enclave, today: date) -> Refusal | None:
    """Why this person cannot open this project now; None when they can. Pure."""
    verdict = may_open_workspace(enclave.persons.get(person), permit, today)
    if isinstance(verdict, Refusal):
        return verdict
    if permit.project not in enclave.extracts:
        return Refusal("extract.missing", say("The data of this project are being prepared."))
    return None


class _InTheirLanguage:
    """Gives templates `t`, the translation into the language that the reader's browser asks for."""

    request: Any

    @property
    def language(self) -> str:
        return preferred(self.request.headers.get("Accept-Language"))

    @property
    def template_namespace(self) -> dict[str, Any]:
        namespace: dict[str, Any] = super().template_namespace  # type: ignore[misc]  # JupyterHub's, untyped
        return {**namespace, "language": self.language, "t": partial(translate, language=self.language)}


class LoginPage(_InTheirLanguage, LoginHandler):  # type: ignore[misc]  # published without types
    """The login form; a refusal stands on it as one sentence."""

    @property
    def template_namespace(self) -> dict[str, Any]:
        return {**super().template_namespace, "lock": self.authenticator.people.lockout.person.value}


class HomePage(_InTheirLanguage, HomeHandler):  # type: ignore[misc]  # published without types
    """The projects whose permits name this person."""

    @web.authenticated
    async def get(self) -> None:
        user, present = self.current_user, self.authenticator.present
        enclave = await asyncio.to_thread(present.enclave)
        today = present.now().date()
        rows = [self._row(user, permit, enclave, today) for permit in enclave.projects_of(user.name)]
        self.finish(await self.render_template("home.html", rows=rows))

    def _row(self, user: Any, permit: DataPermit, enclave: Enclave, today: date) -> dict[str, Any]:
        refusal = why_closed(user.name, permit, enclave, today)
        spawner = user.spawners.get(permit.project)
        roles = permit.roles_of(user.name)
        return {
            "project": permit.project,
            "title": permit.title,
            "until": permit.valid_until.isoformat(),
            "roles": ", ".join(translate(str(role).replace("_", " "), self.language) for role in sorted(roles)),
            "researcher": Role.RESEARCHER in roles,
            "closed": render(refusal.reason, self.language) if refusal and Role.RESEARCHER in roles else "",
            "open": bool(spawner and spawner.ready),
            "url": user.server_url(permit.project),
        }


class OpenPage(_InTheirLanguage, SpawnHandler):  # type: ignore[misc]  # published without types
    """Opens a workspace. Whose permit is over has lost the scope and would read 404: they are told why first."""

    @web.authenticated
    async def get(self, user_name: str | None = None, server_name: str = "") -> None:
        person, present = self.current_user.name, self.authenticator.present
        if user_name == person and server_name:
            enclave = await asyncio.to_thread(present.enclave)
            permit = enclave.permits.get(server_name)
            verdict = may_open_workspace(enclave.persons.get(person), permit, present.now().date())
            if isinstance(verdict, Refusal):
                project = server_name if permit else ""
                body = {"rule": verdict.rule, "reason": verdict.reason.to_dict()}
                await asyncio.to_thread(present.tell, person, "session.refused", project, body)
                raise web.HTTPError(403, render(verdict.reason, self.language))
        await super().get(user_name, server_name)


def handlers() -> list[tuple[str, Any]]:
    """Routes that stand before JupyterHub's own."""
    return [(r"/login", LoginPage), (r"/home", HomePage), (r"/spawn/([^/]+)/([^/]+)", OpenPage)]
