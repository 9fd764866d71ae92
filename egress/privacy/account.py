"""The ledger's edge: reserve, draw, settle. The reservation stands in the log before any noise is drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Generic
from weakref import WeakKeyDictionary

from egress.privacy.answer import DpTable, table_of
from egress.privacy.api import draw, preview
from egress.privacy.failure import LACKING, PrivacyError
from egress.privacy.form import TABLE, A, Form, S
from egress.privacy.ledger import NANO, Caps, Kept, Ledger, LedgerEntry, Reservation, fold, may_reserve, nano
from egress.privacy.spec import DpSpec
from hub.events.chain import Event, Tampering, intact
from hub.events.follow import Follower
from hub.events.log import EventLog, Transaction
from hub.events.state import Enclave
from hub.events.state import fold as fold_enclave
from hub.extracts.manifest import MANIFEST, Manifest
from hub.policy.decide import may_spend_privacy
from hub.policy.model import DisclosureRules
from hub.policy.verdict import Act, Grant, Refusal
from hub.words import say


@dataclass(frozen=True)
class Spending(Generic[S, A]):
    """One draw that is asked for: what, on which extract (the digest of its manifest), for how much."""

    form: Form[S, A]
    spec: S
    extract: str
    nano_rho: int


@dataclass(frozen=True)
class StoredAnswer(Generic[A]):
    """An answer that was paid for before: the same numbers again, for nothing."""

    entry: LedgerEntry
    answer: A


@dataclass(frozen=True)
class Spent(Generic[A]):
    """An answer and what it cost now; 0 when it came from the ledger."""

    answer: A
    charged: Decimal
    reservation: Reservation


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


def reserve(log: EventLog, grant: Grant, asked: Spending[S, A], caps: Caps) -> Reservation | StoredAnswer[A] | Refusal:
    """Sets rho aside for one draw, or answers what was drawn before, or says no.

    Reads, decides and appends in one transaction: no other process can reserve in between. A refusal leaves an event.
    Of the log, a process verifies what it has not verified yet: `hub.events.follow` says what is checked when.
    """
    with log.transaction() as transaction:
        known = _FOLLOWED.setdefault(log, Follower(_Known(), _known_after)).catch_up(transaction)
        decided: StoredAnswer[A] | Refusal | None
        if isinstance(known, Tampering):
            decided = _tampered(known.seq)
        else:
            decided = _decide(known, transaction, grant, asked, caps)
        if decided is not None:
            if isinstance(decided, Refusal):
                _refused(transaction, grant, asked, decided)
            return decided
        spec = asked.spec
        body = {"source": spec.source, "spec": spec.digest, "extract": asked.extract, "nano_rho": asked.nano_rho}
        event = transaction.append(grant.person, "privacy.reserved", grant.project, body)
    return Reservation(event.seq, spec.source, grant.project, spec.digest, asked.extract, asked.nano_rho)


@dataclass(frozen=True)
class _Known:
    """What the log says of budgets, people and permits."""

    ledger: Ledger = field(default_factory=Ledger)
    enclave: Enclave = field(default_factory=Enclave)


def _known_after(events: Iterable[Event], known: _Known) -> _Known:
    each = tuple(events)
    return _Known(fold(each, known.ledger), fold_enclave(each, known.enclave))


# What each open log says, as far as this process has verified and folded it; it goes with the log.
_FOLLOWED: WeakKeyDictionary[EventLog, Follower[_Known]] = WeakKeyDictionary()


def _withdrawn(enclave: Enclave, transaction: Transaction, grant: Grant) -> Refusal | None:
    """Why a grant that was given when the work began does not hold any more: people and permits change meanwhile."""
    person, permit = enclave.persons.get(grant.person), enclave.permits.get(grant.project)
    verdict = may_spend_privacy(person, permit, transaction.now().date(), enclave.stops)
    return verdict if isinstance(verdict, Refusal) else None


def _decide(
    known: _Known, transaction: Transaction, grant: Grant, asked: Spending[S, A], caps: Caps
) -> StoredAnswer[A] | Refusal | None:
    withdrawn = _withdrawn(known.enclave, transaction, grant) if grant.project else None
    if withdrawn is not None:
        return withdrawn
    if not grant.covers(Act.SPEND_PRIVACY, grant.project):
        return Refusal("privacy.grant", say("Spending the privacy budget was not granted."))
    if grant.project and caps.project is None:
        return Refusal("privacy.project_cap", say("A project spends within its permit's rho; none was given."))
    ledger = known.ledger
    stored = ledger.stored(asked.spec.digest, asked.extract, asked.nano_rho) if ledger.unreadable is None else None
    if stored is not None and stored.answer is not None:
        return _answered(stored, stored.answer, transaction, asked)
    if ledger.unreadable is None and ledger.failed(grant.project, asked.spec.digest, asked.extract, asked.nano_rho):
        # checks are repeated by the service itself: each time would be paid for
        return Refusal(
            "privacy.lapsed",
            say("This draw failed before, and what was reserved stays spent; it is repeated only for another rho."),
        )
    return may_reserve(ledger, asked.spec.source, grant.project, asked.nano_rho, caps)


def _answered(
    stored: LedgerEntry, kept: Kept, transaction: Transaction, asked: Spending[S, A]
) -> StoredAnswer[A] | Refusal:
    """Answers stay in the log; this one is read there, and must be what was verified."""
    event = transaction.entry(kept.seq)
    if event is None or event.digest != kept.digest or not intact(event):
        return _tampered(kept.seq)
    try:
        return StoredAnswer(stored, asked.form.read(asked.spec, event.body["answer"]))
    except (KeyError, TypeError, ValueError):
        return Refusal("privacy.unreadable", say("The answer kept in the ledger cannot be read."))


def _tampered(seq: int) -> Refusal:
    why = say("The log was changed at entry {seq}; nothing is spent until an operator looked.", seq=seq)
    return Refusal("privacy.tampered", why)


def _refused(transaction: Transaction, grant: Grant, asked: Spending[Any, Any], refusal: Refusal) -> None:
    body = {
        "source": asked.spec.source,
        "spec": asked.spec.digest,
        "nano_rho": asked.nano_rho,
        "rule": refusal.rule,
        "reason": refusal.reason.to_dict(),
    }
    transaction.append(grant.person, "privacy.refused", grant.project, body)


def settle(log: EventLog, reservation: Reservation, person: str, form: Form[S, A], answer: A) -> None:
    """Keeps the answer: noisy numbers, already paid for, that the same spec gets again."""
    body = {"reservation": reservation.seq, "source": reservation.source, "answer": form.kept(answer)}
    log.append(person, "privacy.released", reservation.project, body)


def lapse(log: EventLog, reservation: Reservation, person: str, why: PrivacyError) -> None:
    """Says that no answer came; what was reserved stays spent."""
    body = {"reservation": reservation.seq, "source": reservation.source, "reason": why.message.to_dict()}
    log.append(person, "privacy.lapsed", reservation.project, body)


@dataclass(frozen=True)
class Account:
    """Who spends, by which rules and on which extract. `project_rho` is the permit's; None only in embedded mode."""

    log: EventLog
    grant: Grant
    extract_dir: Path
    manifest: Manifest
    rules: DisclosureRules
    project_rho: Decimal | None = None

    @property
    def caps(self) -> Caps:
        source = nano(self.rules.privacy.value.source_cap_rho)
        return Caps(source, None if self.project_rho is None else nano(self.project_rho))


