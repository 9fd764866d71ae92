"""Break-glass on the command line: each step an event, each refusal too, and what it takes out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bulle.cli.taken import take_folder
from egress.store.quarantine import Quarantine
from hub.events.log import EventLog
from tests.bulle.cli.test_admin import PERMIT, Capture, Desk

PEOPLE = '{ person = "carol", role = "output_checker" }'
MORE = ', { person = "opal", role = "operator" }, { person = "vera", role = "oversight" }'
WHY = ("--why", "a notebook looks like an attack")


@pytest.fixture
def desk(tmp_path: Path, capsys: Capture) -> Desk:
    desk = Desk(tmp_path, capsys)
    (tmp_path / "permit.toml").write_text(PERMIT.replace(PEOPLE, PEOPLE + MORE), encoding="utf-8")
    for name in ("opal", "vera"):
        desk.run("person", "add", name, "--name", name.title())
    desk.prepare()
    return desk


def asked(desk: Desk, act: str = "quarantine") -> None:
    assert "bulle breakglass confirm bg-1" in desk.run("breakglass", "ask", act, "care", *WHY, "--as", "opal")


def kinds(desk: Desk) -> list[str]:
    return [each["kind"].partition(".")[2] for each in desk.json("log", "list", "--kind", "breakglass.")["events"]]


def stage(desk: Desk) -> str:
    return str(desk.json("breakglass", "list")["requests"][0]["stage"])


def test_two_people_open_a_quarantine_once(desk: Desk, tmp_path: Path) -> None:
    digest = Quarantine(desk.state / "quarantine").put(b"the notebook")
    body = {
        "request": "care-1",
        "entry": "a.request",
        "title": "",
        "notebook": {"name": "study.ipynb", "sha256": digest, "size": 12},
        "files": [],
    }
    EventLog(desk.state / "events" / "log.db").append("alice", "request.submitted", "care", body)
    desk.run("halt", "project", "care", "--why", "an incident")
    asked(desk)
    out = tmp_path / "evidence"
    use = ("breakglass", "use", "bg-1", "quarantine", "care", str(out), "--as", "opal")
    assert "waits for its confirmation" in desk.run(*use, code=2)
    assert "cannot confirm your own" in desk.run("breakglass", "confirm", "bg-1", "--as", "opal", code=2)
    desk.run("breakglass", "confirm", "bg-1", "--as", "vera")
    assert "and nothing else" in desk.run(
        "breakglass", "use", "bg-1", "folders", "care", str(out), "--as", "opal", code=2
    )
    assert not out.exists()
    assert "Files copied" in desk.run(*use)
    assert (out / "care-1" / "study.ipynb").read_bytes() == b"the notebook"
    assert out.stat().st_mode & 0o777 == 0o700
    again = (*use[:5], str(tmp_path / "again"), *use[6:])
    assert "was used already" in desk.run(*again, code=2)
    assert kinds(desk) == ["asked", "refused", "refused", "confirmed", "refused", "used", "refused"]
    (request,) = desk.json("breakglass", "list")["requests"]
    assert (request["by"], request["confirmed_by"], request["stage"]) == ("opal", "vera", "used")
    assert WHY[1] in desk.run("breakglass", "list")


def test_folders_are_copied_without_following_a_link(desk: Desk, tmp_path: Path) -> None:
    home = desk.state / "homes" / "care" / "alice"
    (home / "work").mkdir(parents=True)
    (home / "work" / "a.txt").write_text("mine")
    (tmp_path / "secret").write_text("not mine")
    (home / "link").symlink_to(tmp_path / "secret")
    (home / "folder").symlink_to(tmp_path)
    os.mkfifo(home / "pipe")
    asked(desk, "folders")
    desk.run("breakglass", "confirm", "bg-1", "--as", "vera")
    desk.run("breakglass", "use", "bg-1", "folders", "care", str(tmp_path / "out"), "--as", "opal")
    found = [str(each.relative_to(tmp_path / "out")) for each in (tmp_path / "out").rglob("*") if not each.is_dir()]
    assert found == ["homes/alice/work/a.txt"]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert take_folder(tmp_path / "none", tmp_path / "out") == 0


@pytest.mark.parametrize("who", ["alice", "carol", "vera", "nobody"])
def test_who_is_no_operator_asks_for_nothing(desk: Desk, who: str) -> None:
    desk.run("breakglass", "ask", "quarantine", "care", *WHY, "--as", who, code=2)
    assert kinds(desk) == ["refused"]


@pytest.mark.parametrize("hours", ["0", "-1", "4.001", "nan", "inf", "1e300"])
def test_a_duration_that_is_none_is_refused(desk: Desk, hours: str) -> None:
    said = desk.run(
        "breakglass",
        "ask",
        "quarantine",
        "care",
        *WHY,
        "--hours",
        hours,
        "--as",
        "opal",
        code=2 if hours[0] in "0-4" else 3,
    )
    assert "hours" in said
    assert desk.json("breakglass", "list")["requests"] == []


def test_what_was_ended_is_not_used(desk: Desk, tmp_path: Path) -> None:
    asked(desk)
    desk.run("breakglass", "confirm", "bg-1", "--as", "vera")
    desk.run("breakglass", "end", "bg-1", "--as", "vera")
    assert stage(desk) == "ended"
    use = ("breakglass", "use", "bg-1", "quarantine", "care", str(tmp_path / "out"), "--as", "opal")
    assert "was ended" in desk.run(*use, code=2)
    assert "is over already" in desk.run("breakglass", "end", "bg-1", "--as", "vera", code=2)


@pytest.mark.parametrize("arguments", [("confirm", "bg-9"), ("end", "bg-9"), ("use", "bg-9", "folders", "care", "out")])
def test_an_id_that_nothing_has(desk: Desk, arguments: tuple[str, ...]) -> None:
    desk.run("breakglass", *arguments, "--as", "opal", code=2)


def test_an_existing_folder_is_left_alone_and_nothing_is_used(desk: Desk, tmp_path: Path) -> None:
    asked(desk)
    desk.run("breakglass", "confirm", "bg-1", "--as", "vera")
    desk.run("breakglass", "use", "bg-1", "quarantine", "care", str(tmp_path), "--as", "opal", code=3)
    assert stage(desk) == "confirmed"
