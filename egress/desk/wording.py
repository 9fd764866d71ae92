"""How the desk says things, and reads what several of its forms have in common."""

from __future__ import annotations

from starlette.responses import Response

from egress.pages.visit import Visit
from hub.policy.reason import reason
from hub.policy.verdict import Refusal


def reason_of(visit: Visit) -> str | Refusal:
    """What the form says of why, as the log keeps it."""
    return reason(visit.form.get("why", ""))


def as_file(text: str, name: str) -> Response:
    """A TOML file to keep; `name` is an identifier, safe in a header."""
    disposition = f'attachment; filename="{name}.toml"'
    return Response(text, media_type="application/toml", headers={"Content-Disposition": disposition})
