"""What a reader sees of a source's privacy budget: sums, what they were spent on, what is outside them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from egress.airlock.situation import Situation
from egress.checks.model import Protection
from egress.package.spelling import visible
from egress.privacy import costs
from egress.privacy.ledger import NANO, Balance, Ledger, LedgerEntry, balance, nano
from egress.release.model import OutputRecord, ReleaseRequest
from egress.release.status import Status
from hub.events.chain import Event
from hub.policy.decide import may_see_budget
from hub.policy.model import DataPermit, PrivacyRules
from hub.policy.verdict import Act, Grant
from hub.words import Message


@dataclass(frozen=True)
class Asked:
    """What a reservation was for, as far as its request can be read."""

    request: str
    title: str
    keys: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """One spending or refusal, entry `seq` of the log; nano-rho, None where a refusal does not tell it.

    `asked` is None where the reader may not know it, or nobody does.
    """

    seq: int
    at: str
    project: str
    nano_rho: int | None
    standing: str
    asked: Asked | None = None
    why: Message | None = None


@dataclass(frozen=True)
class Outside:
    """An exact output that left: no budget counts it. `title` is empty where the reader may not know it."""

    at: str
    project: str
    request: str
    title: str
    link: bool


@dataclass(frozen=True)
class Account:
    """A source's account, or a project's part of it (`project` set), in nano-rho; ε of what is spent and reserved."""

    project: str
    held: Balance
    epsilon: float
    delta: float


@dataclass(frozen=True)
class Part:
    """One source. `whole`: all projects on it are shown; `export`: its statement is offered. Newest first."""

    source: str
    accounts: tuple[Account, ...]
    lines: tuple[Line, ...]
    refused: tuple[Line, ...]
    outside: tuple[Outside, ...]
    whole: bool
    export: bool
    unreadable: int | None = None

    def concerns(self, project: str) -> bool:
        """Whether `project` has an account here, or spent, asked for or released something."""
        own = self.of(project)
        accounts = [each for each in own.accounts if each.project]
        return bool(accounts or own.lines or own.refused or own.outside)

    def of(self, project: str) -> Part:
        """What of it concerns `project`; the source's account stays."""
        return replace(
            self,
            accounts=tuple(each for each in self.accounts if each.project in {"", project}),
            lines=tuple(each for each in self.lines if each.project == project),
            refused=tuple(each for each in self.refused if each.project == project),
            outside=tuple(each for each in self.outside if each.project == project),
        )


@dataclass(frozen=True)
class Reader:
    """Who looks. `person` None is the machine's operator, who holds the log itself and sees all of it."""

    situation: Situation
    person: str | None

    def may(self, permit: DataPermit | None, act: Act) -> bool:
        """Whether the rule grants `act` on the permit's project."""
        if self.person is None:
            return True
        return isinstance(may_see_budget(self.situation.person(self.person), permit, self.situation.stops, act), Grant)

    def permits(self, act: Act = Act.SEE_BUDGET) -> tuple[DataPermit, ...]:
        """The permits by which this reader may do `act`, by project."""
        return tuple(each for _, each in sorted(self.situation.enclave.permits.items()) if self.may(each, act))

    def sees(self, project: str) -> bool:
        """Whether the requests of `project` are this reader's to see."""
        return self.person is None or self.situation.sees(self.person, project)


