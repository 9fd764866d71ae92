"""Whose request it is, for the doors that refuse one. Neither browsers nor workspaces get here: no door lists it."""

from __future__ import annotations

from typing import Any

from jupyterhub import orm
from jupyterhub.handlers.base import BaseHandler

from hub.workspace import Workspace


def workspace_at(db: Any, address: str) -> Workspace | None:
    """The open workspace whose container has `address`."""
    if not address:
        return None
    found = db.query(orm.Spawner).join(orm.Server).filter(orm.Server.ip == address).first()
    return None if found is None else Workspace(found.user.name, found.name)


class WhoPage(BaseHandler):  # type: ignore[misc]  # published without types
    """An empty answer, and who it is in its headers.

    The edge sends a browser's cookies: outside the hub's own pages they hold no more of the hub than the id of the
    session, by which the hub knows the tokens that it gave to workspaces. The gate sends a workspace's address.
    """

    def get(self) -> None:
        workspace = workspace_at(self.db, self.request.headers.get("X-Bulle-Address", ""))
        if workspace is not None:
            self.set_header("X-Bulle-Person", workspace.person)
            self.set_header("X-Bulle-Project", workspace.project)
        elif person := self._person():
            self.set_header("X-Bulle-Person", person)
        self.set_status(204)

    def _person(self) -> str:
        if self.current_user is not None:
            return str(self.current_user.name)
        session = self.get_session_cookie()
        token = session and self.db.query(orm.APIToken).filter_by(session_id=session).first()
        return str(token.user.name) if token and token.user else ""
