"""The ledger's edge: reserve, draw, settle. The reservation stands in the log before any noise is drawn."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from weakref import WeakKeyDictionary

from egress.privacy.answer import Answer, DpTable, table_of
from egress.privacy.api import draw, preview
from egress.privacy.failure import PrivacyError
from egress.privacy.ledger import Caps, Kept, Ledger, LedgerEntry, Reservation, fold, may_reserve, nano
from egress.privacy.spec import DpSpec
from hub.events.chain import Tampering, intact
from hub.events.follow import Follower
from hub.events.log import EventLog, Transaction
from hub.extracts.manifest import MANIFEST, Manifest
from hub.policy.model import DisclosureRules
from hub.policy.verdict import Act, Grant, Refusal
from hub.words import say


@dataclass(frozen=True)
class Spending:
    """One draw that is asked for: what, on which extract (the digest of its manifest), for how much."""

    spec: DpSpec
    extract: str
    nano_rho: int


@dataclass(frozen=True)
class StoredAnswer:
    """An answer that was paid for before: the same numbers again, for nothing."""

    entry: LedgerEntry
    answer: Answer


@dataclass(frozen=True)
class Released:
    """A DP table and what it cost now; 0 when it came from the ledger."""

    table: DpTable
    charged: Decimal
    reservation: Reservation


def embedded_grant(person: str) -> Grant:
    """Without an enclave there is no permit: who holds the data and the ledger file decides."""
    return Grant(Act.SPEND_PRIVACY, person, "", "ledger.embedded")


def extract_digest(extract_dir: Path) -> str:
    """SHA-256 of the extract's manifest, as `extract.built` tells it. Raises: PrivacyError."""
    try:
        return hashlib.sha256((extract_dir / MANIFEST).read_bytes()).hexdigest()
    except OSError:
        raise PrivacyError(say("The extract's manifest cannot be read; nothing was released.")) from None


def reserve(log: EventLog, grant: Grant, asked: Spending, caps: Caps) -> Reservation | StoredAnswer | Refusal:
    """Sets rho aside for one draw, or answers what was drawn before, or says no.

    Reads, decides and appends in one transaction: no other process can reserve in between. A refusal leaves an event.
    Of the log, a process verifies what it has not verified yet: `hub.events.follow` says what is checked when.
    """
    with log.transaction() as transaction:
        decided = _decide(_followed(log), transaction, grant, asked, caps)
        if decided is not None:
            if isinstance(decided, Refusal):
                _refused(transaction, grant, asked, decided)
            return decided
        spec = asked.spec
        body = {"source": spec.source, "spec": spec.digest, "extract": asked.extract, "nano_rho": asked.nano_rho}
        event = transaction.append(grant.person, "privacy.reserved", grant.project, body)
    return Reservation(event.seq, spec.source, grant.project, spec.digest, asked.extract, asked.nano_rho)


# What each open log's ledger is, as far as this process has verified and folded it; it goes with the log.
_FOLLOWED: WeakKeyDictionary[EventLog, Follower[Ledger]] = WeakKeyDictionary()


def _followed(log: EventLog) -> Follower[Ledger]:
    return _FOLLOWED.setdefault(log, Follower(Ledger(), fold))


def _decide(
    follower: Follower[Ledger], transaction: Transaction, grant: Grant, asked: Spending, caps: Caps
) -> StoredAnswer | Refusal | None:
    if not grant.covers(Act.SPEND_PRIVACY, grant.project):
        return Refusal("privacy.grant", say("Spending the privacy budget was not granted."))
    if grant.project and caps.project is None:
        return Refusal("privacy.project_cap", say("A project spends within its permit's rho; none was given."))
    ledger = follower.catch_up(transaction)
    if isinstance(ledger, Tampering):
        return _tampered(ledger.seq)
    stored = ledger.stored(asked.spec.digest, asked.extract, asked.nano_rho) if ledger.unreadable is None else None
    if stored is not None and stored.answer is not None:
        return _answered(stored, stored.answer, transaction, asked.spec)
    return may_reserve(ledger, asked.spec.source, grant.project, asked.nano_rho, caps)


def _answered(stored: LedgerEntry, kept: Kept, transaction: Transaction, spec: DpSpec) -> StoredAnswer | Refusal:
    """Answers stay in the log; this one is read there, and must be what was verified."""
    event = transaction.entry(kept.seq)
    if event is None or event.digest != kept.digest or not intact(event):
        return _tampered(kept.seq)
    try:
        answer = Answer.from_json(event.body["answer"])
        table_of(spec, answer)
    except (KeyError, TypeError, ValueError):
        return Refusal("privacy.unreadable", say("The answer kept in the ledger cannot be read."))
    return StoredAnswer(stored, answer)


def _tampered(seq: int) -> Refusal:
    why = say("The log was changed at entry {seq}; nothing is spent until an operator looked.", seq=seq)
    return Refusal("privacy.tampered", why)


def _refused(transaction: Transaction, grant: Grant, asked: Spending, refusal: Refusal) -> None:
    body = {
        "source": asked.spec.source,
        "spec": asked.spec.digest,
        "nano_rho": asked.nano_rho,
        "rule": refusal.rule,
        "reason": refusal.reason.to_dict(),
    }
    transaction.append(grant.person, "privacy.refused", grant.project, body)


def settle(log: EventLog, reservation: Reservation, person: str, answer: Answer) -> None:
    """Keeps the answer: noisy numbers, already paid for, that the same spec gets again."""
    body = {"reservation": reservation.seq, "source": reservation.source, "answer": answer.to_json()}
    log.append(person, "privacy.released", reservation.project, body)


def lapse(log: EventLog, reservation: Reservation, person: str, why: PrivacyError) -> None:
    """Says that no answer came; what was reserved stays spent."""
    body = {"reservation": reservation.seq, "source": reservation.source, "reason": why.message.to_dict()}
    log.append(person, "privacy.lapsed", reservation.project, body)


def release(  # noqa: PLR0913 -- who, what, on which extract, by which rules, at what cost
    log: EventLog,
    grant: Grant,
    spec: DpSpec,
    *,
    extract_dir: Path,
    manifest: Manifest,
    rules: DisclosureRules,
    rho: Decimal | None = None,
    project_rho: Decimal | None = None,
) -> Released | Refusal:
    """The whole way: preview, reserve, draw, settle. `project_rho` is the permit's; None only in embedded mode.

    Raises: PrivacyError, after the lapse stands in the log.
    """
    shown = preview(spec, rules, rho)
    if isinstance(shown, Refusal):
        return shown
    caps = Caps(nano(rules.privacy.value.source_cap_rho), None if project_rho is None else nano(project_rho))
    held = reserve(log, grant, Spending(spec, extract_digest(extract_dir), shown.noise.nano_rho), caps)
    if isinstance(held, Refusal):
        return held
    if isinstance(held, StoredAnswer):
        return Released(table_of(spec, held.answer), Decimal(0), held.entry.reservation)
    try:
        answer = draw(held, spec, extract_dir, manifest, rules)
    except PrivacyError as error:
        lapse(log, held, grant.person, error)
        raise
    settle(log, held, grant.person, answer)
    table = table_of(spec, answer)
    return Released(table, table.rho, held)
