"""How the desk says things, and reads what several of its forms have in common."""

from __future__ import annotations

from types import MappingProxyType

from starlette.responses import Response

from egress.pages.visit import Visit
from hub.policy.model import Role
from hub.policy.reason import reason
from hub.policy.verdict import Refusal
from hub.words import say

ROLES = MappingProxyType(
    {
        Role.RESEARCHER: say("researcher"),
        Role.OUTPUT_CHECKER: say("output checker"),
        Role.DATA_HOLDER: say("data holder"),
        Role.EXTRACTOR: say("extractor"),
        Role.OPERATOR: say("operator"),
        Role.AUDITOR: say("auditor"),
        Role.OVERSIGHT: say("oversight"),
        Role.REPRODUCIBILITY_REVIEWER: say("reproducibility reviewer"),
        Role.DPO: say("data protection officer"),
    }
)


def reason_of(visit: Visit) -> str | Refusal:
    """What the form says of why, as the log keeps it."""
    return reason(visit.form.get("why", ""))


def as_file(text: str, name: str) -> Response:
    """A TOML file to keep; `name` is an identifier, safe in a header."""
    disposition = f'attachment; filename="{name}.toml"'
    return Response(text, media_type="application/toml", headers={"Content-Disposition": disposition})
