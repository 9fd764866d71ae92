"""Logging out: nothing that was given to a browser of this person counts any more, wherever a copy of it is."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub import orm
from jupyterhub.handlers.login import LogoutHandler

from hub.entrance.language import InTheirLanguage


class EndsEverySession:
    """JupyterHub takes back the cookie of this browser, and the tokens of this session. A copy of the cookie would
    open everything for two weeks more; so the word that all of the person's cookies hold is changed, and the tokens of
    all of their sessions end, also of those that somebody holds a code for. Their open workspaces stay.
    """

    current_user: Any
    db: Any
    authenticator: Any

    async def handle_logout(self) -> None:
        """What JupyterHub leaves to us."""
        await super().handle_logout()  # type: ignore[misc]  # JupyterHub's, untyped
        user = self.current_user
        if user is None:
            return
        user.orm_user.cookie_id = orm.new_token()
        for kind in (orm.APIToken, orm.OAuthCode):
            for given in self.db.query(kind).filter(kind.user_id == user.id, kind.session_id.isnot(None)):
                self.db.delete(given)
        self.db.commit()
        await asyncio.to_thread(self.authenticator.present.tell, user.name, "login.ended", "", {})


class LogoutPage(EndsEverySession, InTheirLanguage, LogoutHandler):  # type: ignore[misc]  # published without types
    """The way out where a directory vouches for people."""
