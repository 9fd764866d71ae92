"""`python -m egress.mail`: tells people by e-mail that there is news, of what, and where to read it.

BULLE_STATE: the state's root; only `events` and `mailboxes` are mounted, to be read. BULLE_LOG_SOCKET: where the log's
keeper listens. BULLE_POLICIES: the folder of policies.
BULLE_PUBLIC_URL: the enclave's address. BULLE_SMTP_URL: the site's mail server, smtp://HOST:PORT (STARTTLS is asked) or
smtps://HOST:PORT. BULLE_SMTP_CA: a file with the only authorities that are trusted. BULLE_SMTP_USER and
BULLE_SMTP_PASSWORD_FILE: the login, where it asks for one. BULLE_SMTP_DOOR: HOST:PORT of `egress.mail.door`, by which
the server is reached. BULLE_MAIL_FROM: the address that messages come from.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from egress.airlock.following import held
from egress.mail.due import Due, due
from egress.mail.letter import Site, letter, message_id
from egress.mail.sending import Kind, Outcome, Server, deliver
from egress.mail.server import server_of
from egress.mail.told import DEFERRED, FAILED, MAILED, RECOVERED, REFUSED, Known
from hub.events.chain import Event
from hub.events.follow import Follower
from hub.events.kept import log_of
from hub.events.log import Clock, EventLog, utc_now
from hub.mailbox import Mailboxes, address_in
from hub.policy.mail import MailPolicy, read_mail
from hub.retry import Retry, retry_after
from hub.serving import keep_looking
from hub.workspace import StateLayout

LOG = logging.getLogger("bulle.mail")
POLL_SECONDS = 15.0
ACTOR = "mail"


class Mailer:
    """Follows the log, and writes to people whose news is due. One per enclave."""

    def __init__(  # noqa: PLR0913, PLR0917 -- what it reads, by which policy, where it sends
        self,
        log: EventLog,
        boxes: Mailboxes,
        policy: MailPolicy,
        server: Server,
        site: Site,
        clock: Clock = utc_now,
    ) -> None:
        self._log, self._boxes, self._policy, self._server, self._site = log, boxes, policy, server, site
        self._clock = clock
        self._follower = Follower(Known(), _after)
        self._down: Retry | None = None
        self._waiting: dict[str, Retry] = {}

    def look(self) -> int:
        """Send what is due; how many messages were taken. What a server does not take is tried again, later and later.

        A message is written down after it was taken: one that a crash keeps from being written down is sent again, with
        the same Message-ID. Raises: RefusedError where the log was changed, and what the log raises.
        """
        now = self._clock()
        if self._down is not None and now < self._down.at:
            return 0
        known, sent = held(self._follower.look(self._log)), 0
        failing = known.told.failing
        for each in due(known, self._boxes.all(), self._policy, now):
            waits = self._waiting.get(each.person)
            if waits is not None and now < waits.at:
                continue
            outcome = self._send(each, now)
            if outcome.kind is Kind.DOWN:
                self._down = retry_after(self._down, now)
                if failing != outcome.rule:
                    self._tell(FAILED, {"rule": outcome.rule, "code": outcome.code})
                break
            if failing:
                self._tell(RECOVERED, {})
            self._down, failing = None, ""
            self._note(each, outcome, now, deferred=each.person in known.told.deferred)
            sent += outcome.kind is Kind.SENT
        return sent

    def _send(self, each: Due, now: datetime) -> Outcome:
        message = letter(each, self._site, self._policy.most, now)
        return deliver(self._server, self._site.sender, each.box.address, message.as_bytes())

    def _note(self, each: Due, outcome: Outcome, now: datetime, *, deferred: bool) -> None:
        """Write down what became of one message; that one waits is told once."""
        body: dict[str, object] = {"person": each.person, "notices": _notices(each)}
        if outcome.kind is Kind.SENT:
            self._tell(MAILED, {**body, "message": message_id(each, self._site.host)})
        elif outcome.kind is Kind.NEVER:
            self._tell(REFUSED, {**body, "rule": outcome.rule, "code": outcome.code})
        else:
            self._waiting[each.person] = retry_after(self._waiting.get(each.person), now)
            if not deferred:
                self._tell(DEFERRED, {**body, "rule": outcome.rule, "code": outcome.code})
            return
        self._waiting.pop(each.person, None)

    def _tell(self, kind: str, body: Mapping[str, object]) -> None:
        self._log.append(ACTOR, kind, "", body)


def _notices(each: Due) -> list[dict[str, str]]:
    return [{"about": matter.subject, "digest": matter.digest(each.person)} for matter in each.matters]


def _after(events: Iterable[Event], before: Known) -> Known:
    return before.after(events)


def compose(environ: Mapping[str, str]) -> Mailer:
    """The mailer that `environ` describes. Raises: KeyError, ValueError, OSError, PolicyFileError, and what the log
    raises.
    """
    layout, policies = StateLayout(PurePosixPath(environ["BULLE_STATE"])), Path(environ["BULLE_POLICIES"])
    policy, public_url = read_mail(policies), environ["BULLE_PUBLIC_URL"]
    site = Site(environ["BULLE_MAIL_FROM"], public_url, urlsplit(public_url).hostname or "localhost")
    if not address_in(site.sender):
        raise ValueError("BULLE_MAIL_FROM is the address that messages come from, such as enclave@hospital.example")
    server = server_of(environ, policy, site.host)
    return Mailer(log_of(environ, layout.log), Mailboxes(Path(layout.mailboxes)), policy, server, site)


def main() -> int:
    """Look until stopped; 3 when a setting is missing."""
    needs, trouble = "E-mail needs {name} in its environment.", "could not read the log, or write a message"
    return keep_looking(compose, LOG, POLL_SECONDS, needs, trouble)


if __name__ == "__main__":
    sys.exit(main())
