"""Calls of bulle.release_text: literals, or a file that was handed in; the re-run can only say the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from egress.outputs.declarations import DeclarationProblem, reconcile, told
from egress.outputs.model import Rendered
from egress.outputs.notebook import read_notebook
from egress.outputs.text_claim import DeclaredText, EmittedText, read_text, text_payload

CALL = "import bulle\nbulle.release_text('notes', 'We found\\nnothing.', title='Conclusions')"
FILE = "import bulle\nbulle.release_text('notes', file='notes.txt')"
PAYLOAD = text_payload(EmittedText("notes", "We found\nnothing.", "", "Conclusions"))
OF_FILE = text_payload(EmittedText("notes", "", "notes.txt", ""))


def notebook(call: str, *payloads: Any) -> Rendered:
    outputs = [
        {"output_type": "display_data", "data": {"application/vnd.bulle.text+json": each}, "metadata": {}}
        for each in payloads
    ]
    cells = [{"cell_type": "code", "source": call, "outputs": outputs, "metadata": {}}]
    found = read_notebook(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}).encode(), 1 << 20)
    assert isinstance(found, Rendered)
    return found


def test_a_text_is_what_the_source_says() -> None:
    (found,) = reconcile(notebook(CALL), notebook(CALL, PAYLOAD))
    assert found == DeclaredText("notes", "We found\nnothing.", "", "Conclusions", 1)
    assert told(found, lambda _: b"other") == found


def test_a_file_is_the_one_that_was_frozen() -> None:
    (found,) = reconcile(notebook(FILE), notebook(FILE, OF_FILE))
    assert told(found, {"notes.txt": "\ufeffdéjà".encode()}.get) == DeclaredText("notes", "déjà", "notes.txt", "", 1)
    for files in ({}, {"notes.txt": b"\xff\xfe"}):
        problem = told(found, files.get)
        assert isinstance(problem, DeclarationProblem)
        assert (problem.name, problem.rule) == ("notes", "text.file")


@pytest.mark.parametrize(
    ("call", "payloads", "rule"),
    [
        (CALL, (), "declaration.missing"),
        (CALL, ({**PAYLOAD, "text": "3 persons"},), "declaration.differs"),
        (FILE, ({**OF_FILE, "text": "3 persons"},), "declaration.differs"),
        (CALL, (PAYLOAD, PAYLOAD), "declaration.repeated"),
        (CALL.replace("'We", "f'We"), (PAYLOAD,), "declaration.computed"),
        (CALL.replace("'We found\\nnothing.'", "open('x').read()"), (PAYLOAD,), "declaration.computed"),
        (CALL.replace("We found\\nnothing.", " "), (PAYLOAD,), "declaration.text"),
        (CALL.replace("We found", "\\ud800"), (PAYLOAD,), "declaration.text"),
        (FILE.replace("file=", "'and', file="), (OF_FILE,), "declaration.text"),
        (FILE.replace("notes.txt", "../notes.txt"), (OF_FILE,), "declaration.file"),
        (FILE.replace("notes.txt", "/etc/passwd"), (OF_FILE,), "declaration.file"),
        (FILE.replace("notes.txt", "a\\nb"), (OF_FILE,), "declaration.file"),
        (f"{CALL}\n{FILE}", (PAYLOAD,), "declaration.twice"),
    ],
)
def test_what_data_could_write_does_not_count(call: str, payloads: tuple[Any, ...], rule: str) -> None:
    found = reconcile(notebook(call), notebook(call, *payloads))
    assert isinstance(found[0], DeclarationProblem)
    assert found[0].rule == rule


@pytest.mark.parametrize(
    "raw",
    [None, {}, {**PAYLOAD, "more": 1}, {**PAYLOAD, "text": 7}, {**PAYLOAD, "file": "\x1b"}, {**PAYLOAD, "name": []}],
)
def test_anything_else_in_an_output_is_no_declaration(raw: Any) -> None:
    assert read_text(raw) is None
