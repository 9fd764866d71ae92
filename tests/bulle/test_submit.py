"""A study is handed in whole or not at all, in the shape that the airlock takes."""

from __future__ import annotations

from pathlib import Path

import pytest

import bulle
from bulle.submit import SubmissionError, declared_outputs, write_submission
from egress.store.intake import take, waiting
from hub.policy.limits import read_limits
from tests.egress.airlock.enclave import BY_REGION, notebook, release
from tests.egress.store.volumes import small_volume

SAID = {"stays": "Stays by region."}


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "outboxes" / "study" / "alice").mkdir(parents=True)
    (tmp_path / "study.ipynb").write_text("{}", encoding="utf-8")
    (tmp_path / "helper.py").write_text("X = 1", encoding="utf-8")
    return tmp_path


def test_what_is_written_is_what_the_airlock_takes(desk: Path) -> None:
    outbox = desk / "outboxes" / "study" / "alice"
    written = write_submission(outbox, desk / "study.ipynb", [desk / "helper.py"], "A title", SAID)
    (entry,) = waiting(desk / "outboxes")
    taken = take(desk / "outboxes", entry, read_limits().intake)
    assert taken.submission.descriptions == SAID
    assert (taken.submission.title, taken.notebook, taken.files) == ("A title", b"{}", (("helper.py", b"X = 1"),))
    assert [path.name for path in outbox.iterdir()] == [written.name]


@pytest.mark.parametrize(
    ("notebook", "files", "title"),
    [
        ("missing.ipynb", [], ""),
        ("study.ipynb", ["missing.py"], ""),
        ("helper.py", [], ""),
        ("study.ipynb", ["study.ipynb"], ""),
        ("study.ipynb", ["submission.json"], ""),
        ("study.ipynb", ["../study.ipynb"], ""),
        ("study.ipynb", [".hidden"], ""),
        ("study.ipynb", [], "two\nlines"),
        ("study.ipynb", [], "x" * 121),
    ],
)
def test_what_cannot_be_handed_in_leaves_nothing_behind(
    desk: Path, notebook: str, files: list[str], title: str
) -> None:
    outbox = desk / "outboxes" / "study" / "alice"
    with pytest.raises(SubmissionError) as caught:
        write_submission(outbox, desk / notebook, [desk / file for file in files], title, SAID)
    assert str(caught.value).endswith(".")
    assert list(outbox.iterdir()) == []


def test_a_missing_outbox_is_a_sentence(desk: Path) -> None:
    with pytest.raises(SubmissionError, match="could not be handed in"):
        write_submission(desk / "nowhere", desk / "study.ipynb", descriptions=SAID)


def test_a_full_outbox_is_a_sentence_that_says_what_to_do_and_holds_no_half_of_it(desk: Path) -> None:
    (desk / "helper.py").write_text("X = 1\n" * 20_000, encoding="utf-8")
    with small_volume(desk / "small") as outbox:
        with pytest.raises(SubmissionError, match=r"The outbox is full.*Remove folders"):
            write_submission(outbox, desk / "study.ipynb", [desk / "helper.py"], descriptions=SAID)
        assert list(outbox.iterdir()) == []
        assert write_submission(outbox, desk / "study.ipynb", descriptions=SAID).parent == outbox


def test_from_a_notebook_it_speaks_and_never_raises(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(desk)
    monkeypatch.setenv("LANG", "C")
    monkeypatch.delenv("BULLE_OUTBOX", raising=False)
    monkeypatch.delenv("BULLE_RERUN", raising=False)
    bulle.submit("study.ipynb")
    assert "BULLE_OUTBOX" in capsys.readouterr().out
    monkeypatch.setenv("BULLE_OUTBOX", str(desk / "outboxes" / "study" / "alice"))
    bulle.submit("study.ipynb", with_files=["helper.py"], title="A title")
    assert "--describe" in capsys.readouterr().out
    bulle.submit("study.ipynb", with_files=["helper.py"], title="A title", descriptions=SAID)
    assert "Handed in" in capsys.readouterr().out
    monkeypatch.setenv("BULLE_RERUN", "1")
    bulle.submit("study.ipynb")
    assert len(waiting(desk / "outboxes")) == 1


@pytest.mark.parametrize(
    ("descriptions", "sentence"),
    [
        ({}, "lacks stays, costs"),
        ({"stays": "Stays."}, "lacks costs"),
        ({"stays": "Stays.", "costs": "  "}, "lacks costs"),
        ({"stays": "Stays.", "costs": "x" * 501}, "at most 500 characters"),
        ({"stays": "Stays.", "costs": "C", "Not a name": "x"}, "at most 500 characters"),
    ],
)
def test_every_output_of_the_notebook_must_be_described(
    desk: Path, descriptions: dict[str, str], sentence: str
) -> None:
    declaring = notebook(release("stays", BY_REGION, title="Stays"), release("costs", BY_REGION))
    (desk / "study.ipynb").write_bytes(declaring)
    assert declared_outputs(declaring) == {"stays": "Stays", "costs": ""}
    outbox = desk / "outboxes" / "study" / "alice"
    with pytest.raises(SubmissionError, match=sentence):
        write_submission(outbox, desk / "study.ipynb", descriptions=descriptions)
    assert list(outbox.iterdir()) == []
    write_submission(outbox, desk / "study.ipynb", descriptions={"stays": "x" * 500, "costs": "C"})
