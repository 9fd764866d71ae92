"""A real mail server (aiosmtpd) on loopback, which answers as a test tells it to."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from egress.mail.sending import TLS, Server
from tests.directory.slapd import Authority
from tests.egress.web.hub_stand import free_port

USER, PASSWORD = "bulle", "the mail server's own"


@dataclass
class MailStand:
    """What it answers to whom, and what it took."""

    port: int
    to_recipient: dict[str, str] = field(default_factory=dict)
    to_data: str = "250 2.0.0 taken"
    to_sender: str = ""
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if not self.to_sender:
            envelope.mail_from = address
            return "250 ok"
        return self.to_sender

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        self.asked.append(address)
        answer = self.to_recipient.get(address, "250 ok")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.to_data.startswith("250"):
            self.raw.append(envelope.content)
            message = message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            self.taken += [(each, message) for each in envelope.rcpt_tos]
        return self.to_data

    def server(self, ca: Path | None, tls: TLS = TLS.STARTTLS, **more: Any) -> Server:
        return Server("localhost", self.port, tls, ca, "enclave.example", 5, **more)


@contextmanager
def standing_mail(
    authority: Authority | None, tls: TLS = TLS.STARTTLS, *, login: bool = False, at: str = "127.0.0.1"
) -> Iterator[MailStand]:
    """A running server at the address `at`, with the certificate of `authority`."""
    stand, settings = MailStand(free_port()), dict[str, Any]()
    if authority is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.folder / "server.pem", authority.folder / "server.key")
        settings["ssl_context" if tls is TLS.IMPLICIT else "tls_context"] = context
        settings["require_starttls"] = tls is TLS.STARTTLS
    if login:
        settings |= {"authenticator": _who, "auth_required": True, "auth_require_tls": tls is TLS.STARTTLS}
    controller = Controller(stand, hostname=at, port=stand.port, **settings)
    controller.start()
    try:
        yield stand
    finally:
        controller.stop()


def _who(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)
