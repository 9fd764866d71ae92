"""What a directory says of a person, read as hostile; and the order in which its servers are asked."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.directory.model import MAX_ATTRIBUTE, Account, DirectorySettings, account_of
from hub.directory.servers import AVOIDED, in_order

SETTINGS = DirectorySettings(("ldap://a",), Path("ca"), "cn=x", "secret", "dc=z", training="trainedUntil")


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        (b"20280131000000Z", date(2028, 1, 31)),
        (b"2028-01-31", date(2028, 1, 31)),
        (b"2028-01-31T10:00:00Z", date(2028, 1, 31)),
        (b"20280230", None),
        (b"31/01/2028", None),
        (b"202801311", None),
        (b"for ever", None),
        (b"", None),
        (b"\xff\xfe", None),
    ],
)
def test_the_last_day_of_a_training(raw: bytes, day: date | None) -> None:
    assert account_of(SETTINGS, "cn=a", {"trainedUntil": [raw]}).trained_until == day


def test_attributes_are_found_in_any_case_and_the_first_value_counts() -> None:
    raw = {"CN": [b" Alice Martin ", b"other"], "MAIL": [b"a@site.test"], "preferredLanguage": [b"fr-FR, en;q=0.5"]}
    assert account_of(SETTINGS, "cn=a", raw) == Account("cn=a", "Alice Martin", "a@site.test", "fr-FR, en;q=0.5")


@pytest.mark.parametrize("raw", [b"x" * (MAX_ATTRIBUTE + 1), b"a\x00b", b"a\nb", b"\xe2\x80\xaeevil", b"\xff"])
def test_what_people_cannot_read_is_not_there(raw: bytes) -> None:
    assert account_of(SETTINGS, "cn=a", {"cn": [raw]}).name == ""


@given(st.dictionaries(st.sampled_from(["cn", "mail", "trainedUntil"]), st.lists(st.binary(max_size=300), max_size=3)))
def test_whatever_a_directory_answers_is_an_account(raw: dict[str, list[bytes]]) -> None:
    account = account_of(SETTINGS, "cn=a", raw)
    assert account.name.isprintable()
    assert len(account.mail) <= MAX_ATTRIBUTE


@pytest.mark.parametrize(
    ("failed", "order"),
    [
        ({}, "abc"),
        ({"a": 100.0}, "bca"),
        ({"a": 100.0 - AVOIDED + 1}, "bca"),
        ({"a": 100.0 - AVOIDED}, "abc"),
        ({"a": 100.0, "b": 100.0, "c": 100.0}, "abc"),
        ({"b": 100.0}, "acb"),
    ],
)
def test_servers_that_failed_are_asked_last_for_a_while(failed: dict[str, float], order: str) -> None:
    assert "".join(in_order(("a", "b", "c"), failed, 100.0)) == order
