"""One server of the directory: is this password this person's? Its certificate is verified before anything is sent."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import ldap3
from ldap3.core.exceptions import (
    LDAPException,
    LDAPInvalidCredentialsResult,
    LDAPNoSuchObjectResult,
    LDAPResponseTimeoutError,
    LDAPSocketReceiveError,
)
from ldap3.utils.conv import escape_filter_chars

from hub.directory.model import Account, DirectorySettings, account_of
from hub.policy.verdict import Refusal
from hub.words import say

# Longer than any password people type; what is longer is not sent on.
MAX_PASSWORD = 1024

WRONG = Refusal("login.wrong", say("The user name or the password is not right."))
DOWN = Refusal(
    "directory.down",
    say("The directory of user accounts does not answer, so nobody can log in now; try again later."),
)
UNTRUSTED = Refusal(
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
_NOT_IN_GROUP = Refusal(
    "directory.not_in_group",
    say("Your account is not in the group that may use this enclave; ask those who run your site's directory."),
)
# Another server may answer where one did so.
PASSING = frozenset({DOWN.rule, UNTRUSTED.rule})


class UntrustedError(Exception):
    """TLS did not come about: not offered, another authority, another host, no usable CA file."""


def find(settings: DirectorySettings, server: str, name: str) -> Account | Refusal:
    """The one account with this user name, when it is in the required group. Blocking; never raises for what the
    directory does.
    """
    try:
        with _bound(settings, server, settings.bind_dn, settings.bind_password) as connection:
            account = _search(settings, connection, name)
            return account if isinstance(account, Refusal) else _in_group(settings, connection, account)
    except LDAPInvalidCredentialsResult:
        return _REFUSES_US
    except (LDAPException, OSError, UntrustedError) as error:
        return _refusal(error)


def verify(settings: DirectorySettings, server: str, name: str, password: str) -> Account | Refusal:
    """The account of `name` when its entry binds with `password`. Blocking; never raises for what the directory does.

    An empty password is refused here: to a directory it is an anonymous bind, which succeeds.
    Whether the account is in the required group is told only to who has its password.
    """
    if not password or len(password) > MAX_PASSWORD:
        return WRONG
    try:
        with _bound(settings, server, settings.bind_dn, settings.bind_password) as connection:
            account = _search(settings, connection, name)
            if isinstance(account, Refusal):
                return account
            refusal = _bind(settings, server, account, password)
            return refusal or _in_group(settings, connection, account)
    except LDAPInvalidCredentialsResult:
        return _REFUSES_US
    except (LDAPException, OSError, UntrustedError) as error:
        return _refusal(error)


def _bind(settings: DirectorySettings, server: str, account: Account, password: str) -> Refusal | None:
    try:
        with _bound(settings, server, account.dn, password):
            return None
    except LDAPInvalidCredentialsResult:
        return WRONG


def _search(settings: DirectorySettings, connection: Any, name: str) -> Account | Refusal:
    connection.search(
        settings.base,
        f"({settings.attribute}={escape_filter_chars(name)})",
        attributes=settings.attributes or [ldap3.NO_ATTRIBUTES],
        size_limit=2,
        time_limit=settings.seconds,
    )
    entries = [entry for entry in connection.response or () if entry["type"] == "searchResEntry"]
    if not entries:
        return WRONG
    if len(entries) > 1:
        return _AMBIGUOUS
    return account_of(settings, str(entries[0]["dn"]), entries[0]["raw_attributes"])


def _in_group(settings: DirectorySettings, connection: Any, account: Account) -> Account | Refusal:
    if not settings.required_group:
        return account
    dn = escape_filter_chars(account.dn)
    try:
        connection.search(
            settings.required_group,
            f"(|(member={dn})(uniqueMember={dn}))",
            search_scope=ldap3.BASE,
            attributes=[ldap3.NO_ATTRIBUTES],
            time_limit=settings.seconds,
        )
    except LDAPNoSuchObjectResult:
        return _NOT_IN_GROUP
    found = [entry for entry in connection.response or () if entry["type"] == "searchResEntry"]
    return account if found else _NOT_IN_GROUP


@contextmanager
def _bound(settings: DirectorySettings, server: str, user: str, password: str) -> Iterator[Any]:
    """A connection on which `user` is bound. No password is sent before the server's certificate was verified."""
    if not settings.ca_file.is_file():
        raise UntrustedError
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(settings.ca_file))
    connection = ldap3.Connection(
        ldap3.Server(server, tls=tls, get_info=ldap3.NONE, connect_timeout=settings.seconds),
        user=user,
        password=password,
        auto_bind=ldap3.AUTO_BIND_NONE,
        receive_timeout=settings.seconds,
        read_only=True,
        auto_referrals=False,  # a referral would take the search account's password to another server
        raise_exceptions=True,
    )
    try:
        _secure(connection)
        connection.bind(read_server_info=False)
        yield connection
    finally:
        with suppress(LDAPException, OSError):  # a connection that broke cannot say goodbye
            connection.unbind()


def _secure(connection: Any) -> None:
    try:
        connection.open(read_server_info=False)
    except LDAPException as error:
        if "ssl wrapping" in str(error) or "certificate" in str(error):  # ldap3 tells the reason in words only
            raise UntrustedError from error
        raise
    if connection.server.ssl:
        return
    try:
        started = connection.start_tls(read_server_info=False)
    except (LDAPSocketReceiveError, LDAPResponseTimeoutError):
        raise
    except (LDAPException, OSError) as error:
        raise UntrustedError from error
    if not started:
        raise UntrustedError


def _refusal(error: Exception) -> Refusal:
    return UNTRUSTED if isinstance(error, UntrustedError) else DOWN
