"""The privacy ledger: what each data source has spent, folded from the event log. Pure; whole nano-rho.

Persons are protected per source: all projects on one source spend from one cap, and a new extract gives nothing back.
A reservation counts from the moment it stands in the log, whatever becomes of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from hub.events.chain import Event
from hub.policy.model import DataPermit
from hub.policy.verdict import Refusal
from hub.words import say

NANO = 10**9


class Standing(StrEnum):
    """Where a reservation is. All three count as spent."""

    RESERVED = "reserved"
    RELEASED = "released"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Reservation:
    """rho set aside for one draw, as entry `seq` of the log. `spec` and `extract` are digests."""

    seq: int
    source: str
    project: str
    spec: str
    extract: str
    nano_rho: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Where an answer is kept: the place of its event in the log, and that event's digest."""

    seq: int
    digest: str


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A reservation, where it is, and where the answer is that it gave."""

    reservation: Reservation
    standing: Standing = Standing.RESERVED
    answer: Kept | None = None


def _empty() -> MappingProxyType[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Ledger:
    """Every reservation by its place. `unreadable` is the first entry that makes no sense: then nothing is granted.

    `sums` are (spent, reserved) by (source, project); `exactest` the place of the most exact answered reservation by
    (spec, extract). Both follow from `by_place` and are kept beside it: neither is looked for among all reservations.
    `granted` is the nano-rho of each project's permit, the last that was issued.
    """

    by_place: MappingProxyType[int, LedgerEntry] = field(default_factory=_empty)
    sums: MappingProxyType[tuple[str, str], tuple[int, int]] = field(default_factory=_empty)
    exactest: MappingProxyType[tuple[str, str], int] = field(default_factory=_empty)
    granted: MappingProxyType[str, int] = field(default_factory=_empty)
    unreadable: int | None = None

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """The reservations in the order of the log."""
        return tuple(self.by_place.values())

    def stored(self, spec: str, extract: str, nano_rho: int) -> LedgerEntry | None:
        """The most exact answer given to this spec on this extract, if it is at least as exact as asked."""
        place = self.exactest.get((spec, extract))
        found = None if place is None else self.by_place[place]
        return found if found is not None and found.reservation.nano_rho >= nano_rho else None

    def failed(self, project: str, spec: str, extract: str, nano_rho: int) -> bool:
        """Whether a draw of just this came to nothing."""
        asked = (project, spec, extract, nano_rho)
        lapsed = (entry.reservation for entry in self.by_place.values() if entry.standing is Standing.LAPSED)
        return any((one.project, one.spec, one.extract, one.nano_rho) == asked for one in lapsed)


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


def fold(events: Iterable[Event], ledger: Ledger | None = None) -> Ledger:
    """`ledger` (an empty one by default) after `events`; other kinds change nothing. An entry that makes no sense is
    told, and nothing after it is read.
    """
    before = ledger or Ledger()
    entries, sums, exactest = before.by_place.copy(), before.sums.copy(), before.exactest.copy()
    granted, unreadable = before.granted.copy(), before.unreadable
    for event in events:
        if event.kind not in _KINDS or unreadable is not None:
            continue
        try:
            if event.kind == "permit.issued":
                granted[event.project] = nano(DataPermit.model_validate_json(event.body["permit"]).rho)
                continue
            entry = _reserved(event) if event.kind == "privacy.reserved" else _ended(event, entries)
        except (KeyError, TypeError, ValueError):
            unreadable = event.seq
            continue
        entries[entry.reservation.seq] = entry
        _add(entry, sums)
        if entry.answer is not None:
            _keep(entry, entries, exactest)
    proxied = (MappingProxyType(sums), MappingProxyType(exactest), MappingProxyType(granted))
    return Ledger(MappingProxyType(entries), *proxied, unreadable)


_KINDS = frozenset({"privacy.reserved", "privacy.released", "privacy.lapsed", "permit.issued"})


def _reserved(event: Event) -> LedgerEntry:
    body = event.body
    source, spec, extract, rho = body["source"], body["spec"], body["extract"], body["nano_rho"]
    if type(rho) is not int or rho < 1:
        raise ValueError(event.kind)
    for text in (source, spec, extract):
        if type(text) is not str or not text:
            raise ValueError(event.kind)
    return LedgerEntry(Reservation(event.seq, source, event.project, spec, extract, rho))


def _ended(event: Event, entries: Mapping[int, LedgerEntry]) -> LedgerEntry:
    entry = entries[event.body["reservation"]]
    if entry.standing is not Standing.RESERVED or entry.reservation.project != event.project:
        raise ValueError(event.kind)
    if event.kind == "privacy.lapsed":
        return LedgerEntry(entry.reservation, Standing.LAPSED)
    if not isinstance(event.body["answer"], dict):
        raise TypeError(event.kind)
    return LedgerEntry(entry.reservation, Standing.RELEASED, Kept(event.seq, event.digest))


def _add(entry: LedgerEntry, sums: dict[tuple[str, str], tuple[int, int]]) -> None:
    """A new reservation is reserved; one that ended moves from reserved to spent, and the sum stays."""
    held = entry.reservation
    account = (held.source, held.project)
    spent, reserved = sums.get(account, (0, 0))
    if entry.standing is Standing.RESERVED:
        sums[account] = (spent, reserved + held.nano_rho)
    else:
        sums[account] = (spent + held.nano_rho, reserved - held.nano_rho)


def _keep(entry: LedgerEntry, entries: Mapping[int, LedgerEntry], exactest: dict[tuple[str, str], int]) -> None:
    held = entry.reservation
    place = exactest.get((held.spec, held.extract))
    if place is None or entries[place].reservation.nano_rho < held.nano_rho:
        exactest[held.spec, held.extract] = held.seq


def balance(ledger: Ledger, source: str, cap: int, project: str | None = None) -> Balance:
    """The account of `source`; with `project`, that project's part of it."""
    parts = [part for account, part in ledger.sums.items() if account[0] == source and project in {None, account[1]}]
    return Balance(sum(part[0] for part in parts), sum(part[1] for part in parts), cap)


def may_reserve(ledger: Ledger, source: str, project: str, nano_rho: int, caps: Caps) -> Refusal | None:
    """None when both accounts have room. A project's cap is what its permit grants by the log, where it has one there:
    a permit that was replaced since `caps` were read counts no more.
    """
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
        cap = ledger.granted.get(project, caps.project)
        accounts.append(("privacy.project_cap", balance(ledger, source, cap, project)))
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
