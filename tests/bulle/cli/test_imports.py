"""Imports on the command line: read, decided on by the right person, withdrawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.checks.model import Outcome
from egress.imports.model import digest_of
from egress.release.model import FrozenFile
from egress.scan.kinds import Kind
from egress.scan.model import Looked, Notice, Scanned
from egress.store.quarantine import Quarantine
from hub.events.log import EventLog
from hub.words import say
from tests.bulle.cli.test_admin import Capture, Desk

FILES = (FrozenFile("tool.py", "a" * 64, 10),)
ID = "care-import-1"


@pytest.fixture
def desk(tmp_path: Path, capsys: Capture) -> Desk:
    """An import of alice's that was looked into; carol checks."""
    desk = Desk(tmp_path, capsys)
    desk.prepare()
    log = EventLog(desk.state / "events" / "log.db")
    notice = Notice(Outcome.REVIEW, "identifiers.looks", "tool.py", say("This looks like an e-mail address."), 2, 7)
    report = Scanned((Looked("tool.py", Kind.TEXT, (), (notice,)),)).to_bytes()
    about = {"import": ID, "digest": digest_of(FILES)}
    asked = {"number": 1, "title": "A \x1btool", "why": "To weigh", "origin": "x", "files": [FILES[0].to_dict()]}
    log.append("alice", "import.asked", "care", {**about, **asked})
    log.append("egress", "import.frozen", "care", about)
    kept = Quarantine(desk.state / "quarantine").put(report)
    log.append("egress", "import.scanned", "care", {**about, "report": kept, "approver": "output_checker"})
    log.close()
    return desk


def test_it_is_listed_and_shown_with_its_findings(desk: Desk) -> None:
    assert ID in desk.run("import", "list")
    assert desk.json("import", "list", "--project", "other")["imports"] == []
    shown = desk.run("import", "show", ID)
    assert "\x1b" not in shown
    assert "This looks like an e-mail address. Lines with it: 2; the first is line 7." in shown
    found = desk.json("import", "show", ID)
    assert (found["status"], found["digest"], found["waits_for"]) == ("in_review", digest_of(FILES), "approver")


def test_the_right_person_decides_and_withdraws(desk: Desk) -> None:
    desk.run("import", "approve", ID, "--as", "alice", code=2)
    desk.run("import", "approve", ID, "--as", "nobody", code=2)
    desk.run("import", "approve", "care-import-9", "--as", "carol", code=2)
    assert ID in desk.run("import", "approve", ID, "--as", "carol")
    desk.run("import", "refuse", ID, "--why", "late", "--as", "carol", code=2)
    desk.run("import", "withdraw", ID, "--why", "an error in it", "--as", "carol")
    assert desk.json("import", "show", ID)["status"] == "withdrawn"
    kinds = [event["kind"] for event in desk.json("log", "list", "--kind", "import.")["events"]]
    assert kinds[-4:] == ["import.decision_refused", "import.approved", "import.decision_refused", "import.withdrawn"]


def test_a_refusal_says_why(desk: Desk) -> None:
    desk.run("import", "refuse", ID, "--as", "carol", code=3)
    desk.run("import", "refuse", ID, "--why", "bring the source", "--as", "carol")
    assert desk.json("import", "show", ID)["comment"] == "bring the source"
