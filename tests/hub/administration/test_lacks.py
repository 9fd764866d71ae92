"""What a person lacks today, and what ends soon."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hub.administration.lacks import ending, missing, signed_until
from hub.policy.base import Title
from hub.policy.model import Person
from hub.policy.standing import Required, Requirements, Signature, Standing

DAY = date(2026, 5, 1)
TEXT = Required(
    name="confidentiality",
    version=2,
    digest="d2",
    title=Title(en="Confidentiality", fr="Confidentialité"),
    applies_from=date(2026, 1, 1),
    valid_days=365,
)


def person(trained: date | None = DAY + timedelta(days=900), signed: date | None = DAY, digest: str = "d2") -> Person:
    signatures = (Signature(name="confidentiality", version=2, digest=digest, day=signed),) if signed else ()
    required = Requirements(undertakings=(TEXT,), training=True)
    return Person(
        id="alice", name="Alice", standing=Standing(required=required, signed=signatures, trained_until=trained)
    )


@pytest.mark.parametrize(("days", "told"), [(59, 1), (60, 1), (61, 0), (-1, 0), (0, 1)])
def test_a_training_that_ends_within_so_many_days_is_told(days: int, told: int) -> None:
    assert len(ending(person(DAY + timedelta(days=days)), DAY, 60)) == told


@pytest.mark.parametrize(("days_ago", "told"), [(304, 0), (305, 1), (365, 1), (366, 0)])
def test_a_signature_that_runs_out_within_so_many_days_is_told(days_ago: int, told: int) -> None:
    assert len(ending(person(signed=DAY - timedelta(days=days_ago)), DAY, 60)) == told


def test_what_is_missing_is_not_told_to_end() -> None:
    nothing = person(trained=None, signed=None)
    assert len(missing(nothing, DAY)) == 2
    assert ending(nothing, DAY, 60) == ()


def test_a_signature_under_another_text_counts_for_nothing() -> None:
    assert signed_until(person(digest="other").standing, TEXT) is None
    assert signed_until(person().standing, TEXT) == date(2027, 5, 1)
