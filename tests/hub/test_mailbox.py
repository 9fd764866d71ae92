"""Mailboxes: what the directory says, what the person chose, and that they can be erased."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.mailbox import MOST_ADDRESS, Mailbox, Mailboxes, address_in


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "alice@site.test\r\nBcc: eve@elsewhere.test",
        "alice@site.test, eve@elsewhere.test",
        "Alice <alice@site.test>",
        '"a b"@site.test',
        "alice@[127.0.0.1]",
        "aliçe@site.test",
        "alice@site.test\n",
        "a@" + "b" * 64,
        "a" * 65 + "@site.test",
    ],
)
def test_what_is_no_single_plain_address_is_none(text: str) -> None:
    assert address_in(text) == ""


@given(st.text())
def test_an_address_has_one_line_and_one_recipient(text: str) -> None:
    for found in (address_in(text), address_in(f"{text}@site.test")):
        assert found == "" or (found.count("@") == 1 and found.isascii() and not set(found) & set(' \r\n\t,;<>"()\\:'))


@pytest.mark.parametrize(("length", "taken"), [(-1, True), (0, True), (1, False)])
def test_the_length_of_an_address(length: int, taken: bool) -> None:
    parts = ".".join(["b" * 60] * 4)
    address = "a" * (MOST_ADDRESS + length - len(parts) - 1) + "@" + parts
    assert len(address) == MOST_ADDRESS + length
    assert bool(address_in(address)) is taken


def test_a_login_renews_what_the_directory_says_and_keeps_what_the_person_chose(tmp_path: Path) -> None:
    boxes = Mailboxes(tmp_path)
    assert boxes.of("alice") is None
    boxes.told("alice", "alice@site.test", "fr")
    assert boxes.of("alice") == Mailbox(address="alice@site.test", language="fr")
    boxes.choose("alice", "en", wanted=False)
    boxes.told("alice", "martin@site.test", "fr")
    kept = boxes.of("alice")
    assert kept == Mailbox(address="martin@site.test", language="fr", chosen="en", wanted=False)
    assert (kept.reads, kept.takes_mail) == ("en", False)
    boxes.choose("alice", "", wanted=True)
    assert boxes.all()["alice"].reads == "fr"
    assert boxes.all()["alice"].takes_mail
    boxes.told("alice", "alice@site.test\nBcc: eve@elsewhere.test", "fr")
    assert not boxes.all()["alice"].takes_mail
    assert (tmp_path / "alice.json").stat().st_mode & 0o777 == 0o644
    with pytest.raises(ValidationError):
        boxes.choose("alice", "xx", wanted=True)


def test_who_is_known_no_more_is_erased(tmp_path: Path) -> None:
    boxes = Mailboxes(tmp_path)
    for name in ("alice", "bob"):
        boxes.told(name, f"{name}@site.test", "en")
    boxes.keep_only({"bob"})
    assert [path.name for path in tmp_path.iterdir()] == ["bob.json"]


def test_a_file_that_cannot_be_read_is_no_mailbox(tmp_path: Path) -> None:
    for name, text in (("alice", "{"), ("bob", '{"address": "b@site.test", "more": 1}'), ("carol", "\x00")):
        (tmp_path / f"{name}.json").write_text(text)
    assert Mailboxes(tmp_path).all() == {}
    assert Mailboxes(tmp_path / "missing").all() == {}
