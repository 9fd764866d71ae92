"""Stopping and going on, on the command line: what is said, what is written down, and what is waited for."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from bulle.cli import closing
from hub.events.log import EventLog
from tests.bulle.cli.test_admin import PERMIT, Capture, Desk


@pytest.fixture
def desk(tmp_path: Path, capsys: Capture) -> Desk:
    desk = Desk(tmp_path, capsys)
    desk.prepare()
    return desk


def log_of(desk: Desk) -> EventLog:
    return EventLog(desk.state / "events" / "log.db")


@pytest.mark.parametrize(
    ("arguments", "said"), [(["project", "care"], "Project care"), (["person", "alice"], "alice"), (["all"], "enclave")]
)
def test_a_halt_and_its_end_are_events_with_reason_and_name(desk: Desk, arguments: list[str], said: str) -> None:
    assert said in desk.run("halt", *arguments, "--why", "an incident", "--as", "opal")
    (stop,) = desk.json("halt", "list")["stops"]
    assert (stop["scope"], stop["by"], stop["why"]) == (arguments[0], "opal", "an incident")
    assert "by opal: an incident" in desk.run("halt", "list")
    assert "halted since" in desk.run("halt", *arguments, "--why", "again")  # told, and not written twice
    desk.run("resume", *arguments, "--why", "cleared", "--as", "dora")
    assert "Nothing is halted" in desk.run("halt", "list")
    last = desk.json("log", "list", "--kind", "access.")["events"]
    assert [(each["kind"], each["actor"], each["body"]["why"]) for each in last] == [
        ("access.halted", "opal", "an incident"),
        ("access.resumed", "dora", "cleared"),
    ]
    assert last[0]["project"] == ("care" if arguments[0] == "project" else "")
    desk.run("resume", *arguments, "--why", "again", code=2)


@pytest.mark.parametrize(
    "arguments",
    [
        ("halt", "project", "car", "--why", "x"),
        ("halt", "person", "alic", "--why", "x"),
        ("person", "remove", "alic", "--why", "x"),
        ("permit", "end", "car", "--why", "x"),
        ("resume", "project", "care", "--why", "x"),
        ("resume", "all", "--why", "x"),
    ],
)
def test_a_name_that_nothing_has_is_told_and_changes_nothing(desk: Desk, arguments: tuple[str, ...]) -> None:
    before = len(desk.json("log", "list")["events"])
    desk.run(*arguments, code=2)
    assert len(desk.json("log", "list")["events"]) == before


@pytest.mark.parametrize("why", ["", "  ", "\x1b\n", "x" * 501])
def test_a_stop_needs_a_reason(desk: Desk, why: str) -> None:
    assert "--why" in desk.run("halt", "all", "--why", why, code=3)
    assert "--why" in desk.run("halt", "all", code=3)
    assert "Nothing is halted" in desk.run("halt", "list")


def test_a_reason_holds_no_commands_to_a_terminal(desk: Desk) -> None:
    desk.run("halt", "all", "--why", "a\x1b[2Jb\nc")
    assert desk.json("halt", "list")["stops"][0]["why"] == "a [2Jb c"


def test_who_is_halted_lifts_no_halt(desk: Desk) -> None:
    desk.run("halt", "person", "carol", "--why", "x")
    desk.run("halt", "project", "care", "--why", "x")
    for what in (["person", "carol"], ["project", "care"]):
        assert "somebody else must" in desk.run("resume", *what, "--why", "x", "--as", "carol", code=2)
    desk.run("resume", "project", "care", "--why", "x", "--as", "alice")


def test_a_person_who_was_removed_is_unknown_until_added_again(desk: Desk) -> None:
    assert "no longer known" in desk.run("person", "remove", "alice", "--why", "left")
    assert [each["id"] for each in desk.json("person", "list")["persons"]] == ["carol"]
    (desk.root / "permit.toml").write_text(PERMIT.replace("Needed", "Needed still"), encoding="utf-8")
    assert "not known to the enclave" in desk.run("permit", "issue", str(desk.root / "permit.toml"), code=2)
    desk.run("person", "add", "alice", "--name", "Alice Martin")
    desk.run("permit", "issue", str(desk.root / "permit.toml"))


def test_a_permit_that_was_ended_is_in_force_again_when_issued_again(desk: Desk) -> None:
    assert "is ended" in desk.run("permit", "end", "care", "--why", "withdrawn")
    desk.run("permit", "end", "care", "--why", "withdrawn")
    assert desk.json("permit", "show", "care")["in_force"] is False
    assert "was ended at" in desk.run("extract", "build", "care", code=2)
    assert len(desk.json("log", "list", "--kind", "permit.ended")["events"]) == 1
    assert "is issued" in desk.run("permit", "issue", str(desk.root / "permit.toml"))  # the same file
    assert desk.json("permit", "show", "care")["in_force"] is True
    desk.json("extract", "build", "care")


def test_nobody_issues_a_permit_to_themselves(desk: Desk) -> None:
    (desk.root / "permit.toml").write_text(PERMIT.replace("Needed", "Needed still"), encoding="utf-8")
    for issuer in ("alice", "carol"):
        said = desk.run("permit", "issue", str(desk.root / "permit.toml"), "--as", issuer, code=2)
        assert f"names {issuer}, who issues it" in said


def test_nobody_extracts_what_they_work_on(desk: Desk) -> None:
    assert "alice cannot be" in desk.run("extract", "build", "care", "--as", "alice", code=2)
    desk.run("extract", "build", "care", "--as", "erik")


def test_the_command_waits_until_what_it_reaches_is_closed(desk: Desk) -> None:
    """A thread stands for the hub, which closes workspaces and says so in the log."""
    log = log_of(desk)
    log.append("alice", "session.started", "care", {})

    def close() -> None:
        time.sleep(0.5)
        body = {"person": "alice", "container": "c", "rule": "halt.project"}
        log.append("hub", "session.stopped", "care", body)

    hub = threading.Thread(target=close)
    hub.start()
    assert "closed: 1, within" in desk.run("halt", "project", "care", "--why", "x")
    hub.join()


def test_a_workspace_that_stays_open_is_told_with_what_to_do(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "PATIENCE", 0.3)
    log_of(desk).append("alice", "session.started", "care", {})
    said = desk.run("halt", "person", "alice", "--why", "x", code=1)
    assert "docker rm -f bulle-ws-care--alice" in said
