"""Looks at the budget: one reading of the log, the rules, and the reports that say what was spent on what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from egress.airlock.desk import Desk
from egress.airlock.situation import Situation
from egress.budget.asked import in_words
from egress.budget.view import Asked, Reader, View
from egress.checks.model import Audience, Protection
from egress.package.spelling import visible
from egress.privacy.ledger import fold
from egress.release.model import OutputRecord, ReleaseRequest
from egress.store.quarantine import QuarantineError
from hub.events.chain import Event
from hub.policy.files import PolicyFileError, read_rules
from hub.policy.model import PrivacyRules


def look(desk: Desk, person: str | None, policies: Path | None) -> View:
    """What `person` (None: the machine's operator) sees. `policies`: the folder of rules; None for the shipped ones."""
    situation, events = desk.accounts()
    reader = Reader(situation, person)
    rules = rules_of(situation, policies)
    return View(reader, fold(events), {event.seq: event for event in events}, rules, _asked(desk, reader))


def overview(situation: Situation, events: tuple[Event, ...], policies: Path | None) -> View:
    """Every source's sums, without what was asked: `events` are the privacy ledger's."""
    rules = rules_of(situation, policies)
    return View(Reader(situation, None), fold(events), {event.seq: event for event in events}, rules, {})


def rules_of(situation: Situation, policies: Path | None) -> Mapping[str, PrivacyRules]:
    """The rules that permits name, by name; those that are gone or cannot be read are left out."""
    found = {}
    for name in sorted({permit.rules for permit in situation.enclave.permits.values()}):
        try:
            found[name] = read_rules(name, policies).privacy.value
        except PolicyFileError:
            continue
    return found


def _asked(desk: Desk, reader: Reader) -> dict[int, Asked]:
    """What the reservations were for: of requests that the reader may see, by the reports of their outputs."""
    seen = {permit.project for permit in reader.permits()}
    found: dict[int, Asked] = {}
    for request in reader.situation.requests.values():
        if request.project in seen:
            for record in request.outputs:
                if record.protect is Protection.DP:
                    found |= _of(desk, reader.situation, request, record)
    return found


def _of(desk: Desk, situation: Situation, request: ReleaseRequest, record: OutputRecord) -> dict[int, Asked]:
    try:
        report = desk.read(record, Audience.AUTHOR)
    except (QuarantineError, ValueError, KeyError, TypeError):
        return {}
    seq = report.dp.get("reservation")
    if type(seq) is not int or report.dp.get("charged") == "0":
        return {}
    catalogue = situation.enclave.sources.get(situation.source_for(request))
    keys, filters = in_words(report, catalogue)
    return {seq: Asked(request.id, visible(record.title or record.name), keys, filters)}
