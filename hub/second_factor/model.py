"""What a person holds, with what is needed to verify it. Frozen values; secrets are not printed."""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.policy.factors import FactorKind
from hub.policy.verdict import Refusal
from hub.words import say


@dataclass(frozen=True)
class App:
    """An authenticator app: its secret (base 32), and the last time step whose code was used."""

    id: str
    secret: str = field(repr=False)
    last_step: int = 0
    kind: FactorKind = field(default=FactorKind.APP, init=False)


@dataclass(frozen=True)
class Key:
    """A security key: its credential and public key (base64url), and how often it says it was used."""

    id: str
    credential: str
    public_key: str
    count: int = 0
    kind: FactorKind = field(default=FactorKind.KEY, init=False)


Held = App | Key


@dataclass(frozen=True)
class Site:
    """What security keys are bound to: the host's `name`, and the page's `origin` as browsers spell it."""

    name: str
    origin: str


WRONG_CODE = Refusal(
    "second_factor.wrong",
    say("The code is not right, or was used already; wait for the next one that your app shows."),
)
WRONG_KEY = Refusal(
    "second_factor.wrong",
    say("This security key could not be verified here; use one that you enrolled at this address."),
)
STALE = Refusal("second_factor.stale", say("This step took too long, or was done already; log in again."))
CLONED = Refusal(
    "second_factor.cloned",
    say("This security key counts as if there were a second one like it; do not use it, and tell an operator."),
)
