"""What an identity provider says of a person, held against what this site asks for. Pure; claims are hostile input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from hub.policy.model import PersonId
from hub.policy.verdict import Refusal
from hub.words import say

_PERSON_ID: TypeAdapter[str] = TypeAdapter(PersonId)

# Authentication methods that are a second factor or imply one (RFC 8176).
SECOND_FACTORS = frozenset({"mfa", "otp", "hwk", "swk", "sc"})

NOT_OURS = Refusal(
    "oidc.not_ours", say("The identity provider's answer is not for this enclave, or too old; log in again.")
)
NO_NAME = Refusal(
    "oidc.no_name",
    say("The identity provider told no name that can be a person's of this enclave; tell an operator."),
)
NO_SECOND_FACTOR = Refusal(
    "second_factor.not_shown",
    say("The identity provider did not say that you showed a second factor, which this enclave asks for."),
)


@dataclass(frozen=True)
class Expected:
    """Who must have issued the claims, for whom, and which of them is the person's login name."""

    issuer: str
    client: str
    name: str


def person_in(claims: Mapping[str, Any], expected: Expected, now: datetime) -> str | Refusal:
    """The login name that the claims tell (OpenID Connect Core 3.1.3.7: issuer, audience, expiry)."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp", expected.client)
    expires = claims.get("exp")
    fits = claims.get("iss") == expected.issuer and expected.client in audiences and party == expected.client
    if not fits or not isinstance(expires, (int, float)) or expires <= now.timestamp():
        return NOT_OURS
    name = claims.get(expected.name)
    try:
        return _PERSON_ID.validate_python(name.lower() if isinstance(name, str) else name)
    except ValidationError:
        return NO_NAME


def showed_second_factor(claims: Mapping[str, Any]) -> bool:
    """Whether the provider says so (`amr`)."""
    methods = claims.get("amr")
    return isinstance(methods, list) and any(method in SECOND_FACTORS for method in methods if isinstance(method, str))


def mailbox_in(claims: Mapping[str, Any]) -> tuple[str, str]:
    """Address and language, as far as the provider tells them (Core 5.1): not an address that it calls unverified."""
    address, language = claims.get("email"), claims.get("locale")
    told = isinstance(address, str) and claims.get("email_verified", True) is True
    return str(address) if told else "", language if isinstance(language, str) else ""
