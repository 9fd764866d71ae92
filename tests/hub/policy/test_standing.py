"""What a person must have signed and learnt: boundary days, versions, and that an ended one closes every door."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.policy.decide import may_download, may_open_workspace, may_review, may_sign, may_spend_privacy, may_submit
from hub.policy.model import Person
from hub.policy.standing import Required, Requirements, Signature, Standing, standing_refusal, unsigned
from hub.policy.stops import Stops
from hub.policy.undertakings import Undertaking, read_undertakings
from hub.policy.verdict import Act, Grant, Refusal
from tests.hub.policy.permits import a_permit

SIGNED = date(2026, 4, 1)
TODAY = date(2026, 5, 1)
OLD, NEW = "a" * 64, "b" * 64


def required(version: int = 2, applies: date = TODAY, days: int = 365) -> Required:
    title = {"en": "Secrecy", "fr": "Secret"}
    return Required.model_validate(
        {
            "name": "secrecy",
            "version": version,
            "digest": NEW,
            "title": title,
            "applies_from": applies,
            "valid_days": days,
        }
    )


def standing(*signed: Signature, needs: Required | None = None, **changes: object) -> Standing:
    wanted = Requirements(undertakings=(needs or required(),), training=bool(changes.pop("training", False)))
    return Standing.model_validate({"required": wanted, "signed": signed, **changes})


def signature(version: int = 2, digest: str = NEW, day: date = SIGNED) -> Signature:
    return Signature(name="secrecy", version=version, digest=digest, day=day)


@pytest.mark.parametrize(("days", "missing"), [(364, False), (365, False), (366, True)])
def test_a_signature_counts_for_its_days(days: int, missing: bool) -> None:
    assert bool(unsigned(standing(signature()), SIGNED + timedelta(days=days))) is missing


@pytest.mark.parametrize(("offset", "missing"), [(-1, False), (0, True), (1, True)])
def test_who_signed_an_earlier_version_has_until_the_new_one_applies(offset: int, missing: bool) -> None:
    held = standing(signature(version=1, digest=OLD))
    assert bool(unsigned(held, TODAY + timedelta(days=offset))) is missing


def test_a_text_changed_under_its_number_is_another_text() -> None:
    assert unsigned(standing(signature(digest=OLD)), TODAY)


def test_a_later_version_does_not_stand_for_the_one_that_is_asked() -> None:
    assert unsigned(standing(signature(version=3)), TODAY - timedelta(days=30))


def test_the_last_signature_under_a_version_counts() -> None:
    renewed = standing(signature()).with_signature(signature(day=SIGNED + timedelta(days=300)))
    assert len(renewed.signed) == 1
    assert not unsigned(renewed, SIGNED + timedelta(days=400))


@pytest.mark.parametrize(
    ("until", "rule"),
    [
        (None, "training.missing"),
        (TODAY - timedelta(days=1), "training.ended"),
        (TODAY, None),
        (TODAY + timedelta(days=1), None),
    ],
)
def test_training_counts_until_its_last_day(until: date | None, rule: str | None) -> None:
    refusal = standing_refusal(standing(signature(), training=True, trained_until=until), TODAY)
    assert (refusal.rule if refusal else None) == rule


def test_a_sentence_says_what_to_do() -> None:
    refusal = standing_refusal(standing(training=True), TODAY)
    assert refusal is not None
    assert "sign it on the page Undertakings" in str(refusal)
    ended = standing_refusal(standing(signature(), training=True, trained_until=SIGNED), TODAY)
    assert "2026-04-01" in str(ended)
    assert "ask an operator" in str(ended)


DOORS = {
    Act.OPEN_WORKSPACE: may_open_workspace,
    Act.SUBMIT_REQUEST: may_submit,
    Act.DOWNLOAD_PACKAGE: may_download,
    Act.SPEND_PRIVACY: may_spend_privacy,
}


@pytest.mark.parametrize("door", DOORS)
def test_what_is_missing_closes_every_door_of_a_researcher(door: Act) -> None:
    for held, opens in ((standing(), False), (standing(signature()), True)):
        verdict = DOORS[door](Person(id="alice", name="A", standing=held), a_permit(), TODAY, Stops())
        assert isinstance(verdict, Grant) is opens


def test_it_closes_the_review_too() -> None:
    for held, opens in ((standing(), False), (standing(signature()), True)):
        verdict = may_review(Person(id="carol", name="C", standing=held), a_permit(), "alice", TODAY, Stops())
        assert isinstance(verdict, Grant) is opens


@pytest.mark.parametrize(("name", "digest", "rule"), [("secrecy", OLD, "changed"), ("other", NEW, "changed")])
def test_nobody_signs_a_text_that_is_not_asked(name: str, digest: str, rule: str) -> None:
    verdict = may_sign(Person(id="alice", name="A", standing=standing()), name, digest)
    assert isinstance(verdict, Refusal)
    assert verdict.rule == f"undertaking.{rule}"
    assert isinstance(may_sign(None, "secrecy", NEW), Refusal)


def test_the_text_that_is_asked_can_be_signed() -> None:
    verdict = may_sign(Person(id="alice", name="A", standing=standing()), "secrecy", NEW)
    assert isinstance(verdict, Grant)
    assert verdict.covers(Act.SIGN_UNDERTAKING, "")


def test_a_person_s_standing_is_no_part_of_the_event_that_adds_them() -> None:
    held = Person(id="alice", name="A", standing=standing(signature()))
    assert held.model_dump(mode="json") == {"id": "alice", "name": "A"}


def test_the_shipped_texts_say_the_same_in_both_languages() -> None:
    for text in read_undertakings():
        assert text.text.en.count("\n\n") == text.text.fr.count("\n\n")
        assert text.required.digest == text.digest


@given(st.sampled_from(["version", "en", "fr"]), st.integers(2, 9))
def test_any_change_of_a_text_is_another_digest(part: str, number: int) -> None:
    shipped = read_undertakings()[0]
    raw = shipped.model_dump()
    if part == "version":
        raw["version"] = number
    else:
        raw["text"][part] += f" {number}"
    assert Undertaking.model_validate(raw).digest != shipped.digest


def test_a_folder_without_texts_is_a_missing_policy(tmp_path: object) -> None:
    from hub.policy.files import PolicyFileError

    with pytest.raises(PolicyFileError, match="holds no undertaking"):
        read_undertakings(tmp_path)  # type: ignore[arg-type]
