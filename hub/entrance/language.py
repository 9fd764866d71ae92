"""What all of the hub's own pages share: the reader's language; and what those at the door share: nothing foreign."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from hub.language import LANGUAGE_COOKIE, LANGUAGE_DAYS, LANGUAGE_NAMES, reads, render, translate
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


_ASKED = "lang"  # in an address of these pages


def language_of(request: Any) -> str:
    """The language that this request asks for in its address, else the one chosen before, else the browser's."""
    asked = [value.decode("ascii", "replace") for value in request.query_arguments.get(_ASKED, ())]
    kept = request.cookies.get(LANGUAGE_COOKIE)
    return reads((*asked, kept.value if kept else ""), request.headers.get("Accept-Language"))


def in_language(address: str, code: str) -> str:
    """The page at `address`, a path with its query, in the language `code`."""
    parts = urlsplit(address)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != _ASKED]
    return f"?{urlencode([*kept, (_ASKED, code)])}"


class InTheirLanguage:
    """Gives templates `t`, the translation into the reader's language: what they chose, else what their browser asks
    for. The choice is kept in a cookie that the release pages and the desk read as well.
    """

    request: Any

    @property
    def language(self) -> str:
        return language_of(self.request)

    async def prepare(self) -> None:
        """Keep a language that the address asks for."""
        await super().prepare()  # type: ignore[misc]  # JupyterHub's, untyped
        if self.request.method == "GET" and _ASKED in self.request.query_arguments:
            self.set_cookie(  # type: ignore[attr-defined]  # tornado's
                LANGUAGE_COOKIE,
                self.language,
                expires_days=LANGUAGE_DAYS,
                path="/",
                secure=self.request.protocol == "https",
                httponly=True,
                samesite="Lax",
            )

    def say(self, refusal: Refusal) -> str:
        """The refusal's sentence in the reader's language."""
        return render(refusal.reason, self.language)

    @property
    def template_namespace(self) -> dict[str, Any]:
        namespace: dict[str, Any] = super().template_namespace  # type: ignore[misc]  # JupyterHub's, untyped
        others = [
            (code, name, in_language(self.request.uri, code))
            for code, name in LANGUAGE_NAMES.items()
            if code != self.language
        ]
        told = {"language": self.language, "languages": others, "t": partial(translate, language=self.language)}
        return {**namespace, **told}


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
