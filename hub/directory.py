"""The site's LDAP directory: is this password this person's? StartTLS always, the server's certificate verified."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ldap3
from ldap3.core.exceptions import (
    LDAPException,
    LDAPInvalidCredentialsResult,
    LDAPResponseTimeoutError,
    LDAPSocketReceiveError,
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
    except (LDAPException, OSError, _UntrustedError) as error:
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
    except (LDAPException, OSError, _UntrustedError) as error:
        return _refusal(error)
    if not entries:
        return _WRONG
    return str(entries[0]) if len(entries) == 1 else _AMBIGUOUS


def _connect(settings: DirectorySettings, user: str, password: str) -> Any:
    """A connection on which `user` is bound. No password is sent before the server's certificate was verified."""
    if not settings.ca_file.is_file():
        raise _UntrustedError
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(settings.ca_file))
    server = ldap3.Server(settings.url, tls=tls, get_info=ldap3.NONE, connect_timeout=settings.seconds)
    connection = ldap3.Connection(
        server,
        user=user,
        password=password,
        auto_bind=ldap3.AUTO_BIND_NONE,
        receive_timeout=settings.seconds,
        read_only=True,
        auto_referrals=False,  # a referral would take the search account's password to another server
        raise_exceptions=True,
    )
    connection.open(read_server_info=False)
    try:
        started = connection.start_tls(read_server_info=False)
    except (LDAPSocketReceiveError, LDAPResponseTimeoutError):
        raise
    except (LDAPException, OSError) as error:
        raise _UntrustedError from error
    if not started:
        raise _UntrustedError
    connection.bind(read_server_info=False)
    return connection


class _UntrustedError(Exception):
    """StartTLS did not come about: not offered, another authority, another host, no usable CA file."""


def _refusal(error: Exception) -> Refusal:
    return _UNTRUSTED if isinstance(error, _UntrustedError) else _DOWN
