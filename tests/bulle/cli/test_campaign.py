"""A habilitation review on the command line, from its opening to its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bulle.cli.test_admin import Capture, Desk


@pytest.fixture
def desk(tmp_path: Path, capsys: Capture) -> Desk:
    """`care` names alice and others; erin administers."""
    desk = Desk(tmp_path, capsys)
    desk.prepare()
    desk.run("person", "add", "erin", "--name", "Erin Novak")
    desk.run("person", "appoint", "erin", "--why", "runs the data office")
    return desk


def test_a_review_is_opened_answered_and_closed(desk: Desk) -> None:
    assert "No habilitation review" in desk.run("campaign", "list")
    assert "in review-1, until" in desk.run("campaign", "open", "--as", "erin")
    (found,) = desk.json("campaign", "list", "review-1")["campaigns"]
    asked = [(each["person"], each["standing"]) for each in found["memberships"]]
    assert ("alice", "waiting") in asked
    assert (found["opened_by"], found["effect"], found["data_holders_answer"]) == ("erin", "close", True)
    desk.run("campaign", "close", "review-1", "--as", "erin", code=2)
    for person, _ in asked[1:]:
        assert "is confirmed" in desk.run("campaign", "confirm", "review-1", "care", person, "--as", "erin")
    said = desk.run("campaign", "withdraw", "review-1", "care", asked[0][0], "--why", "left the team", "--as", "erin")
    assert "is withdrawn" in said
    text = desk.run("campaign", "list", "review-1")
    assert "left the team" in text
    assert "is closed" in desk.run("campaign", "close", "review-1", "--as", "erin")
    assert desk.json("campaign", "list", "review-1", "--unanswered")["campaigns"][0]["memberships"] == []
    assert "review-1" in desk.run("campaign", "list")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("open", "--as", "alice"), "no administrator"),
        (("open", "--until", "2020-01-01", "--as", "erin"), "the last day is"),
        (("list", "review-7"), "no habilitation review called review-7"),
        (("confirm", "review-7", "care", "alice", "--as", "erin"), "no habilitation review called review-7"),
        (("close", "review-7", "--as", "erin"), "no habilitation review called review-7"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_no_event(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    before = len(desk.json("log", "list")["events"])
    assert said in desk.run("campaign", *arguments, code=2)
    assert len(desk.json("log", "list")["events"]) == before
