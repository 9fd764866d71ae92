"""What a person must have signed and learnt before anything opens, and whether they have. Pure.

SNDS security baseline 5.1 (undertakings before access) and 3.5 (training before access, renewed); EHDS art. 73(1)(a).
"""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import Field

from hub.policy.base import Frozen, Name, Title
from hub.policy.habilitation import Asked
from hub.policy.verdict import Refusal
from hub.words import say


class Required(Frozen):
    """One version of an undertaking that people must have signed.

    Who signed an earlier version has until the day before `applies_from`; a signature counts for `valid_days`.
    """

    name: Name
    version: int = Field(ge=1)
    digest: str = Field(description="SHA-256 of the texts, hexadecimal")
    title: Title
    applies_from: date
    valid_days: int = Field(ge=1)


class Requirements(Frozen):
    """What is asked of everybody, as the policies in force say it."""

    undertakings: tuple[Required, ...] = ()
    training: bool = False


class Signature(Frozen):
    """One signature under one version of an undertaking."""

    name: Name
    version: int
    digest: str
    day: date


class Standing(Frozen):
    """What is asked of one person, and what they have. `trained_until` is the last day for which training counts;
    `asked` are the memberships that a habilitation review asks about.
    """

    required: Requirements = Requirements()
    signed: tuple[Signature, ...] = ()
    trained_until: date | None = None
    asked: tuple[Asked, ...] = ()

    def with_signature(self, signature: Signature) -> Standing:
        """After one more signature; only the last one under each version is kept."""
        others = tuple(each for each in self.signed if (each.name, each.version) != (signature.name, signature.version))
        return self.model_copy(update={"signed": (*others, signature)})

    def with_asked(self, project: str, asked: Asked | None) -> Standing:
        """After `asked` of the membership of `project`; None: nothing is asked of it any more."""
        others = tuple(each for each in self.asked if each.project != project)
        return self.model_copy(update={"asked": others if asked is None else (*others, asked)})


def unsigned(standing: Standing, today: date) -> tuple[Required, ...]:
    """The undertakings without a signature that counts today."""
    return tuple(each for each in standing.required.undertakings if not _is_signed(standing, each, today))


def standing_refusal(standing: Standing, today: date) -> Refusal | None:
    """Why nothing opens for this person today, with what to do; None when nothing is missing."""
    missing = unsigned(standing, today)
    if missing:
        reason = say(
            "The undertaking {name} (version {version}) is not signed, or its signature has run out; read and sign it "
            "on the page Undertakings of the hub.",
            name=missing[0].name,
            version=missing[0].version,
        )
        return Refusal("undertaking.unsigned", reason)
    if not standing.required.training:
        return None
    if standing.trained_until is None:
        reason = say("No training of yours is recorded; follow the site's training, then ask an operator to record it.")
        return Refusal("training.missing", reason)
    if today > standing.trained_until:
        reason = say(
            "Your training counted until {day}; follow the site's training again, then ask an operator to record it.",
            day=standing.trained_until.isoformat(),
        )
        return Refusal("training.ended", reason)
    return None


def _is_signed(standing: Standing, required: Required, today: date) -> bool:
    for signature in standing.signed:
        if signature.name != required.name or today > signature.day + timedelta(days=required.valid_days):
            continue
        if signature.version == required.version:
            if signature.digest == required.digest:  # a text that changed under its number is another text
                return True
        elif signature.version < required.version and today < required.applies_from:
            return True
    return False
