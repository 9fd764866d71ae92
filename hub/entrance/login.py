"""The login form; a refusal stands on it as one sentence."""

from __future__ import annotations

from typing import Any

from jupyterhub.handlers.login import LoginHandler

from hub.entrance.language import AtTheDoor


class LoginPage(AtTheDoor, LoginHandler):  # type: ignore[misc]  # published without types
    """User name and password."""

    @property
    def template_namespace(self) -> dict[str, Any]:
        return {**super().template_namespace, "lock": self.authenticator.people.lockout.person.value}
