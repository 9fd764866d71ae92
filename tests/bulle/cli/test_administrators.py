"""`bulle person appoint` and `dismiss`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bulle.cli.test_admin import Capture, Desk


@pytest.fixture
def desk(tmp_path: Path, capsys: Capture) -> Desk:
    return Desk(tmp_path, capsys)


def test_an_administrator_is_appointed_and_dismissed_with_a_reason(desk: Desk) -> None:
    desk.prepare()
    desk.run("person", "add", "erin", "--name", "Erin Novak")
    assert "--why" in desk.run("person", "appoint", "erin", code=3)
    assert "is an administrator" in desk.run("person", "appoint", "erin", "--why", "runs the data office")
    assert [each["id"] for each in desk.json("person", "list")["persons"] if each["administrator"]] == ["erin"]
    assert "already" in desk.run("person", "appoint", "erin", "--why", "again", code=2)
    assert "no more" in desk.run("person", "dismiss", "erin", "--why", "left")
    assert "nothing was changed" in desk.run("person", "dismiss", "erin", "--why", "left", code=2)
    kinds = [event["kind"] for event in desk.json("log", "list")["events"]]
    assert kinds[-2:] == ["administrator.appointed", "administrator.dismissed"]


def test_who_works_on_a_project_becomes_no_administrator_and_the_other_way_round(desk: Desk) -> None:
    desk.prepare()
    assert "cannot become an administrator" in desk.run("person", "appoint", "alice", "--why", "x", code=2)
    desk.run("permit", "end", "care", "--why", "done")
    desk.run("person", "appoint", "alice", "--why", "her project is over")
    assert "alice is an administrator" in desk.run("permit", "issue", str(desk.root / "permit.toml"), code=2)
