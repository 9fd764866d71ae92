"""One message to a real mail server: over verified TLS or not at all, and each of its answers as what it means."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from egress.mail.door import serve
from egress.mail.sending import SENT, TLS, Kind, Outcome, deliver
from tests.directory.slapd import Authority
from tests.egress.mail.mail_stand import PASSWORD, USER, MailStand, standing_mail
from tests.egress.web.hub_stand import free_port

FROM, TO = "enclave@hospital.example", "alice@site.test"
MESSAGE = b"Subject: x\r\n\r\nhello\r\n"
UNTRUSTED = Outcome(Kind.DOWN, "smtp.untrusted")


@pytest.mark.parametrize("tls", [TLS.STARTTLS, TLS.IMPLICIT])
def test_a_message_goes_over_verified_tls(authority: Authority, tls: TLS) -> None:
    with standing_mail(authority, tls) as stand:
        assert deliver(stand.server(authority.ca, tls), FROM, TO, MESSAGE) == SENT
        assert [to for to, _ in stand.taken] == [TO]


@pytest.mark.parametrize("tls", [TLS.STARTTLS, TLS.IMPLICIT])
def test_nothing_goes_to_who_cannot_prove_to_be_the_server(
    authority: Authority, stranger: Authority, elsewhere: Authority, tls: TLS
) -> None:
    for shown, trusted in ((stranger, authority.ca), (elsewhere, elsewhere.ca), (authority, Path("/no/such/ca"))):
        with standing_mail(shown, tls) as stand:
            assert deliver(stand.server(trusted, tls), FROM, TO, MESSAGE) == UNTRUSTED
            assert (stand.asked, stand.raw) == ([], [])


@pytest.mark.parametrize("tls", [TLS.STARTTLS, TLS.IMPLICIT])
def test_by_a_door_the_servers_own_name_is_verified(authority: Authority, elsewhere: Authority, tls: TLS) -> None:
    with standing_mail(elsewhere, tls) as stand:
        there = replace(stand.server(elsewhere.ca, tls), host="mail.elsewhere.example", door=("127.0.0.1", stand.port))
        assert deliver(there, FROM, TO, MESSAGE) == SENT
        assert deliver(replace(there, host="localhost"), FROM, TO, MESSAGE) == UNTRUSTED
        assert len(stand.raw) == 1


def test_the_door_carries_to_the_mail_server_and_closes_when_it_is_away(authority: Authority) -> None:
    async def by_door(stand: MailStand) -> Outcome:
        port = free_port()
        door = asyncio.create_task(serve({"BULLE_SMTP_URL": f"smtp://127.0.0.1:{stand.port}"}, "127.0.0.1", port))
        await asyncio.sleep(0.2)
        server = replace(stand.server(authority.ca), door=("127.0.0.1", port))
        outcome = await asyncio.to_thread(deliver, server, FROM, TO, MESSAGE)
        door.cancel()
        return outcome

    with standing_mail(authority) as stand:
        assert asyncio.run(by_door(stand)) == SENT
        assert stand.asked == [TO]
    assert asyncio.run(by_door(stand)) == Outcome(Kind.DOWN, "smtp.down")


def test_a_server_without_starttls_gets_nothing_unless_the_policy_names_it(authority: Authority) -> None:
    with standing_mail(None) as stand:
        assert deliver(stand.server(authority.ca), FROM, TO, MESSAGE) == UNTRUSTED
        assert stand.asked == []
        assert deliver(stand.server(None, TLS.NONE), FROM, TO, MESSAGE) == SENT


def test_a_login_is_shown_once_tls_stands(authority: Authority) -> None:
    with standing_mail(authority, login=True) as stand:
        login = {"user": USER, "password": PASSWORD}
        assert deliver(stand.server(authority.ca, **login), FROM, TO, MESSAGE) == SENT
        wrong = deliver(stand.server(authority.ca, **login | {"password": "x"}), FROM, TO, MESSAGE)
        assert wrong == Outcome(Kind.DOWN, "smtp.login", 535)
        assert PASSWORD not in repr(stand.server(authority.ca, **login))
    with standing_mail(authority) as stand:  # which knows nobody
        assert deliver(stand.server(authority.ca, **login), FROM, TO, MESSAGE).rule == "smtp.login"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("450 4.2.0 greylisted", Outcome(Kind.LATER, "smtp.later", 450)),
        ("452 4.2.2 full", Outcome(Kind.LATER, "smtp.later", 452)),
        ("550 5.1.1 nobody of that name", Outcome(Kind.NEVER, "smtp.never", 550)),
        ("553 no such mailbox", Outcome(Kind.NEVER, "smtp.never", 553)),
        ("550 5.7.1 relaying denied", Outcome(Kind.LATER, "smtp.later", 550)),  # our mistake, not the person's
        ("530 5.7.0 log in first", Outcome(Kind.LATER, "smtp.later", 530)),
        ("501 5.5.4 syntax", Outcome(Kind.LATER, "smtp.later", 501)),
        ("421 4.3.2 closing", Outcome(Kind.DOWN, "smtp.down", 421)),
    ],
)
def test_what_a_server_answers_about_a_recipient(authority: Authority, answer: str, outcome: Outcome) -> None:
    with standing_mail(authority) as stand:
        stand.to_recipient[TO] = answer
        assert deliver(stand.server(authority.ca), FROM, TO, MESSAGE) == outcome
        assert stand.taken == []


def test_what_a_server_answers_about_the_text_and_the_sender(authority: Authority) -> None:
    with standing_mail(authority) as stand:
        stand.to_data = "451 4.3.0 try again"
        assert deliver(stand.server(authority.ca), FROM, TO, MESSAGE).kind is Kind.LATER
        stand.to_data = "554 5.6.0 not that"
        assert deliver(stand.server(authority.ca), FROM, TO, MESSAGE).kind is Kind.NEVER
        stand.to_sender = "550 5.1.8 who are you"
        assert deliver(stand.server(authority.ca), FROM, TO, MESSAGE) == Outcome(Kind.DOWN, "smtp.sender", 550)


def test_a_server_that_is_away_or_talks_nonsense_or_not_at_all() -> None:
    assert deliver(MailStand(free_port()).server(None, TLS.NONE), FROM, TO, MESSAGE) == Outcome(Kind.DOWN, "smtp.down")
    for said in (b"", b"\xff\xfe\x00 nonsense\r\n", b"554 5.3.2 no service\r\n", b"9" * 20_000):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            answering = threading.Thread(target=_answer, args=(listening, said))
            answering.start()
            stand = MailStand(listening.getsockname()[1])
            outcome = deliver(stand.server(None, TLS.NONE), FROM, TO, MESSAGE)
            answering.join()
        assert (outcome.kind, outcome.rule) == (Kind.DOWN, "smtp.down"), said


def _answer(listening: socket.socket, said: bytes) -> None:
    peer, _ = listening.accept()
    with peer:
        peer.sendall(said)
