"""The login form; a refusal stands on it as one sentence."""

from __future__ import annotations

from typing import Any

from jupyterhub.handlers.login import LoginHandler
from tornado.httputil import url_concat

from hub.entrance.second_factor import BetweenSteps
from hub.policy.factors import Enter


class LoginPage(BetweenSteps, LoginHandler):  # type: ignore[misc]  # published without types
    """User name and password. What follows them is the second factor's page, and no session yet."""

    @property
    def template_namespace(self) -> dict[str, Any]:
        return {**super().template_namespace, "lock": self.authenticator.people.lockout.person.value}

    async def post(self) -> None:
        name, password = self.get_body_argument("username", ""), self.get_body_argument("password", "", strip=False)
        entrant, step = await self.authenticator.first_step(self, name, password)
        if isinstance(step, Enter):
            await self.let_in(entrant.name, "directory.password")
            return
        self.remember(self.authenticator.second_step.pendings.begin(entrant.name, entrant.account.shown, step))
        wanted = self.get_argument("next", "")
        self.redirect(url_concat(f"{self.hub.base_url}second-factor", {"next": wanted} if wanted else {}))
