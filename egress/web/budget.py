"""The budget's page: what each source and project may spend of rho, what it spent, on what, and what is outside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.responses import Response

from egress.airlock.desk import Desk
from egress.airlock.situation import Situation
from egress.checks.model import Audience, Protection
from egress.package.spelling import number, visible
from egress.privacy import costs
from egress.privacy.ledger import NANO, Balance, Ledger, LedgerEntry, balance, fold, nano
from egress.query.described import filters_in_words, keys_in_words
from egress.query.model import Query
from egress.query.parse import parse
from egress.release.model import OutputRecord, ReleaseRequest
from egress.release.status import Status
from egress.store.quarantine import QuarantineError
from egress.web.statement import as_csv, as_json, statement
from egress.web.visit import Renderer, Visit, roles_of
from hub.catalogue.model import Catalogue
from hub.events.chain import Event
from hub.policy.decide import may_see_budget
from hub.policy.files import PolicyFileError, read_rules
from hub.policy.model import DataPermit, PrivacyRules
from hub.policy.verdict import Act, Grant, Refusal, RefusedError
from hub.words import Message, say

_FORMS = {"json": (as_json, "application/json"), "csv": (as_csv, "text/csv; charset=utf-8")}
_NO_STATEMENT = Refusal("budget.statement", say("There is no statement of this source's budget for you."))
MOST = 200  # lines of a page; the command line lists all


@dataclass(frozen=True)
class Asked:
    """What a reservation was for, as far as its request can be read."""

    request: str
    title: str
    keys: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """One spending or refusal. `asked` is None where the reader may not know it, or nobody does."""

    at: str
    project: str
    rho: str
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
    """One bar: a source's, or a project's part of it (`project` set). Shares are per cent of the cap."""

    source: str
    project: str
    cap: str
    spent: str
    reserved: str
    left: str
    spent_share: float
    reserved_share: float
    epsilon: str
    delta: str


@dataclass(frozen=True)
class Part:
    """One section of the page. `whole`: all projects on the source are shown; `export`: its statement is offered."""

    source: str
    accounts: tuple[Account, ...]
    lines: tuple[Line, ...]
    refused: tuple[Line, ...]
    outside: tuple[Outside, ...]
    older: int
    whole: bool
    export: bool
    unreadable: int | None = None


@dataclass(frozen=True)
class _View:
    """What one reading of the log gives one person of one source."""

    situation: Situation
    ledger: Ledger
    events: Mapping[int, Event]
    person: str
    language: str
    asked: Mapping[int, Asked]


@dataclass(frozen=True)
class BudgetPages:
    """The handler. `policies`: the folder of the rules; None for the shipped ones."""

    desk: Desk
    render: Renderer
    policies: Path | None = None

    def budget(self, visit: Visit) -> Response:
        """One section for each source that the person has to do with."""
        situation, events = self.desk.accounts()
        view = _View(
            situation,
            fold(events),
            {event.seq: event for event in events},
            visit.person,
            visit.language,
            self._asked(situation, visit.person),
        )
        permits = [
            permit
            for permit in situation.enclave.projects_of(visit.person)
            if may(situation, visit.person, permit, Act.SEE_BUDGET)
        ]
        sources = sorted({permit.source for permit in permits})
        return self.render.page(
            visit,
            "budget.html",
            roles_of(situation, visit.person),
            section="budget",
            parts=[self._part(view, source, [each for each in permits if each.source == source]) for source in sources],
        )

    def statement(self, visit: Visit) -> Response:
        """A source's statement as a file, for those who answer for the data; its taking away is an event."""
        source, form = visit.request.path_params["source"], visit.request.path_params["form"]
        situation, events = self.desk.accounts()
        permits = [each for each in situation.enclave.projects_of(visit.person) if each.source == source]
        granted = [each for each in permits if may(situation, visit.person, each, Act.EXPORT_BUDGET)]
        rules = next((found for each in granted if (found := self._rules(each)) is not None), None)
        if rules is None or form not in _FORMS:
            raise RefusedError(_NO_STATEMENT)
        exact = tuple(
            (at, request, sum(output.protect is not Protection.DP for output in request.approved))
            for request in situation.requests.values()
            if (at := request.reached.get(Status.RELEASED)) is not None and situation.source_for(request) == source
        )
        numbered = {event.seq: event for event in events}
        shown = (each for each in exact if each[2])
        stated = statement(source, fold(events), numbered, tuple(shown), (nano(rules.source_cap_rho), rules))
        self.desk.exported_budget(visit.person, granted[0].project, source)
        make, media = _FORMS[form]
        disposition = f'attachment; filename="privacy-budget-{source}.{form}"'  # sources are identifiers
        return Response(make(stated), media_type=media, headers={"Content-Disposition": disposition})

    def _part(self, view: _View, source: str, mine: Sequence[DataPermit]) -> Part:
        whole = any(may(view.situation, view.person, permit, Act.SEE_SOURCE_BUDGET) for permit in mine)
        export = any(may(view.situation, view.person, permit, Act.EXPORT_BUDGET) for permit in mine)
        shown = {permit.project for permit in mine}
        if whole:
            shown |= {permit.project for permit in view.situation.enclave.permits.values() if permit.source == source}
        entries = [
            entry
            for entry in reversed(view.ledger.entries)
            if entry.reservation.source == source and entry.reservation.project in shown
        ]
        outside = self._outside(view, source, shown)
        return Part(
            source,
            self._accounts(view, source, mine, whole=whole),
            tuple(_line(view, entry) for entry in entries[:MOST]),
            _refusals(view, source, shown)[:MOST],
            outside[:MOST],
            max(0, len(entries) - MOST),
            whole,
            export,
            view.ledger.unreadable,
        )

    def _accounts(self, view: _View, source: str, mine: Sequence[DataPermit], *, whole: bool) -> tuple[Account, ...]:
        accounts: list[Account] = []
        for permit in mine:
            rules = self._rules(permit)
            if rules is None:
                continue
            if whole and not accounts:
                cap = nano(rules.source_cap_rho)
                accounts.append(_account(view, source, "", balance(view.ledger, source, cap), rules))
            if permit.rho is not None:
                held = balance(view.ledger, source, nano(Decimal(permit.rho)), permit.project)
                accounts.append(_account(view, source, permit.project, held, rules))
        return tuple(accounts)

    def _rules(self, permit: DataPermit) -> PrivacyRules | None:
        try:
            return read_rules(permit.rules, self.policies).privacy.value
        except PolicyFileError:
            return None  # rules that are gone grant nothing; the page has no bar for them

    def _asked(self, situation: Situation, person: str) -> dict[int, Asked]:
        """What the reservations were for: of requests that the person may see, by the reports of their outputs."""
        found: dict[int, Asked] = {}
        for request in situation.requests.values():
            permit = situation.permit(request.project)
            if permit is None or not may(situation, person, permit, Act.SEE_BUDGET):
                continue
            for record in request.outputs:
                if record.protect is Protection.DP:
                    found |= self._of(situation, request, record)
        return found

    def _of(self, situation: Situation, request: ReleaseRequest, record: OutputRecord) -> dict[int, Asked]:
        permit = situation.permit(request.project)
        try:
            report = self.desk.read(record, Audience.AUTHOR)
        except (QuarantineError, ValueError, KeyError, TypeError):
            return {}
        seq = report.dp.get("reservation")
        if type(seq) is not int or permit is None or report.dp.get("charged") == "0":
            return {}
        catalogue = situation.enclave.sources.get(permit.source)
        keys, filters = _in_words(report.sql, catalogue)
        return {seq: Asked(request.id, visible(record.title or record.name), keys, filters)}

    def _outside(self, view: _View, source: str, shown: set[str]) -> tuple[Outside, ...]:
        """Exact outputs of packages that were made, newest first. Of projects that the reader may not see: the day."""
        found = []
        for request in view.situation.requests.values():
            released = request.reached.get(Status.RELEASED)
            if released is None or request.project not in shown or view.situation.source_for(request) != source:
                continue
            permit = view.situation.permit(request.project)
            known = permit is not None and may(view.situation, view.person, permit, Act.SEE_BUDGET)
            link = view.situation.sees(view.person, request.project)
            found += [
                Outside(released, request.project, request.id, visible(each.title or each.name) if known else "", link)
                for each in request.approved
                if each.protect is not Protection.DP
            ]
        return tuple(sorted(found, key=lambda each: each.at, reverse=True))


