"""The statement of a source's privacy budget, to be taken away: amounts, days, projects and requests.

Nothing that an author worded is in it, no title, no filter: nobody reviewed those words before they leave here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from egress.checks.table import Table
from egress.package.tables import to_csv
from egress.privacy.ledger import NANO, Ledger, balance
from egress.release.model import ReleaseRequest
from hub.events.chain import Event
from hub.policy.model import PrivacyRules

SCHEMA = "bulle.budget-statement/1"
GUARANTEE = (
    "The guarantee of differential privacy covers the releases with noise that are counted here, and nothing else: "
    "exact releases are listed as unaccounted."
)
_COLUMNS = ("at", "source", "project", "kind", "rho", "request")


def statement(
    source: str,
    ledger: Ledger,
    events: Mapping[int, Event],
    exact: tuple[tuple[str, ReleaseRequest, int], ...],
    caps: tuple[int, PrivacyRules],
) -> dict[str, Any]:
    """`exact`: when a package left, its request, how many exact outputs it held. `caps`: the source's, in nano-rho."""
    held = balance(ledger, source, caps[0])
    entries = [
        {
            "at": events[entry.reservation.seq].at,
            "project": entry.reservation.project,
            "kind": str(entry.standing),
            "rho": entry.reservation.nano_rho / NANO,
        }
        for entry in ledger.entries
        if entry.reservation.source == source
    ]
    refused = [
        {"at": event.at, "project": event.project, "kind": "refused", "rho": event.body["nano_rho"] / NANO}
        for event in events.values()
        if event.kind == "privacy.refused"
        and event.body.get("source") == source
        and type(event.body.get("nano_rho")) is int
    ]
    unaccounted = [
        {"at": at, "project": request.project, "request": request.id, "outputs": outputs}
        for at, request, outputs in exact
    ]
    return {
        "schema": SCHEMA,
        "source": source,
        "guarantee": GUARANTEE,
        "unit_of_privacy": "one person with all rows",
        "delta": caps[1].delta,
        "cap_rho": caps[0] / NANO,
        "spent_rho": held.spent / NANO,
        "reserved_rho": held.reserved / NANO,
        "left_rho": held.left / NANO,
        "unreadable_entry": ledger.unreadable,
        "entries": entries,
        "refused": refused,
        "unaccounted": unaccounted,
    }


def as_json(stated: Mapping[str, Any]) -> bytes:
    """Indented, the same statement always the same bytes."""
    return json.dumps(stated, ensure_ascii=False, indent=2, allow_nan=False).encode() + b"\n"


def as_csv(stated: Mapping[str, Any]) -> bytes:
    """One line per entry; exact releases have no rho."""
    lines = [*stated["entries"], *stated["refused"]]
    lines += [{**each, "kind": "exact, unaccounted"} for each in stated["unaccounted"]]
    rows = [tuple({**line, "source": stated["source"]}.get(name) for name in _COLUMNS) for line in lines]
    return to_csv(Table(_COLUMNS, tuple(sorted(rows, key=lambda row: str(row[0])))))
