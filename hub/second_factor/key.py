"""Security keys (W3C Web Authentication): what the browser is asked, and whether its answer holds. Pure.

A challenge is an argument, made for one step and forgotten with it: an answer to another one is no answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json,
    parse_authentication_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hub.policy.verdict import Refusal
from hub.second_factor.model import CLONED, WRONG_KEY, Key, Site

MAX_ANSWER = 64_000  # characters; browsers send a few thousand


def creation_options(site: Site, person: str, name: str, held: Iterable[Key], challenge: bytes) -> str:
    """JSON for `navigator.credentials.create`; keys that the person has already are left out."""
    options = webauthn.generate_registration_options(
        rp_id=site.name,
        rp_name="Bulle",
        user_id=hashlib.sha256(f"{site.name}/{person}".encode()).digest(),
        user_name=person,
        user_display_name=name or person,
        challenge=challenge,
        exclude_credentials=_descriptors(held),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.DISCOURAGED,  # the password was the first factor
        ),
    )
    return options_to_json(options)


def created(answer: str, site: Site, challenge: bytes, identity: str) -> Key | Refusal:
    """The new key that a browser made for `challenge`."""
    if len(answer) > MAX_ANSWER:
        return WRONG_KEY
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError, RecursionError):
        return WRONG_KEY
    return Key(
        identity,
        bytes_to_base64url(made.credential_id),
        bytes_to_base64url(made.credential_public_key),
        made.sign_count,
    )


def request_options(site: Site, held: Iterable[Key], challenge: bytes) -> str:
    """JSON for `navigator.credentials.get`."""
    options = webauthn.generate_authentication_options(
        rp_id=site.name,
        challenge=challenge,
        allow_credentials=_descriptors(held),
        user_verification=UserVerificationRequirement.DISCOURAGED,
    )
    return options_to_json(options)


def used(answer: str, site: Site, challenge: bytes, held: Iterable[Key]) -> Key | Refusal:
    """The held key that signed `challenge`, with its new count."""
    if len(answer) > MAX_ANSWER:
        return WRONG_KEY
    try:
        shown = parse_authentication_credential_json(answer)
        key = next((each for each in held if base64url_to_bytes(each.credential) == shown.raw_id), None)
        if key is None:
            return WRONG_KEY
        verified = webauthn.verify_authentication_response(
            credential=shown,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(key.public_key),
            credential_current_sign_count=0,  # compared below, where a clone gets its own answer
        )
    except (WebAuthnException, ValueError, KeyError, TypeError, RecursionError):
        return WRONG_KEY
    if (verified.new_sign_count or key.count) and verified.new_sign_count <= key.count:
        return CLONED
    return replace(key, count=verified.new_sign_count)


def _descriptors(held: Iterable[Key]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.credential)) for each in held]
