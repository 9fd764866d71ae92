"""A message: fixed sentences, ids and addresses in its reader's language; nothing that anybody typed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from egress.mail.due import Due
from egress.mail.letter import Site, letter
from egress.mail.matters import Asks, Matter
from hub.mailbox import Mailbox

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SITE = Site("enclave@hospital.example", "https://enclave.example", "enclave.example")
MATTERS = (
    Matter("2026-11-20T09:00:00.000+00:00", "care-1", "requests/care-1", "rejected"),
    Matter("2026-11-20T09:10:00.000+00:00", "care-2", "review/care-2", "in_review", Asks.REVIEW),
)
ENGLISH = """There is news on:

- care-1
  https://enclave.example/services/egress/requests/care-1

Waiting for your review:

- care-2
  https://enclave.example/services/egress/review/care-2

Log in to read it: this message holds nothing of it. A program wrote it, and nobody reads answers to it.

Whether you get such messages, and in which language:
https://enclave.example/hub/mail
"""


def sent(matters: tuple[Matter, ...] = MATTERS, most: int = 20, **box: str) -> tuple[bytes, dict[str, str], str]:
    """The bytes, the headers and the text, as a reader's program takes them."""
    due = Due("alice", Mailbox.model_validate({"address": "alice@site.test", **box}), matters)
    content = letter(due, SITE, most, NOW).as_bytes()
    read = message_from_bytes(content, policy=default)
    return content, dict(read.items()), read.get_content().replace("\r\n", "\n")


def test_a_message_in_english() -> None:
    content, headers, text = sent()
    assert text == ENGLISH
    assert headers["Subject"] == "Bulle: there is news for you"
    assert (headers["From"], headers["To"]) == ("Bulle <enclave@hospital.example>", "alice@site.test")
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Content-Language"] == "en"
    assert headers["Date"] == "Fri, 20 Nov 2026 09:30:00 +0000"
    assert set(headers) <= {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language"),
        *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }
    assert content.isascii()
    assert max(len(line) for line in content.splitlines()) <= 78


def test_a_message_in_french() -> None:
    content, headers, text = sent(language="fr")
    assert headers["Subject"] == "Bulle : il y a du nouveau pour vous"
    assert "Il y a du nouveau sur :" in text
    assert "n'en contient rien" in text
    assert content.isascii()
    assert sent(language="fr", chosen="en")[2] == ENGLISH


def test_no_outcome_stands_in_it() -> None:
    for state in ("released", "rejected", "returned", "recalled", "expired"):
        changed = (Matter(MATTERS[0].at, "care-1", "requests/care-1", state), MATTERS[1])
        assert sent(changed)[2] == ENGLISH


def test_its_id_is_that_of_its_news() -> None:
    def identity(matters: tuple[Matter, ...], **box: str) -> str:
        return sent(matters, **box)[1]["Message-ID"]

    assert re.fullmatch(r"<[0-9a-f]{40}@enclave\.example>", identity(MATTERS))
    assert identity(MATTERS) == identity(MATTERS[::-1]) == identity(MATTERS, language="fr")
    assert identity(MATTERS) != identity(MATTERS[:1])


@pytest.mark.parametrize(("most", "more"), [(1, 2), (2, 1), (3, 0), (4, 0)])
def test_a_long_list_is_cut(most: int, more: int) -> None:
    matters = tuple(Matter(MATTERS[0].at, f"care-{n}", f"requests/care-{n}", "released") for n in range(1, 4))
    text = sent(matters, most)[2]
    assert text.count("\n- care-") == min(most, 3)
    assert "- care-3\n" in text
    assert ("And " in text) is (more > 0)
    if more:
        assert f"And {more} more" in text


def test_what_is_told_twice_stands_there_once() -> None:
    twice = (MATTERS[0], Matter("2026-11-20T09:20:00.000+00:00", "care-1", "requests/care-1", "recalled"), MATTERS[1])
    assert sent(twice)[2] == ENGLISH


@pytest.mark.parametrize("address", ["alice@site.test\r\nBcc: eve@elsewhere.test", "a@b, eve@elsewhere.test"])
def test_an_address_that_would_be_more_than_one_makes_no_message(address: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        sent(address=address)
