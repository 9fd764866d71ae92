"""One message to the site's mail server, over verified TLS, and what the server answered.

smtplib of the standard library: one process that sends a few messages an hour one after the other needs no event loop,
and so no further package.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

# RFC 3463: 5.7.x is about security and policy, and says nothing of the address.
_POLICY = re.compile(rb"5\.7\.\d")
_READY, _CLOSING = 220, 421
_NOBODY_THERE = frozenset({550, 551, 552, 553, 554})


class TLS(StrEnum):
    """How a connection becomes one that nobody reads along."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"  # where the policy names the host


@dataclass(frozen=True)
class Server:
    """The site's mail server. `ca`: the only authorities trusted. `user`: "" where it asks for no login. `door`: where
    the connection goes, when not to the server itself; what TLS verifies is `host` in any case.
    """

    host: str
    port: int
    tls: TLS
    ca: Path | None
    helo: str
    seconds: int
    user: str = ""
    password: str = field(default="", repr=False)
    door: tuple[str, int] | None = None


class Kind(StrEnum):
    SENT = "sent"
    LATER = "later"  # this message waits; others may pass
    NEVER = "never"  # nobody is there, for good
    DOWN = "down"  # the server takes nothing


@dataclass(frozen=True)
class Outcome:
    """What became of one message; `code` is the server's answer, 0 where there was none. Its text is told nowhere."""

    kind: Kind
    rule: str = ""
    code: int = 0


SENT = Outcome(Kind.SENT)


class UntrustedError(Exception):
    """The server could not prove who it is, or offers no TLS."""


def deliver(server: Server, sender: str, recipient: str, message: bytes) -> Outcome:
    """Hand one message over. Blocking; never raises for what a server does."""
    try:
        client = _connected(server)
    except (ssl.SSLError, UntrustedError):
        return Outcome(Kind.DOWN, "smtp.untrusted")
    except smtplib.SMTPResponseException as error:
        return Outcome(Kind.DOWN, "smtp.down", error.smtp_code)
    except (smtplib.SMTPException, OSError, UnicodeError):
        return Outcome(Kind.DOWN, "smtp.down")
    try:
        return _handed(client, server, sender, recipient, message)
    except (smtplib.SMTPException, OSError):
        return Outcome(Kind.DOWN, "smtp.down")
    finally:
        with suppress(smtplib.SMTPException, OSError):
            client.quit()
        client.close()


def _connected(server: Server) -> smtplib.SMTP:
    """A connection that is what the server's TLS setting says. Nothing but greetings goes over it before."""
    context = None if server.tls is TLS.NONE else _context(server)
    client = (
        smtplib.SMTP_SSL(local_hostname=server.helo, timeout=server.seconds, context=context)
        if server.tls is TLS.IMPLICIT
        else smtplib.SMTP(local_hostname=server.helo, timeout=server.seconds)
    )
    # What smtplib verifies in TLS is what it was made for; made for nobody yet, it connects nowhere by itself.
    client._host = server.host  # type: ignore[attr-defined]
    try:
        _greeted(*client.connect(*(server.door or (server.host, server.port))))
        if context is not None and server.tls is TLS.STARTTLS:
            client.ehlo_or_helo_if_needed()
            _secure(client, context)
    except BaseException:
        client.close()
        raise
    return client


def _greeted(code: int, said: bytes) -> None:
    if code != _READY:
        raise smtplib.SMTPConnectError(code, said)


def _secure(client: smtplib.SMTP, context: ssl.SSLContext) -> None:
    try:
        client.starttls(context=context)
    except (smtplib.SMTPNotSupportedError, smtplib.SMTPResponseException) as error:
        raise UntrustedError from error
    if not isinstance(client.sock, ssl.SSLSocket):
        raise UntrustedError


def _context(server: Server) -> ssl.SSLContext:
    if server.ca is None:
        raise UntrustedError
    try:
        context = ssl.create_default_context(cafile=str(server.ca))
    except OSError as error:
        raise UntrustedError from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _handed(client: smtplib.SMTP, server: Server, sender: str, recipient: str, message: bytes) -> Outcome:
    try:
        if server.user:
            client.login(server.user, server.password)
        client.sendmail(sender, [recipient], message)
    except smtplib.SMTPSenderRefused as error:
        return Outcome(Kind.DOWN, "smtp.sender", error.smtp_code)
    except smtplib.SMTPRecipientsRefused as error:
        return _refused(*error.recipients[recipient])
    except smtplib.SMTPDataError as error:
        return _refused(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
        return Outcome(Kind.DOWN, "smtp.login", getattr(error, "smtp_code", 0))
    except smtplib.SMTPResponseException as error:
        return Outcome(Kind.DOWN, "smtp.down", error.smtp_code)
    return SENT


def _refused(code: int, said: bytes | str) -> Outcome:
    """Of one message: a server that refuses us by a policy of its own has not said that nobody is there."""
    told = said.encode("utf-8", "replace") if isinstance(said, str) else said
    if code == _CLOSING:
        return Outcome(Kind.DOWN, "smtp.down", code)
    if code in _NOBODY_THERE and not _POLICY.match(told):
        return Outcome(Kind.NEVER, "smtp.never", code)
    return Outcome(Kind.LATER, "smtp.later", code)
