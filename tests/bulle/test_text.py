"""bulle.release_text in a notebook: what its author sees, and what a re-run leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bulle.__main__ import run
from bulle.text import declared
from egress.outputs.text_claim import TEXT_MIME, EmittedText, read_text
from hub.words import say
from tests.egress.outputs.notebooks import code, raw
from tests.extracts import rand_hie

WORDS = {"name": "notes", "text": "Nothing.", "file": "", "title": "Conclusions"}


def test_its_author_reads_that_people_decide() -> None:
    bundle = declared(WORDS, lambda: say("Written so."))
    assert read_text(bundle[TEXT_MIME]) == EmittedText("notes", "Nothing.", "", "Conclusions")
    assert bundle["text/plain"].startswith("Written so.")
    assert "once an output checker has read it" in bundle["text/plain"]


def test_wrong_words_are_told_and_declare_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    both = {**WORDS, "file": "notes.txt"}
    assert "Give its text, or a file" in declared(both, lambda: None)["text/plain"]
    monkeypatch.setenv("BULLE_RERUN", "1")
    assert declared(both, lambda: None) == {}
    assert set(declared(WORDS, lambda: None)) == {TEXT_MIME}


def test_the_command_line_reads_the_file_beside_the_notebook(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = "import bulle\nbulle.release_text('notes', file='notes.txt')\nbulle.release_text('lost', file='other.txt')"
    notebook, notes = tmp_path / "study.ipynb", tmp_path / "notes.txt"
    notebook.write_bytes(raw(code(cell)))
    notes.write_text("Write to eve@hospital.example", encoding="utf-8")
    words = ["check", "--extract", str(rand_hie(tmp_path)), str(notebook), "--with", str(notes), "--json"]
    run(words, {"LANG": "C"})
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)["outputs"]}
    assert {name: one["outcome"] for name, one in found.items()} == {"notes": "fail", "lost": "fail"}
    assert "e-mail address" in found["notes"]["findings"][0]["why"]
    assert "holds no file other.txt" in found["lost"]["findings"][0]["why"]
