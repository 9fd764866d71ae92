"""What an identity provider claims of a person: boundary moments, and that nothing odd in it is a name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.claims import Expected, mailbox_in, person_in, showed_second_factor
from hub.policy.verdict import Refusal

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
EXPECTED = Expected("https://idp.example", "bulle", "preferred_username")
GOOD: dict[str, Any] = {
    "iss": "https://idp.example",
    "aud": "bulle",
    "exp": NOW.timestamp() + 60,
    "preferred_username": "alice",
}


@pytest.mark.parametrize(
    ("change", "person"),
    [
        ({}, "alice"),
        ({"preferred_username": "Alice"}, "alice"),
        ({"aud": ["other", "bulle"]}, "alice"),
        ({"azp": "bulle"}, "alice"),
        ({"azp": "other"}, "oidc.not_ours"),
        ({"aud": ["other"]}, "oidc.not_ours"),
        ({"aud": None}, "oidc.not_ours"),
        ({"iss": "https://idp.example/"}, "oidc.not_ours"),
        ({"exp": NOW.timestamp() + 1}, "alice"),
        ({"exp": NOW.timestamp()}, "oidc.not_ours"),
        ({"exp": NOW.timestamp() - 1}, "oidc.not_ours"),
        ({"exp": "never"}, "oidc.not_ours"),
        ({"preferred_username": "alice@site.test"}, "oidc.no_name"),
        ({"preferred_username": ["alice"]}, "oidc.no_name"),
        ({"preferred_username": None}, "oidc.no_name"),
    ],
)
def test_whom_claims_are_about(change: dict[str, Any], person: str) -> None:
    verdict = person_in({**GOOD, **change}, EXPECTED, NOW)
    assert (verdict.rule if isinstance(verdict, Refusal) else verdict) == person


@pytest.mark.parametrize(
    ("amr", "shown"),
    [
        (["pwd", "otp"], True),
        (["mfa"], True),
        (["pwd"], False),
        ([], False),
        (None, False),
        ("otp", False),
        ([["otp"]], False),
    ],
)
def test_a_second_factor_is_what_the_provider_says_it_is(amr: object, shown: bool) -> None:
    assert showed_second_factor({"amr": amr}) is shown


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each)
)


@given(st.dictionaries(st.sampled_from(["iss", "aud", "azp", "exp", "preferred_username", "amr"]), JSON))
def test_whatever_is_claimed_is_answered(claims: dict[str, Any]) -> None:
    assert isinstance(person_in({**GOOD, **claims}, EXPECTED, NOW), (str, Refusal))
    assert isinstance(showed_second_factor(claims), bool)


@pytest.mark.parametrize(
    ("claims", "mailbox"),
    [
        ({"email": "a@site.test", "locale": "fr-FR"}, ("a@site.test", "fr-FR")),
        ({"email": "a@site.test", "email_verified": True}, ("a@site.test", "")),
        ({"email": "a@site.test", "email_verified": False}, ("", "")),
        ({"email": "a@site.test", "email_verified": "true"}, ("", "")),
        ({"email": ["a@site.test"], "locale": 7}, ("", "")),
        ({}, ("", "")),
    ],
)
def test_only_an_address_that_the_provider_vouches_for(claims: dict[str, Any], mailbox: tuple[str, str]) -> None:
    assert mailbox_in(claims) == mailbox
