"""Events of imports for the tests of these rooms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from egress.imports.guards import Asker, Asking
from egress.imports.model import digest_of
from egress.release.model import FrozenFile
from hub.events.chain import Event
from hub.policy.limits import read_limits
from hub.policy.model import ImportRules, Person, Role
from hub.policy.stops import Stops
from tests.egress.release.requests import permit

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
LIMITS = read_limits().imports
RULES = ImportRules(approver=Role.OUTPUT_CHECKER, compiled="refuse", identifiers="refuse")
FILES = (FrozenFile("tool.py", "a" * 64, 10), FrozenFile("codes.csv", "b" * 64, 20))
REPORT = "c" * 64
DIGEST = digest_of(FILES)


def asking(**changes: Any) -> Asking:
    said = {"title": "A tool", "why": "To weigh", "origin": "Our repository", "files": FILES}
    return Asking(**{**said, **changes})


def asker(person: Person | None, **changes: Any) -> Asker:
    given = {"permit": permit(), "rules": RULES, "stops": Stops(), "now": NOW}
    return Asker(person, **{**given, **changes})


def step(kind: str, actor: str, project: str = "costs", **more: Any) -> tuple[str, str, str, Mapping[str, Any]]:
    return kind, actor, project, {"import": "costs-import-1", "digest": DIGEST, **more}


ASKED = step(
    "import.asked", "alice", number=1, title="A tool", why="x", origin="y", files=[file.to_dict() for file in FILES]
)
FROZEN = step("import.frozen", "egress")
SCANNED = step("import.scanned", "egress", report=REPORT, approver="output_checker", outcome="pass")
REFUSED = step("import.refused", "egress", report=REPORT, reasons=[{"text": "No.", "values": {}}])
APPROVED = step("import.approved", "carol", report=REPORT, comment="")
REJECTED = step("import.rejected", "carol", report=REPORT, comment="no")
PLACED = step("import.placed", "egress", folder="import-1")
WITHDRAWN = step("import.withdrawn", "alice", why="old")
REMOVED = step("import.removed", "egress")
WHOLE_WAY = (ASKED, FROZEN, SCANNED, APPROVED, PLACED, WITHDRAWN, REMOVED)


def events(*steps: tuple[str, str, str, Mapping[str, Any]]) -> tuple[Event, ...]:
    """The steps as events, a minute apart."""
    return tuple(
        Event(seq, f"2026-06-01T08:{seq % 60:02}:00.000+00:00", actor, kind, project, body, "", "")
        for seq, (kind, actor, project, body) in enumerate(steps, start=1)
    )