def spend(account: Account, form: Form[S, A], spec: S, nano_rho: int) -> Spent[A] | Refusal:
    """Reserve, draw, settle; or what was drawn before, for nothing.

    Raises: PrivacyError, after the lapse stands in the log.
    """
    if any(find_spec(name) is None for name in form.needs):
        return Refusal("privacy.lacking", LACKING)
    log, grant = account.log, account.grant
    asked = Spending(form, spec, extract_digest(account.extract_dir), nano_rho)
    held = reserve(log, grant, asked, account.caps)
    if isinstance(held, Refusal):
        return held
    if isinstance(held, StoredAnswer):
        return Spent(held.answer, Decimal(0), held.entry.reservation)
    try:
        answer = draw(held, form, spec, account.extract_dir, account.manifest, rules=account.rules)
    except PrivacyError as error:
        lapse(log, held, grant.person, error)
        raise
    settle(log, held, grant.person, form, answer)
    return Spent(answer, Decimal(nano_rho) / NANO, held)


def release(account: Account, spec: DpSpec, rho: Decimal | None = None) -> Released | Refusal:
    """A DP table, the whole way: preview, reserve, draw, settle.

    Raises: PrivacyError, after the lapse stands in the log.
    """
    shown = preview(spec, account.rules, rho)
    if isinstance(shown, Refusal):
        return shown
    spent = spend(account, TABLE, spec, shown.noise.nano_rho)
    if isinstance(spent, Refusal):
        return spent
    return Released(table_of(spec, spent.answer), spent.charged, spent.reservation)
