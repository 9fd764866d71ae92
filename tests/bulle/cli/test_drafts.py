"""The admin's desk on the command line: draft, plan, issue by a second administrator, TOML out and in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bulle.cli.test_admin import PERMIT, Capture, Desk


@pytest.fixture
def desk(tmp_path: Path, capsys: Capture) -> Desk:
    found = Desk(tmp_path, capsys)
    found.prepare()
    for name in ("erin", "frank"):
        found.run("person", "add", name, "--name", name.title())
        found.run("person", "appoint", name, "--why", "runs the data office")
    return found


def written(desk: Desk, old: str, new: str) -> str:
    path = desk.root / "next.toml"
    path.write_text(PERMIT.replace(old, new), encoding="utf-8")
    return str(path)


def test_the_next_version_by_two_administrators(desk: Desk) -> None:
    file = written(desk, '["year"]', '["year", "cost"]')
    assert "care-draft-1 is drafted" in desk.run("permit", "draft", file, "--as", "erin")
    plan = desk.run("permit", "plan", "care-draft-1")
    assert "+ cost" in plan
    assert "persons in a cell, at least: 11" in plan
    assert "Ce qui change" not in plan
    assert "Personnes" in desk.run("permit", "plan", file, "--lang", "fr")
    assert "yourself" in desk.run("permit", "issue-draft", "care-draft-1", "--as", "erin", code=2)
    assert "is issued" in desk.run("permit", "issue-draft", "care-draft-1", "--as", "frank")
    assert desk.json("permit", "show", "care")["tables"]["stay"]["columns"] == ["year", "cost"]
    assert "issued already" in desk.run("permit", "issue-draft", "care-draft-1", "--as", "frank", code=2)
    assert [each["fate"] for each in desk.json("permit", "drafts")["drafts"]] == ["issued"]
    assert "care-draft-1" in desk.run("permit", "drafts", "--lang", "fr")
    kinds = [event["kind"] for event in desk.json("log", "list")["events"]]
    assert kinds[-4:] == ["permit.drafted", "permit.draft_refused", "permit.issued", "permit.draft_refused"]


def test_a_permit_goes_out_as_toml_and_comes_in_again(desk: Desk) -> None:
    out = desk.root / "out.toml"
    out.write_text(desk.run("permit", "show", "care", "--toml"), encoding="utf-8")
    assert "Nothing stands against" in desk.run("permit", "check", str(out))
    assert "issued already" in desk.run("permit", "issue", str(out))
    assert "says already" in desk.run("permit", "draft", str(out), "--as", "erin", code=2)


def test_a_plan_with_refusals_says_them_and_ends_with_2(desk: Desk) -> None:
    file = written(desk, "public-health-research", "insurance-selection")
    assert "is forbidden" in desk.run("permit", "plan", file, code=2)


def test_a_draft_is_withdrawn_with_a_reason(desk: Desk) -> None:
    desk.run("permit", "draft", written(desk, "Needed", "Needed again"), "--as", "erin")
    assert "--why" in desk.run("permit", "withdraw-draft", "care-draft-1", code=3)
    assert "is withdrawn" in desk.run("permit", "withdraw-draft", "care-draft-1", "--why", "not yet", "--as", "frank")
    assert "was withdrawn" in desk.run("permit", "issue-draft", "care-draft-1", "--as", "frank", code=2)


def test_who_administers_nothing_drafts_nothing(desk: Desk) -> None:
    file = written(desk, "Needed", "Needed again")
    assert "no administrator" in desk.run("permit", "draft", file, "--as", "alice", code=2)


def test_a_catalogue_is_compared_before_it_is_registered(desk: Desk) -> None:
    catalogue = desk.root / "catalogue.toml"
    assert "nothing changed" in desk.run("source", "compare", str(catalogue))
    changed = catalogue.read_text(encoding="utf-8").replace('"Cost"', '"Cost in euros"')
    catalogue.write_text(changed, encoding="utf-8")
    told = desk.run("source", "compare", str(catalogue))
    assert "stay.cost" in told
    assert "Cost in euros" in told
    catalogue.write_text(changed.replace("columns.year", "columns.season"), encoding="utf-8")
    assert "no column year" in desk.run("source", "compare", str(catalogue), code=1)
