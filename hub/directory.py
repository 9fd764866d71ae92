"""The site's LDAP directory: is this password this person's? StartTLS always, the server's certificate verified."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ldap3
from ldap3.core.exceptions import (
    LDAPCertificateError,
    LDAPException,
    LDAPInvalidCredentialsResult,
    LDAPSocketOpenError,
    LDAPSSLConfigurationError,
    LDAPStartTLSError,
)
from ldap3.utils.conv import escape_filter_chars

from hub.policy.verdict import Refusal
from hub.words import say

# Longer than any password people type; what is longer is not sent on.
MAX_PASSWORD = 1024

_WRONG = Refusal("login.wrong", say("The user name or the password is not right."))
_DOWN = Refusal(
    "directory.down",
    say("The directory of user accounts does not answer, so nobody can log in now; try again later."),
)
_UNTRUSTED = Refusal(
    "directory.untrusted",
    say("The directory of user accounts could not prove who it is, so no password was sent to it; tell an operator."),
)
_REFUSES_US = Refusal(
    "directory.refuses_us",
    say("The directory of user accounts refuses Bulle's own account, so nobody can log in now; tell an operator."),
)
_AMBIGUOUS = Refusal(
    "directory.ambiguous",
    say("The directory of user accounts has this user name twice; tell an operator."),
)


@dataclass(frozen=True)
class DirectorySettings:
    """Where the directory is, and the account with which Bulle searches it. `ca_file` holds the only CAs trusted."""

    url: str
    ca_file: Path
    bind_dn: str
    bind_password: str = field(repr=False)
    base: str
    attribute: str = "uid"
    seconds: int = 5

    def __post_init__(self) -> None:
        if not self.url.startswith("ldap://"):
            raise ValueError("the directory's URL begins with ldap:// (StartTLS is always asked for)")
        if not self.bind_password:
            raise ValueError("the directory's search account needs a password")


def knows(settings: DirectorySettings, name: str) -> Refusal | None:
    """None when exactly one entry has this user name. Blocking; never raises for what the directory does."""
    found = _find(settings, name)
    return found if isinstance(found, Refusal) else None


def verify_password(settings: DirectorySettings, name: str, password: str) -> Refusal | None:
    """None when the directory binds `name`'s entry with `password`. Blocking; never raises for what the directory does.

    An empty password is refused here: to a directory it is an anonymous bind, which succeeds.
    """
    if not password or len(password) > MAX_PASSWORD:
        return _WRONG
    dn = _find(settings, name)
    if isinstance(dn, Refusal):
        return dn
    try:
        _connect(settings, dn, password).unbind()
    except LDAPInvalidCredentialsResult:
        return _WRONG
    except (LDAPException, OSError) as error:
        return _refusal(error)
    return None


def _find(settings: DirectorySettings, name: str) -> str | Refusal:
    """The DN of the entry with this user name."""
    try:
        connection = _connect(settings, settings.bind_dn, settings.bind_password)
        try:
            connection.search(
                settings.base,
                f"({settings.attribute}={escape_filter_chars(name)})",
                attributes=[ldap3.NO_ATTRIBUTES],
                size_limit=2,
                time_limit=settings.seconds,
            )
            entries = [entry["dn"] for entry in connection.response or () if entry["type"] == "searchResEntry"]
        finally:
            connection.unbind()
    except LDAPInvalidCredentialsResult:
        return _REFUSES_US
    except (LDAPException, OSError) as error:
        return _refusal(error)
    if not entries:
        return _WRONG
    return str(entries[0]) if len(entries) == 1 else _AMBIGUOUS


def _connect(settings: DirectorySettings, user: str, password: str) -> Any:
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(settings.ca_file))
    server = ldap3.Server(settings.url, tls=tls, get_info=ldap3.NONE, connect_timeout=settings.seconds)
    return ldap3.Connection(
        server,
        user=user,
        password=password,
        auto_bind=ldap3.AUTO_BIND_TLS_BEFORE_BIND,
        receive_timeout=settings.seconds,
        read_only=True,
        auto_referrals=False,  # a referral would take the search account's password to another server
        raise_exceptions=True,
    )


def _refusal(error: Exception) -> Refusal:
    text = str(error).lower()
    if isinstance(error, LDAPCertificateError | LDAPSSLConfigurationError | LDAPStartTLSError | ssl.SSLError):
        return _UNTRUSTED
    if isinstance(error, LDAPSocketOpenError) and ("ssl" in text or "certificate" in text):
        return _UNTRUSTED
    return _DOWN
