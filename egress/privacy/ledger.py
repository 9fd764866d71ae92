"""The privacy ledger: what each data source has spent, folded from the event log. Pure; whole nano-rho.

Persons are protected per source: all projects on one source spend from one cap, and a new extract gives nothing back.
A reservation counts from the moment it stands in the log, whatever becomes of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Any

from hub.events.chain import Event
from hub.policy.verdict import Refusal
from hub.words import say

NANO = 10**9


class Standing(StrEnum):
    """Where a reservation is. All three count as spent."""

    RESERVED = "reserved"
    RELEASED = "released"
    LAPSED = "lapsed"


@dataclass(frozen=True)
class Reservation:
    """rho set aside for one draw, as entry `seq` of the log. `spec` and `extract` are digests."""

    seq: int
    source: str
    project: str
    spec: str
    extract: str
    nano_rho: int


@dataclass(frozen=True)
class LedgerEntry:
    """A reservation, where it is, and the answer it gave."""

    reservation: Reservation
    standing: Standing = Standing.RESERVED
    answer: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Ledger:
    """Every reservation by its place. `unreadable` is the first entry that makes no sense: then nothing is granted."""

    entries: tuple[LedgerEntry, ...] = ()
    unreadable: int | None = None

    def stored(self, spec: str, extract: str, nano_rho: int) -> LedgerEntry | None:
        """The most exact answer given to this spec on this extract, if it is at least as exact as asked."""
        found = [
            entry
            for entry in self.entries
            if entry.answer is not None
            and (entry.reservation.spec, entry.reservation.extract) == (spec, extract)
            and entry.reservation.nano_rho >= nano_rho
        ]
        return max(found, key=lambda entry: entry.reservation.nano_rho) if found else None


@dataclass(frozen=True)
class Balance:
    """One account in nano-rho. `spent` counts releases and lapsed reservations, `reserved` those still open."""

    spent: int
    reserved: int
    cap: int

    @property
    def left(self) -> int:
        return max(0, self.cap - self.spent - self.reserved)


@dataclass(frozen=True)
class Caps:
    """Nano-rho that a source, and this project on it, may spend. No project in embedded mode."""

    source: int
    project: int | None = None


def nano(rho: Decimal) -> int:
    """A cap in nano-rho, rounded down."""
    return int((rho * NANO).to_integral_value(ROUND_FLOOR))


def fold(events: Iterable[Event]) -> Ledger:
    """The ledger after `events`; other kinds change nothing."""
    entries: dict[int, LedgerEntry] = {}
    for event in events:
        if event.kind not in {"privacy.reserved", "privacy.released", "privacy.lapsed"}:
            continue
        try:
            entry = _reserved(event) if event.kind == "privacy.reserved" else _ended(event, entries)
        except (KeyError, TypeError, ValueError):
            return Ledger(tuple(entries.values()), event.seq)
        entries[entry.reservation.seq] = entry
    return Ledger(tuple(entries.values()))


def _reserved(event: Event) -> LedgerEntry:
    body = event.body
    texts = [body[name] for name in ("source", "spec", "extract")]
    rho = body["nano_rho"]
    if type(rho) is not int or rho < 1 or not all(isinstance(text, str) and text for text in texts):
        raise ValueError(event.kind)
    return LedgerEntry(Reservation(event.seq, texts[0], event.project, texts[1], texts[2], rho))


def _ended(event: Event, entries: Mapping[int, LedgerEntry]) -> LedgerEntry:
    entry = entries[event.body["reservation"]]
    if entry.standing is not Standing.RESERVED or entry.reservation.project != event.project:
        raise ValueError(event.kind)
    if event.kind == "privacy.lapsed":
        return replace(entry, standing=Standing.LAPSED)
    answer = event.body["answer"]
    if not isinstance(answer, Mapping):
        raise TypeError(event.kind)
    return replace(entry, standing=Standing.RELEASED, answer=answer)


def balance(ledger: Ledger, source: str, cap: int, project: str | None = None) -> Balance:
    """The account of `source`; with `project`, that project's part of it."""
    spent = reserved = 0
    for entry in ledger.entries:
        held = entry.reservation
        if held.source == source and project in {None, held.project}:
            if entry.standing is Standing.RESERVED:
                reserved += held.nano_rho
            else:
                spent += held.nano_rho
    return Balance(spent, reserved, cap)


def may_reserve(ledger: Ledger, source: str, project: str, nano_rho: int, caps: Caps) -> Refusal | None:
    """None when both accounts have room."""
    if ledger.unreadable is not None:
        return Refusal(
            "privacy.unreadable",
            say(
                "The privacy ledger cannot read entry {seq} of the log; nothing is spent until an operator looked.",
                seq=ledger.unreadable,
            ),
        )
    if nano_rho < 1:
        return Refusal("privacy.rho", say("A DP release needs rho above 0."))
    accounts = [("privacy.source_cap", balance(ledger, source, caps.source))]
    if caps.project is not None:
        accounts.append(("privacy.project_cap", balance(ledger, source, caps.project, project)))
    for rule, account in accounts:
        if nano_rho > account.left:
            asked, left = str(Decimal(nano_rho) / NANO), str(Decimal(account.left) / NANO)
            if rule == "privacy.project_cap":
                text = say(
                    "This release needs rho {asked}; project {project} has {left} left.",
                    asked=asked,
                    project=project,
                    left=left,
                )
            else:
                text = say(
                    "This release needs rho {asked}; source {source} has {left} left.",
                    asked=asked,
                    source=source,
                    left=left,
                )
            return Refusal(rule, text)
    return None


def unaccounted(events: Iterable[Event]) -> tuple[Event, ...]:
    """The release packages that left: what is exact in them has no epsilon, and the caps say nothing of it."""
    return tuple(event for event in events if event.kind == "request.released")
