"""The site's mail server as environment and policy describe it: verified TLS, or a host that the policy names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from egress.mail.sending import TLS, Server
from hub.policy.mail import MailPolicy

_SCHEMES = MappingProxyType({"smtp": (TLS.STARTTLS, 587), "smtps": (TLS.IMPLICIT, 465)})


def address_of(environ: Mapping[str, str]) -> tuple[TLS, str, int]:
    """How, where and at which port BULLE_SMTP_URL says that it is. Raises: KeyError, ValueError with a sentence."""
    url = urlsplit(environ["BULLE_SMTP_URL"])
    if url.scheme not in _SCHEMES or not url.hostname or url.username or url.path not in {"", "/"}:
        raise ValueError("BULLE_SMTP_URL is smtp://HOST:PORT (STARTTLS is asked) or smtps://HOST:PORT, and no more")
    tls, port = _SCHEMES[url.scheme]
    return tls, url.hostname, url.port or port


def server_of(environ: Mapping[str, str], policy: MailPolicy, helo: str) -> Server:
    """The server. BULLE_SMTP_DOOR: HOST:PORT by which it is reached, where there is a door (`egress.mail.door`).

    Raises: KeyError for a variable that is missing, ValueError with a sentence, OSError.
    """
    tls, host, port = address_of(environ)
    user, door = environ.get("BULLE_SMTP_USER", ""), _door(environ.get("BULLE_SMTP_DOOR", ""))
    if tls is TLS.STARTTLS and host in policy.plain_to:
        if user:
            raise ValueError("mail.toml sends to this server without TLS, and no password goes over such a connection")
        return Server(host, port, TLS.NONE, None, helo, policy.seconds, door=door)
    password = Path(environ["BULLE_SMTP_PASSWORD_FILE"]).read_text(encoding="utf-8").strip() if user else ""
    if user and not password:
        raise ValueError("BULLE_SMTP_PASSWORD_FILE is empty; it must hold the password of BULLE_SMTP_USER")
    ca = Path(environ["BULLE_SMTP_CA"])
    return Server(host, port, tls, ca, helo, policy.seconds, user, password, door)


def _door(said: str) -> tuple[str, int] | None:
    there = urlsplit(f"//{said}")
    if said and not (there.hostname and there.port):
        raise ValueError("BULLE_SMTP_DOOR is HOST:PORT")
    return (there.hostname, there.port) if there.hostname and there.port else None
