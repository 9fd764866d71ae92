"""The statement of a source's privacy budget, to be taken away: amounts, days, projects and requests.

Nothing that an author worded is in it, no title, no filter: nobody reviewed those words before they leave here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from egress.budget.view import View, account, exact_releases, refusals
from egress.checks.table import Table
from egress.package.tables import to_csv
from egress.privacy.ledger import NANO, balance, nano
from egress.release.status import Status
from hub.events.chain import Event

SCHEMA = "bulle.budget-statement/1"
GUARANTEE = (
    "The guarantee of differential privacy covers the releases with noise that are counted here, and nothing else: "
    "exact releases are listed as unaccounted."
)
_COLUMNS = ("at", "source", "project", "kind", "rho", "request")


def statement(view: View, source: str) -> dict[str, Any] | None:
    """The whole of `source`, whoever asks; None where no rules say what it may spend."""
    rules = view.source_rules(source)
    if rules is None:
        return None
    own = account("", balance(view.ledger, source, nano(rules.source_cap_rho)), rules)
    return {
        "schema": SCHEMA,
        "source": source,
        "guarantee": GUARANTEE,
        "unit_of_privacy": "one person with all rows",
        "cap_rho": own.held.cap / NANO,
        "spent_rho": own.held.spent / NANO,
        "reserved_rho": own.held.reserved / NANO,
        "left_rho": own.held.left / NANO,
        "epsilon": own.epsilon,
        "delta": own.delta,
        "unreadable_entry": view.ledger.unreadable,
        "entries": [
            _line(view.events[held.seq], str(entry.standing), held.nano_rho)
            for entry in view.ledger.entries
            if (held := entry.reservation).source == source
        ],
        "refused": [
            _line(event, "refused", event.body["nano_rho"])
            for event in reversed(refusals(view.events, source))
            if type(event.body.get("nano_rho")) is int
        ],
        "unaccounted": [
            {
                "at": request.reached[Status.RELEASED],
                "project": request.project,
                "request": request.id,
                "outputs": len(outputs),
            }
            for request, outputs in exact_releases(view.reader.situation, source)
        ],
    }


def _line(event: Event, kind: str, nano_rho: int) -> dict[str, Any]:
    return {"at": event.at, "project": event.project, "kind": kind, "rho": nano_rho / NANO}


def as_json(stated: Mapping[str, Any]) -> bytes:
    """Indented, the same statement always the same bytes."""
    return json.dumps(stated, ensure_ascii=False, indent=2, allow_nan=False).encode() + b"\n"


def as_csv(stated: Mapping[str, Any]) -> bytes:
    """One line per entry; exact releases have no rho."""
    lines = [*stated["entries"], *stated["refused"]]
    lines += [{**each, "kind": "exact, unaccounted"} for each in stated["unaccounted"]]
    rows = [tuple({**line, "source": stated["source"]}.get(name) for name in _COLUMNS) for line in lines]
    return to_csv(Table(_COLUMNS, tuple(sorted(rows, key=lambda row: str(row[0])))))


# By the ending of its file: what makes it, and its media type.
FORMS = MappingProxyType({"json": (as_json, "application/json"), "csv": (as_csv, "text/csv; charset=utf-8")})
