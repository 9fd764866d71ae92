"""Codes of authenticator apps: time-based one-time passwords (RFC 6238), each used once. Pure."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp
import segno

from hub.policy.verdict import Refusal
from hub.second_factor.model import WRONG_CODE

SECONDS = 30
ISSUER = "Bulle"
# RFC 6238 5.2: at most one step either way, for clocks that differ and people who type slowly.
_DRIFT = (-1, 0, 1)


def step_of(now: datetime) -> int:
    """The number of the time step."""
    return int(now.timestamp()) // SECONDS


def code_at(secret: str, step: int) -> str:
    """The six digits of a step."""
    return pyotp.TOTP(secret).generate_otp(step)


def verify(secret: str, code: str, now: datetime, last_step: int) -> int | Refusal:
    """The step of `code`; a step at or before `last_step` was used already (RFC 6238 5.2)."""
    typed = "".join(code.split())
    if len(typed) != 6 or not (typed.isascii() and typed.isdigit()):
        return WRONG_CODE
    for drift in _DRIFT:
        step = step_of(now) + drift
        matches = hmac.compare_digest(code_at(secret, step), typed)
        if matches and step > last_step:
            return step
    return WRONG_CODE


def address_of(secret: str, person: str) -> str:
    """What the QR code says to the app (otpauth URI)."""
    return pyotp.TOTP(secret).provisioning_uri(name=person, issuer_name=ISSUER)


def picture_of(address: str) -> str:
    """The QR code as an SVG element, without style or script."""
    return str(segno.make(address, error="m").svg_inline(scale=4, omitsize=True, svgclass=None, lineclass=None))
