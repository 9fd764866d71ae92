"""The hub's pages of projects, in the reader's language: their list, and opening one."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

from jupyterhub.handlers.pages import HomeHandler, SpawnHandler
from tornado import web

from hub.entrance.language import InTheirLanguage
from hub.entrance.mail import MailPage
from hub.entrance.undertakings import UndertakingsPage
from hub.entrance.who import WhoPage
from hub.events.state import Enclave
from hub.language import render, translate
from hub.opening import opening
from hub.policy.model import DataPermit, Role
from hub.policy.standing import standing_refusal, unsigned
from hub.policy.verdict import Refusal
from hub.words import say
from hub.workspace import Workspace


def why_closed(person: str, permit: DataPermit, enclave: Enclave, today: date) -> Refusal | None:
    """Why this person cannot open this project now; None when they can. Pure."""
    verdict = opening(Workspace(person, permit.project), enclave, today)
    if isinstance(verdict, Refusal):
        return verdict
    if permit.project not in enclave.extracts:
        return Refusal("extract.missing", say("The data of this project are being prepared."))
    return None


class HomePage(InTheirLanguage, HomeHandler):  # type: ignore[misc]  # published without types
    """The projects whose permits name this person."""

    @web.authenticated
    async def get(self) -> None:
        user, present = self.current_user, self.authenticator.present
        enclave = await asyncio.to_thread(present.enclave)
        today, person = present.now().date(), enclave.persons.get(user.name)
        if person is not None and unsigned(person.standing, today):
            self.redirect(f"{self.hub.base_url}undertakings")
            return
        missing = standing_refusal(person.standing, today) if person else None
        rows = [self._row(user, permit, enclave, today) for permit in enclave.projects_of(user.name)]
        missed, mails = self.say(missing) if missing else "", self.authenticator.mailboxes is not None
        self.finish(await self.render_template("home.html", rows=rows, missing=missed, mails=mails))

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


class OpenPage(InTheirLanguage, SpawnHandler):  # type: ignore[misc]  # published without types
    """Opens a workspace. Whose permit is over has lost the scope and would read 404: they are told why first."""

    @web.authenticated
    async def get(self, user_name: str | None = None, server_name: str = "") -> None:
        person, present = self.current_user.name, self.authenticator.present
        if user_name == person and server_name:
            enclave = await asyncio.to_thread(present.enclave)
            permit = enclave.permits.get(server_name)
            verdict = opening(Workspace(person, server_name), enclave, present.now().date())
            if isinstance(verdict, Refusal):
                project = server_name if permit else ""
                body = {"rule": verdict.rule, "reason": verdict.reason.to_dict()}
                await asyncio.to_thread(present.tell, person, "session.refused", project, body)
                raise web.HTTPError(403, self.say(verdict))
        await super().get(user_name, server_name)


def handlers() -> list[tuple[Any, ...]]:
    """Routes that stand before JupyterHub's own, whatever way people log in."""
    return [
        (r"/undertakings", UndertakingsPage),
        (r"/door/([a-z-]+\.(?:css|js|svg))", web.StaticFileHandler, {"path": str(Path(__file__).parent / "static")}),
        (r"/home", HomePage),
        (r"/mail", MailPage),
        (r"/who", WhoPage),
        (r"/spawn/([^/]+)/([^/]+)", OpenPage),
    ]