@dataclass(frozen=True)
class View:
    """One reading of the log by one reader. `events` are the privacy ledger's, by place; `rules` by their name, those
    that can be read; `asked` by the place of the reservation.
    """

    reader: Reader
    ledger: Ledger
    events: Mapping[int, Event]
    rules: Mapping[str, PrivacyRules]
    asked: Mapping[int, Asked]

    def sources(self) -> tuple[str, ...]:
        """The sources whose budget the reader sees; the operator also those that no permit names any more."""
        found = {permit.source for permit in self.reader.permits()}
        if self.reader.person is None:
            found |= {source for source, _ in self.ledger.sums}
        return tuple(sorted(found))

    def part(self, source: str) -> Part:
        """All that the reader sees of `source`."""
        mine = [permit for permit in self.reader.permits() if permit.source == source]
        whole = self.reader.person is None or any(self.reader.may(each, Act.SEE_SOURCE_BUDGET) for each in mine)
        shown = None if whole else frozenset(permit.project for permit in mine)
        entries = reversed([entry for entry in self.ledger.entries if entry.reservation.source == source])
        return Part(
            source,
            tuple(self._accounts(source, mine, whole=whole)),
            tuple(self._line(entry) for entry in entries if shown is None or entry.reservation.project in shown),
            tuple(each for each in self._refusals(source) if shown is None or each.project in shown),
            tuple(each for each in self._outside(source) if shown is None or each.project in shown),
            whole,
            self.reader.person is None or any(self.reader.may(each, Act.EXPORT_BUDGET) for each in mine),
            self.ledger.unreadable,
        )

    def source_rules(self, source: str) -> PrivacyRules | None:
        """The rules that let the source spend most, of all its permits: nothing is spent beyond their cap."""
        permits = [each for each in self.reader.situation.enclave.permits.values() if each.source == source]
        found = [self.rules[permit.rules] for permit in permits if permit.rules in self.rules]
        return max(found, key=lambda rules: rules.source_cap_rho, default=None)

    def _accounts(self, source: str, mine: Iterable[DataPermit], *, whole: bool) -> Iterable[Account]:
        rules = self.source_rules(source)
        if whole and rules is not None:
            yield account("", balance(self.ledger, source, nano(rules.source_cap_rho)), rules)
        for permit in mine:
            own = self.rules.get(permit.rules)  # rules that are gone grant nothing, and have no account
            if own is not None:
                held = balance(self.ledger, source, nano(permit.rho), permit.project)
                yield account(permit.project, held, own)

    def _line(self, entry: LedgerEntry) -> Line:
        held = entry.reservation
        event, asked = self.events.get(held.seq), self.asked.get(held.seq)
        return Line(held.seq, event.at if event else "", held.project, held.nano_rho, str(entry.standing), asked)

    def _refusals(self, source: str) -> Iterable[Line]:
        for event in refusals(self.events, source):
            rho = event.body.get("nano_rho")
            asked = rho if type(rho) is int else None
            yield Line(event.seq, event.at, event.project, asked, "refused", why=_reason(event.body.get("reason")))

    def _outside(self, source: str) -> Iterable[Outside]:
        situation = self.reader.situation
        found = []
        for request, outputs in exact_releases(situation, source):
            known = self.reader.may(situation.permit(request.project), Act.SEE_BUDGET)
            link, at = self.reader.sees(request.project), request.reached[Status.RELEASED]
            found += [
                Outside(at, request.project, request.id, visible(each.title or each.name) if known else "", link)
                for each in outputs
            ]
        return sorted(found, key=lambda each: each.at, reverse=True)


def accounts(ledger: Ledger, permits: Iterable[DataPermit]) -> Mapping[str, Balance]:
    """By project, what is spent, reserved and left of its permit's rho; none where the ledger cannot be read."""
    if ledger.unreadable is not None:
        return {}
    return {each.project: balance(ledger, each.source, nano(each.rho), each.project) for each in permits}


def account(project: str, held: Balance, rules: PrivacyRules) -> Account:
    """With the ε that goes at the rules' δ with all that counts as spent."""
    return Account(project, held, costs.epsilon((held.spent + held.reserved) / NANO, rules.delta), rules.delta)


def refusals(events: Mapping[int, Event], source: str) -> list[Event]:
    """What was asked of `source` and refused, newest first."""
    newest = reversed([*events.values()])
    return [event for event in newest if event.kind == "privacy.refused" and event.body.get("source") == source]


def exact_releases(situation: Situation, source: str) -> list[tuple[ReleaseRequest, tuple[OutputRecord, ...]]]:
    """The packages of `source` that were made, each with its outputs that carry no noise, where it has some."""
    found = []
    for request in situation.requests.values():
        exact = tuple(output for output in request.approved if output.protect is not Protection.DP)
        if exact and Status.RELEASED in request.reached and situation.source_for(request) == source:
            found.append((request, exact))
    return found


def _reason(raw: Any) -> Message | None:
    try:
        reason = Message.from_dict(raw)
        reason.fill(reason.text)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None
    return reason
