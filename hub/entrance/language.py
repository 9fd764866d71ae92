"""What all of the hub's own pages share: the reader's language; and what those at the door share: nothing foreign."""

from __future__ import annotations

from functools import partial
from typing import Any

from hub.language import preferred, render, translate
from hub.policy.verdict import Refusal

# Nothing is loaded, framed, sent or run but what the hub itself serves as a file.
DOOR_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


class InTheirLanguage:
    """Gives templates `t`, the translation into the language that the reader's browser asks for."""

    request: Any

    @property
    def language(self) -> str:
        return preferred(self.request.headers.get("Accept-Language"))

    def say(self, refusal: Refusal) -> str:
        """The refusal's sentence in the reader's language."""
        return render(refusal.reason, self.language)

    @property
    def template_namespace(self) -> dict[str, Any]:
        namespace: dict[str, Any] = super().template_namespace  # type: ignore[misc]  # JupyterHub's, untyped
        return {**namespace, "language": self.language, "t": partial(translate, language=self.language)}


class AtTheDoor(InTheirLanguage):
    """A page on which people type secrets or sign: no inline script, no foreign resource, no copy kept."""

    @property
    def content_security_policy(self) -> str:
        return DOOR_POLICY

    def set_default_headers(self) -> None:
        super().set_default_headers()  # type: ignore[misc]  # JupyterHub's, untyped
        for name, value in {
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }.items():
            self.set_header(name, value)  # type: ignore[attr-defined]  # tornado's