def may(situation: Situation, person: str, permit: DataPermit, act: Act) -> bool:
    """Whether the rule grants `act` on the permit's project."""
    return isinstance(may_see_budget(situation.person(person), permit, act), Grant)


def _account(view: _View, source: str, project: str, held: Balance, rules: PrivacyRules) -> Account:
    def share(part: int) -> float:
        return round(100 * min(1.0, part / held.cap), 2) if held.cap else 100.0

    used = held.spent + held.reserved
    epsilon = costs.epsilon(used / NANO, rules.delta) if used else 0.0
    spent = share(held.spent)
    return Account(
        source,
        project,
        _rho(held.cap, view.language),
        _rho(held.spent, view.language),
        _rho(held.reserved, view.language),
        _rho(held.left, view.language),
        spent,
        min(share(held.reserved), 100 - spent),
        number(round(epsilon, 2), view.language),
        number(rules.delta, view.language),
    )


def _line(view: _View, entry: LedgerEntry) -> Line:
    held = entry.reservation
    event = view.events.get(held.seq)
    return Line(
        event.at if event else "",
        held.project,
        _rho(held.nano_rho, view.language),
        str(entry.standing),
        view.asked.get(held.seq),
    )


def _refusals(view: _View, source: str, shown: set[str]) -> tuple[Line, ...]:
    found = []
    for event in reversed([*view.events.values()]):
        if event.kind == "privacy.refused" and event.body.get("source") == source and event.project in shown:
            rho = event.body.get("nano_rho")
            asked = _rho(rho, view.language) if type(rho) is int else "–"
            found.append(Line(event.at, event.project, asked, "refused", why=_reason(event.body.get("reason"))))
    return tuple(found)


def _reason(raw: Any) -> Message | None:
    try:
        reason = Message.from_dict(raw)
        reason.fill(reason.text)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None
    return reason


def _in_words(sql: str, catalogue: Catalogue | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    query = None if catalogue is None else parse(sql, catalogue)
    if not isinstance(query, Query):
        return (), ()
    return tuple(map(visible, keys_in_words(query))), tuple(map(visible, filters_in_words(query)))


def _rho(nano_rho: int, language: str) -> str:
    return number(Decimal(nano_rho) / NANO, language)
