"""Which process may write which kind of event. A decision counts because of who may have written it: a process that is
taken over can say what it always could, and nothing that another process answers for (SATRE 1.5.03, least privilege).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from hub.events.kinds import KINDS
from hub.policy.verdict import Act, Grant, Refusal
from hub.words import say


class Writer(StrEnum):
    """A process that writes events, by the name of its service (docker-compose.yml)."""

    ADMIN = "admin"
    EXTRACTOR = "extractor"
    HUB = "hub"
    LAUNCHER = "launcher"
    MAIL = "mail"
    METER = "meter"
    WEB = "egress-web"
    DESK = "desk"
    WORKER = "egress-worker"
    SIGNER = "signer"


WRITES: Mapping[Writer, frozenset[str]] = MappingProxyType(
    {
        # Commands of whoever is root on this machine; each event says who ran it.
        Writer.ADMIN: frozenset(KINDS) - {"log.refused"},
        Writer.EXTRACTOR: frozenset({"extract.built", "extract.refused", "breakglass.used", "breakglass.refused"}),
        Writer.HUB: frozenset(
            {
                *("people.required", "undertaking.signed", "training.recorded", "factor.enrolled", "factor.removed"),
                *("login.accepted", "login.password_accepted", "login.refused", "login.ended", "login.locked"),
                *("login.unlocked", "directory.failed", "directory.recovered"),
                *("session.started", "session.refused", "session.stopped", "session.idle", "session.used"),
                "mail.chosen",
            }
        ),
        Writer.LAUNCHER: frozenset({"launcher.refused"}),
        Writer.MAIL: frozenset(
            {"mail.failed", "mail.recovered", "notice.mailed", "notice.deferred", "notice.refused"},
        ),
        Writer.METER: frozenset({"session.volume", "alarm.raised"}),
        # What people do on pages: the session says who.
        Writer.WEB: frozenset(
            {
                *("request.withdrawn", "request.returned", "request.appealed", "request.recalled"),
                *("request.act_refused", "request.decided", "review.given", "review.refused", "approval.given"),
                *("sample.seen", "reproduction.asked", "reproduction.refused"),
                *("import.asked", "import.not_taken", "import.approved", "import.rejected", "import.decision_refused"),
                *("membership.confirmed", "membership.withdrawn"),
                *("import.withdrawn", "package.downloaded", "package.download_refused", "budget.exported"),
            }
        ),
        # What administrators do on pages. Who they are is not theirs to say.
        Writer.DESK: frozenset(
            {
                *("person.added", "person.removed", "training.recorded", "source.registered"),
                *("permit.drafted", "permit.draft_withdrawn", "permit.draft_refused", "permit.issued", "permit.ended"),
                *("access.halted", "access.resumed"),
                *("campaign.opened", "campaign.closed", "membership.confirmed", "membership.withdrawn"),
                "alarm.answered",
            }
        ),
        # What the machine does; the fold derives a decision again from the reviews, which are not its to write.
        Writer.WORKER: frozenset(
            {
                *("request.submitted", "request.resubmitted", "request.refused_entry", "request.rerun"),
                *("request.checked", "request.rechecked", "request.refused", "request.expired", "request.sampled"),
                *("request.decided", "request.released", "request.failed", "dossier.kept"),
                *("reproduction.ended", "reproduction.refused"),
                *("import.frozen", "import.scanned", "import.refused", "import.placed", "import.removed"),
                "import.failed",
                *("privacy.reserved", "privacy.released", "privacy.lapsed", "privacy.refused"),
            }
        ),
        Writer.SIGNER: frozenset({"request.signed", "request.unsigned", "signer.key_made"}),
    }
)


def may_write(writer: Writer, kind: str, project: str) -> Grant | Refusal:
    """Whether a process may write an event of that kind."""
    if kind not in WRITES[writer]:
        why = say("The process {writer} may not write events of the kind {kind}.", writer=writer, kind=kind)
        return Refusal("log.writer", why)
    return Grant(Act.WRITE_EVENT, writer, project, "log.writer")
