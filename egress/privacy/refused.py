"""Why a query gets no DP release."""

from __future__ import annotations

from hub.policy.verdict import Refusal
from hub.words import Message


class NoSpecError(Exception):
    """Carries the refusal out of the readers; `egress.privacy.read` returns it."""

    def __init__(self, rule: str, reason: Message) -> None:
        super().__init__(rule)
        self.refusal = Refusal(f"dp.{rule}", reason)
