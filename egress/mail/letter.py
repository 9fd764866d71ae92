"""A message as text, in its reader's language. It holds ids and addresses of pages, and fixed sentences. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from types import MappingProxyType

from egress.mail.due import Due
from egress.mail.matters import Asks, Matter
from hub.language import render
from hub.words import Message, say

SUBJECT = say("Bulle: there is news for you")
_HEADINGS = MappingProxyType(
    {
        Asks.NOTHING: say("There is news on:"),
        Asks.REVIEW: say("Waiting for your review:"),
        Asks.AGREEMENT: say("Waiting for your agreement:"),
        Asks.APPROVAL: say("Waiting for your approval:"),
        Asks.LOOK: say("To look at afterwards:"),
    }
)
_MORE = say("And {count} more, which the pages list:")
_READ = say("Log in to read it: this message holds nothing of it. A program wrote it, and nobody reads answers to it.")
_CHOOSE = say("Whether you get such messages, and in which language:")


@dataclass(frozen=True)
class Site:
    """Whose messages these are: the address they come from, the enclave's as browsers write it and its host, where the
    pages lie.
    """

    sender: str
    public_url: str
    host: str
    prefix: str = "/services/egress/"

    def page(self, path: str) -> str:
        return f"{self.public_url.rstrip('/')}{self.prefix}{path}"


def message_id(due: Due, host: str) -> str:
    """The same for the same news to the same person, so that a message sent twice can be told to be one."""
    spelled = "".join(sorted(each.digest(due.person) for each in due.matters))
    return f"<{hashlib.sha256(spelled.encode()).hexdigest()[:40]}@{host}>"


def letter(due: Due, site: Site, most: int, now: datetime) -> EmailMessage:
    """The message. Raises: ValueError for a sender or address that is none; the callers' are checked."""
    language = due.box.reads
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Bulle", addr_spec=site.sender)
    message["To"] = Address(addr_spec=due.box.address)
    message["Subject"] = render(SUBJECT, language)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(due, site.host)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    # Quoted-printable: seven bits and short lines, whatever a server offers.
    message.set_content(_text(due, site, most, language), cte="quoted-printable")
    message["Content-Language"] = language
    return message


def _text(due: Due, site: Site, most: int, language: str) -> str:
    def said(message: Message) -> str:
        return render(message, language)

    lines: list[str] = []
    once = tuple({(each.asks, each.subject, each.page): each for each in due.matters}.values())
    shown = once[-most:]
    for asks, heading in _HEADINGS.items():
        lines += _listed(said(heading), (each for each in shown if each.asks is asks), site)
    if len(once) > most:
        lines += [said(Message(_MORE.text, {"count": len(once) - most})), f"  {site.page('')}", ""]
    lines += [said(_READ), "", said(_CHOOSE), f"{site.public_url.rstrip('/')}/hub/mail", ""]
    return "\n".join(lines)


def _listed(heading: str, found: Iterable[Matter], site: Site) -> list[str]:
    rows = [row for each in found for row in (f"- {each.subject}", f"  {site.page(each.page)}")]
    return [heading, "", *rows, ""] if rows else []
