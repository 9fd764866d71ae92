"""Where a directory is, and what it says of one person. Pure: what a directory answers is read as hostile."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

MAX_ATTRIBUTE = 200

_SCHEMES = ("ldap://", "ldaps://")
# LDAP's generalizedTime (RFC 4517 3.3.13) begins with eight digits; people write hyphens between them.
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:$|[T ]?\d{2})")


@dataclass(frozen=True)
class DirectorySettings:
    """The servers of one directory, in the order in which they are asked, and the account with which Bulle searches.

    `ldap://` servers are asked for StartTLS, `ldaps://` ones speak TLS from the first byte; `ca_file` holds the only
    authorities trusted. `required_group` is the DN of a group that people must be in ("": none). Attributes that are
    "" are not asked for; `training` holds the last day for which a person's training counts.
    """

    servers: tuple[str, ...]
    ca_file: Path
    bind_dn: str
    bind_password: str = field(repr=False)
    base: str
    attribute: str = "uid"
    name: str = "cn"
    mail: str = "mail"
    language: str = "preferredLanguage"
    training: str = ""
    required_group: str = ""
    seconds: int = 5

    def __post_init__(self) -> None:
        if not self.servers or not all(server.startswith(_SCHEMES) for server in self.servers):
            raise ValueError("a directory has one or more URLs that begin with ldap:// (StartTLS is asked) or ldaps://")
        if not self.bind_password:
            raise ValueError("the directory's search account needs a password")

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that are asked for."""
        return tuple(each for each in (self.name, self.mail, self.language, self.training) if each)


@dataclass(frozen=True)
class Account:
    """One entry of the directory. `name` and `mail` are for people to read, "" when the directory has none; so is
    `language`, which is spelled as an Accept-Language header (RFC 2798 2.7).
    """

    dn: str
    name: str = ""
    mail: str = ""
    language: str = ""
    trained_until: date | None = None

    @property
    def shown(self) -> str:
        """By what the person recognises that it is their account."""
        return ", ".join(part for part in (self.name, self.mail) if part)


def account_of(settings: DirectorySettings, dn: str, raw: Mapping[str, Sequence[bytes]]) -> Account:
    """The account in an entry's attributes; what is no text, too long or no day is as if it were not there."""
    values = {name.lower(): values for name, values in raw.items()}

    def first(attribute: str) -> str:
        found = values.get(attribute.lower(), ()) if attribute else ()
        return _text(found[0]) if found else ""

    trained_until = _day(first(settings.training))
    return Account(dn, first(settings.name), first(settings.mail), first(settings.language), trained_until)


def _text(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return ""
    return text if len(text) <= MAX_ATTRIBUTE and text.isprintable() else ""


def _day(text: str) -> date | None:
    found = _DAY.match(text)
    try:
        return date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None
