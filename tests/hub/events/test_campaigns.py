"""Habilitation reviews as the log tells them: what is asked of whom, and what lifts it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.events.campaigns import next_id
from hub.events.log import EventLog
from hub.events.state import Enclave, fold
from hub.opening import opening
from hub.policy.verdict import Refusal
from hub.workspace import Workspace
from tests.hub.enclave import add_person, issue_permit, permit

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
AFTER = date(2026, 6, 1)
WORKSPACE = Workspace("alice", "study")


def issue(log: EventLog, *researchers: str) -> None:
    named = permit("study", date(2027, 1, 1), researchers)
    issue_permit(log, named.model_copy(update={"valid_from": date(2026, 1, 1)}))


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    log = EventLog(tmp_path / "log.db", lambda: NOW)
    for name in ("alice", "bob", "carla"):
        add_person(log, name)
    issue(log, "alice", "bob")
    asked = [["study", "alice"], ["study", "bob"], ["study", "carla"]]
    body = {"campaign": "review-1", "until": "2026-05-31", "effect": "close", "holders": True, "asked": asked}
    log.append("ada", "campaign.opened", "", body)
    return log


def answer(log: EventLog, kind: str, person: str = "alice", **more: Any) -> None:
    log.append("ada", kind, "study", {"campaign": "review-1", "person": person, **more})


def rule(log: EventLog, day: date = AFTER) -> str:
    verdict = opening(WORKSPACE, fold(log.read()), day)
    return verdict.rule if isinstance(verdict, Refusal) else "granted"


def test_who_is_not_confirmed_is_out_on_the_next_day_and_who_is_confirmed_stays(log: EventLog) -> None:
    assert rule(log, date(2026, 5, 31)) == "granted"
    assert rule(log) == "habilitation.unconfirmed"
    answer(log, "membership.confirmed")
    assert rule(log) == "granted"
    assert isinstance(opening(Workspace("bob", "study"), fold(log.read()), AFTER), Refusal)


def test_who_is_withdrawn_is_out_at_once_until_confirmed(log: EventLog) -> None:
    answer(log, "membership.withdrawn", why="left")
    assert rule(log, NOW.date()) == "habilitation.withdrawn"
    answer(log, "membership.confirmed")
    assert rule(log) == "granted"


def test_closing_changes_nothing_of_anybodys_access(log: EventLog) -> None:
    log.append("ada", "campaign.closed", "", {"campaign": "review-1"})
    state = fold(log.read())
    assert state.campaigns["review-1"].closed is not None
    assert rule(log) == "habilitation.unconfirmed"
    answer(log, "membership.confirmed")  # who was away is let in again
    assert rule(log) == "granted"


def test_another_version_that_names_the_person_lifts_nothing_and_one_that_does_not_begins_anew(log: EventLog) -> None:
    answer(log, "membership.withdrawn", why="left")
    issue(log, "alice")
    assert rule(log) == "habilitation.withdrawn"
    issue(log, "bob")
    issue(log, "alice", "bob")
    assert rule(log) == "granted"


def test_an_answer_to_a_campaign_that_was_never_opened_changes_nothing(log: EventLog) -> None:
    before: Enclave = fold(log.read())
    log.append("eve", "membership.confirmed", "study", {"campaign": "review-9", "person": "alice"})
    log.append("eve", "campaign.closed", "", {"campaign": "review-9"})
    assert fold(log.read()) == before
    assert next_id(before.campaigns) == "review-2"


def test_where_the_policy_only_reminds_nobody_is_out(log: EventLog) -> None:
    body = {"campaign": "review-2", "until": "2026-05-31", "effect": "remind", "holders": False}
    log.append("ada", "campaign.opened", "", {**body, "asked": [["study", "alice"]]})
    assert rule(log) == "granted"


def test_who_confirms_themselves_past_the_guard_confirms_nothing(log: EventLog) -> None:
    log.append("alice", "membership.confirmed", "study", {"campaign": "review-1", "person": "alice"})
    assert rule(log) == "habilitation.unconfirmed"
