"""Events and requests for the tests of these rooms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from egress.checks.model import Assurance, Outcome, Protection
from egress.release.model import OutputRecord
from egress.release.review import Choice, Decision, Vote
from hub.events.chain import Event
from hub.policy.model import DataPermit, Membership, Person, Role, TableGrant
from hub.policy.review import ReviewRules

TODAY = date(2026, 6, 1)
ALICE, BOB = Person(id="alice", name="Alice Martin"), Person(id="bob", name="Bob Petit")
CAROL, DORA = Person(id="carol", name="Carol Roux"), Person(id="dora", name="Dora Blanc")


def permit(**changes: Any) -> DataPermit:
    """A permit of project `costs`: alice and bob research, carol and dora check."""
    given: dict[str, Any] = {
        "project": "costs",
        "title": "Costs",
        "purpose": "public-health-research",
        "statement": "Because.",
        "source": "tiny",
        "rules": "health-fr",
        "rho": Decimal(1),
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2026, 12, 31),
        "persons": (
            Membership(person="alice", role=Role.RESEARCHER),
            Membership(person="bob", role=Role.RESEARCHER),
            Membership(person="carol", role=Role.OUTPUT_CHECKER),
            Membership(person="dora", role=Role.OUTPUT_CHECKER),
        ),
        "tables": {"stay": TableGrant(columns=("region", "sex", "cost"))},
    }
    return DataPermit(**{**given, **changes})


def record(name: str, outcome: Outcome = Outcome.PASS, protect: Protection = Protection.SUPPRESS) -> OutputRecord:
    return OutputRecord(name, f"Table {name}", Assurance.RECOMPUTED, outcome, protect, "0" * 64)


def events(*acts: tuple[str, str, Mapping[str, Any]], project: str = "costs") -> tuple[Event, ...]:
    """(actor, kind, body) as events, a minute apart."""
    return tuple(
        Event(seq, f"2026-06-01T08:{seq:02}:00.000+00:00", actor, kind, project, body, "", "")
        for seq, (actor, kind, body) in enumerate(acts, start=1)
    )


def submitted(request: str = "costs-1", actor: str = "alice") -> tuple[str, str, Mapping[str, Any]]:
    notebook = {"name": "study.ipynb", "sha256": "1" * 64, "size": 10}
    body = {"request": request, "entry": f"{request}.request", "title": "", "notebook": notebook, "files": []}
    return actor, "request.submitted", body


def rerun(request: str = "costs-1", ended: str = "finished") -> tuple[str, str, Mapping[str, Any]]:
    return (
        "egress",
        "request.rerun",
        {
            "request": request,
            "ended": ended,
            "notebook": "2" * 64,
            "folder": "v1",
            "extract": "3" * 64,
            "image": "sha256:0",
            "isolation": "container",
        },
    )


def checked(
    *outputs: OutputRecord, lane: str = "review", required: int = 1, rules: ReviewRules | None = None
) -> tuple[str, str, Mapping[str, Any]]:
    """As a log of before says it; with `rules`, as one of today does."""
    body: dict[str, Any] = {
        "request": "costs-1",
        "lane": lane,
        "outputs": [output.to_dict() for output in outputs],
        "undeclared": [],
        "checkers_required": required,
        "basis": {"rules_name": "health-fr", "rules": "4" * 64, "versions": {"duckdb": "2.0"}},
    }
    if rules is not None:
        body["review"] = rules.model_dump(mode="json")
    return "egress", "request.checked", body


def given(actor: str, *votes: Vote, **more: Any) -> tuple[str, str, Mapping[str, Any]]:
    return actor, "review.given", {"request": "costs-1", "votes": [vote.to_dict() for vote in votes], **more}


def decided(
    *approved: str, rejected: tuple[str, ...] = (), changes: tuple[str, ...] = ()
) -> tuple[str, str, Mapping[str, Any]]:
    body = {"request": "costs-1", **Decision(approved, rejected, changes).to_dict()}
    return "egress", "request.decided", body


def about(actor: str, kind: str, **body: Any) -> tuple[str, str, Mapping[str, Any]]:
    return actor, kind, {"request": "costs-1", **body}


def yes(name: str) -> Vote:
    return Vote(name, Choice.APPROVE)


def change(name: str) -> Vote:
    return Vote(name, Choice.CHANGE, "Group the sites.")


def resubmitted(actor: str = "alice") -> tuple[str, str, Mapping[str, Any]]:
    notebook = {"name": "study.ipynb", "sha256": "6" * 64, "size": 12}
    body = {"request": "costs-1", "entry": "second.request", "title": "", "notebook": notebook, "files": []}
    return actor, "request.resubmitted", {**body, "descriptions": "7" * 64, "answer": "8" * 64}


def no(name: str) -> Vote:
    return Vote(name, Choice.REJECT)
