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


def test_a_file_is_written_filled_in_and_done_as_a_whole(desk: Desk, tmp_path: Path) -> None:
    desk.run("campaign", "open", "--as", "erin")
    file, blank = tmp_path / "answers.toml", desk.run("campaign", "list", "review-1", "--toml")
    asked = blank.count("[[membership]]")
    assert asked >= 2
    file.write_text(blank)
    assert "0 answers are given" in desk.run("campaign", "answer", str(file), "--as", "erin")
    filled = blank.replace('"later"', '"withdraw"', 1)  # without a reason: nothing of it is done
    file.write_text(filled.replace('"later"', '"confirm"'))
    assert "Give a reason" in desk.run("campaign", "answer", str(file), "--as", "erin", code=2)
    assert len(desk.json("campaign", "list", "review-1", "--unanswered")["campaigns"][0]["memberships"]) == asked
    file.write_text(file.read_text().replace('"withdraw"', '"withdraw"\nwhy = "left"', 1))
    assert f"{asked} answers are given" in desk.run("campaign", "answer", str(file), "--as", "erin")
    assert "left" in desk.run("campaign", "list", "review-1")
    file.write_text('campaign = "review-1"\n[[membership]]\nproject = "care"\nperson = "alice"\nanswer = "perhaps"\n')
    assert "answer" in desk.run("campaign", "answer", str(file), "--as", "erin", code=2)
