"""When a package is signed: for one decision, found in a log that holds together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from egress.release.signing import Known, known_after, may_sign, statement
from hub.events.chain import Event, Tampering, verify
from hub.events.log import EventLog
from hub.policy.verdict import Grant, Refusal
from tests.egress.release.requests import (
    ALICE,
    CAROL,
    TODAY,
    checked,
    decided,
    given,
    no,
    permit,
    record,
    rerun,
    submitted,
    yes,
)

DIGEST, OTHER = "a" * 64, "b" * 64
Act = tuple[str, str, Any]
APPROVED: tuple[Act, ...] = (
    submitted(),
    rerun(),
    checked(record("stays")),
    given("carol", yes("stays")),
    decided("stays"),
)
Logged = Callable[..., tuple[Event, ...]]


@pytest.fixture
def logged(tmp_path: Path) -> Logged:
    """A real log of people, a permit and these acts."""

    def events(*acts: Act, until: date = date(2026, 12, 31)) -> tuple[Event, ...]:
        log = EventLog(tmp_path / "log.db")
        for person in (ALICE, CAROL):
            log.append("admin", "person.added", "", {"person": person.model_dump()})
        log.append("admin", "permit.issued", "costs", {"permit": permit(valid_until=until).model_dump_json()})
        for actor, kind, body in acts:
            log.append(actor, kind, "costs", body)
        read = log.read()
        log.close()
        return read

    return events


def signed(digest: str = DIGEST, actor: str = "signer") -> Act:
    return actor, "request.signed", {"request": "costs-1", "digest": digest, "fingerprint": "0" * 64}


def rechecked(*, changed: bool) -> Act:
    actor, _, body = checked(record("stays"))
    return actor, "request.rechecked", {**body, "changed": changed}


def known(events: tuple[Event, ...]) -> Known | Tampering:
    """What a signer knows that has followed these events."""
    return verify(events) or known_after(events, Known())


def asked(events: tuple[Event, ...], digest: str = DIGEST, request: str = "costs-1", today: date = TODAY) -> str:
    """The rule that refuses, or "" for leave."""
    verdict = may_sign(known(events), request, digest, today)
    return verdict.rule if isinstance(verdict, Refusal) else ""


def test_an_approved_request_is_signed(logged: Logged) -> None:
    verdict = may_sign(known(logged(*APPROVED)), "costs-1", DIGEST, TODAY)
    assert isinstance(verdict, Grant)
    assert verdict.project == "costs"


@pytest.mark.parametrize("steps", range(5))
def test_before_its_decision_a_request_is_not(logged: Logged, steps: int) -> None:
    assert asked(logged(*APPROVED[:steps])) in {"signer.no_request", "request.wrong_status"}


@pytest.mark.parametrize(
    "acts",
    [
        (*APPROVED[:3], decided("stays")),  # nobody voted
        (*APPROVED[:3], given("alice", yes("stays")), decided("stays")),  # but its author
        (*APPROVED[:3], given("carol", no("stays")), decided("stays")),  # or otherwise
        (*APPROVED[:3], given("carol", no("stays")), decided(rejected=("stays",))),
        (*APPROVED, ("alice", "request.withdrawn", {"request": "costs-1"})),
        (*APPROVED, ("egress", "request.released", {"request": "costs-1", "package": OTHER})),
    ],
    ids=["no vote", "own vote", "against the vote", "rejected", "withdrawn", "released"],
)
def test_a_decision_that_its_reviews_do_not_make_is_none(logged: Logged, acts: tuple[Act, ...]) -> None:
    assert asked(logged(*acts)) == "request.wrong_status"


@pytest.mark.parametrize(("day", "rule"), [(-1, "permit.ended"), (0, ""), (1, "")])
def test_the_permit_is_still_in_force(logged: Logged, day: int, rule: str) -> None:
    until = date(2026, 6, 1 + day) if day >= 0 else date(2026, 5, 31)
    assert asked(logged(*APPROVED, until=until)) == rule


@pytest.mark.parametrize("named", [("project", "costs"), ("person", "alice")])
def test_what_is_halted_is_not_signed(logged: Logged, named: tuple[str, str]) -> None:
    scope, name = named
    halt = ("dora", "access.halted", {"scope": scope, "name": name, "why": "an incident"})
    assert asked(logged(*APPROVED, halt)) not in {"", "request.wrong_status"}


def test_the_same_package_is_signed_again_and_no_other(logged: Logged) -> None:
    events = logged(*APPROVED, signed())
    assert asked(events) == ""
    assert asked(events, OTHER) == "signer.other_package"


def test_who_is_not_the_signer_has_signed_nothing(logged: Logged) -> None:
    assert asked(logged(*APPROVED, signed(OTHER, actor="egress"))) == ""


def test_a_new_decision_has_a_signature_of_its_own(logged: Logged) -> None:
    back = (rechecked(changed=True), given("carol", yes("stays")), decided("stays"))
    assert asked(logged(*APPROVED, signed(OTHER), *back)) == ""


def test_checks_that_say_the_same_keep_the_signature(logged: Logged) -> None:
    assert asked(logged(*APPROVED, signed(OTHER), rechecked(changed=False))) == "signer.other_package"


def test_another_request_is_not_this_one(logged: Logged) -> None:
    assert asked(logged(*APPROVED), request="costs-2") == "signer.no_request"


@pytest.mark.parametrize("seq", [1, 4, 8])
def test_in_a_log_that_was_changed_nothing_is_signed(logged: Logged, seq: int) -> None:
    events = list(logged(*APPROVED))
    found = events[seq - 1]
    events[seq - 1] = Event(
        found.seq, found.at, "mallory", found.kind, found.project, found.body, found.previous, found.digest
    )
    assert asked(tuple(events)) == "signer.log_changed"
    assert asked(tuple(logged(*APPROVED)[1:])) == "signer.log_changed"


def test_what_is_signed_is_three_lines() -> None:
    assert statement("costs-1", DIGEST) == f"bulle.release/1\ncosts-1\n{DIGEST}\n".encode()
