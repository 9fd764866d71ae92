"""Open workspaces and figures on the command line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from egress.checks.model import Outcome
from hub.events.log import EventLog
from tests.bulle.cli.test_admin import Capture, Desk
from tests.egress.release.requests import checked, decided, given, record, rerun, submitted, yes


@pytest.fixture
def desk(tmp_path: Path, capsys: Capture) -> Desk:
    """Alice's workspace of `care` is open; a request of hers was approved."""
    desk = Desk(tmp_path, capsys)
    desk.prepare()
    log = EventLog(desk.state / "events" / "log.db")
    log.append("alice", "session.started", "care", {})
    log.append("dan", "session.stopped", "care", {"person": "dan", "rule": "session.idle"})
    a = record("a", Outcome.PASS)
    for actor, kind, body in (submitted(), rerun(), checked(a), given("carol", yes("a"), minutes=5), decided("a")):
        log.append(actor, kind, "care", body)
    log.close()
    return desk


def test_open_workspaces_and_the_last_closings_are_listed(desk: Desk) -> None:
    answer = desk.json("session", "list", "--closed")
    assert answer["schema"] == "bulle.sessions/1"
    assert [(each["person"], each["project"], each["closes_at"]) for each in answer["open"]] == [
        ("alice", "care", None)
    ]
    assert [(each["person"], each["rule"]) for each in answer["closed"]] == [("dan", "session.idle")]
    text = desk.run("session", "list", "--closed")
    assert "alice" in text
    assert "session.idle" in text
    assert "No workspace is open." in desk.run("session", "list", "--project", "other")


def test_a_halt_shows_that_a_workspace_is_being_closed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulle.cli.closing.PATIENCE", 0.0)
    desk.run("halt", "person", "alice", "--why", "x", code=1)  # no hub runs here that would close it
    (found,) = desk.json("session", "list")["open"]
    assert found["closing"]["rule"] == "halt.person"


def test_figures_are_a_table_json_and_csv(desk: Desk) -> None:
    (group,) = desk.json("desk", "figures")["groups"]
    assert (group["rules"], group["turns"], group["came"]) == ("health-fr", 1, {"approved": 1})
    assert desk.json("desk", "figures")["checkers"][0]["minutes"] == 5
    (line,) = csv.DictReader(io.StringIO(desk.run("desk", "figures", "--csv")))
    assert (line["turns"], line["approved"], line["decision_cases"]) == ("1", "1", "1")
    assert "health-fr" in desk.run("desk", "figures")
    assert "carol" not in desk.run("desk", "figures")


def test_an_alarm_is_listed_and_answered_by_an_administrator(desk: Desk) -> None:
    assert "No alarm." in desk.run("alarm", "list")
    log = EventLog(desk.state / "events" / "log.db")
    body = {"person": "alice", "door": "edge", "tried": "terminals", "day": "2026-06-01", "times": 1}
    log.append("meter", "alarm.raised", "care", body)
    log.close()
    (found,) = desk.json("alarm", "list", "--unanswered")["alarms"]
    assert (found["alarm"], found["answer"]) == ("2026-06-01/edge/terminals/alice/care", None)
    desk.run("alarm", "answer", found["alarm"], "--why", "asked her", "--as", "carol", code=2)
    desk.run("person", "add", "erin", "--name", "Erin Novak")
    desk.run("person", "appoint", "erin", "--why", "runs the data office")
    assert "is answered" in desk.run("alarm", "answer", found["alarm"], "--why", "asked her", "--as", "erin")
    assert desk.json("alarm", "list", "--unanswered")["alarms"] == []
    assert "asked her" in desk.run("alarm", "list")
