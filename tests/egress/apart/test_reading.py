"""Notebooks read in a child: the same value as here, and nothing of what the child meets reaches this process."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from egress.apart import asking
from egress.apart.reader import read_told, spelled
from egress.apart.reading import ApartReader
from egress.outputs.claims import DeclaredFrame
from egress.outputs.declarations import DeclarationProblem, Declared
from egress.outputs.figures import DeclaredFigure
from egress.outputs.model import Unreadable
from egress.outputs.notebook import read_notebook
from egress.outputs.private import DeclaredPrivate, PrivateKind, words_of
from egress.outputs.reading import Reading, read_both
from egress.outputs.source_claim import Cells, DeclaredSource
from egress.outputs.text_claim import DeclaredText
from hub.policy.limits import ReaderLimits, read_limits
from hub.words import say
from tests.egress.outputs.frames import ACRO_CALL, acro, frame
from tests.egress.outputs.frames import CALL as FRAME_CALL
from tests.egress.outputs.test_private import OLS, ROWS

READER = ApartReader(read_limits().reader)
MOST = 1 << 24


def cell(source: str, *outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": list(outputs), **more}


def notebook(*cells: dict[str, Any], **metadata: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}).encode()


def declared(name: str, sql: str, **changes: Any) -> dict[str, Any]:
    said = {"schema": "bulle.release/1", "name": name, "sql": sql, "title": "", "protect": "suppress", "rho": None}
    data = {"application/vnd.bulle.release+json": {**said, **changes}}
    return {"output_type": "display_data", "data": data, "metadata": {}}


FRAME: dict[str, Any] = {
    "output_type": "display_data",
    "data": {"application/vnd.bulle.frame+json": {"schema": "bulle.frame/1"}, "text/plain": "x"},
}
SQL = "SELECT sex, count(*) AS n FROM stay GROUP BY sex"
CALL = f"import bulle\nbulle.release('by_sex', {SQL!r})"
NOTEBOOKS = [
    notebook(cell(CALL, declared("by_sex", SQL))),
    notebook(cell(CALL + "\nbulle.release('dp', 'SELECT 1', protect='dp', rho=0.1)", declared("by_sex", SQL))),
    notebook(cell("print(1)", {"output_type": "stream", "name": "stdout", "text": "1"}), mine="x"),
    notebook(cell("x = ("), cell("\ud800"), cell(CALL, declared("other", SQL), FRAME), cell("é" * 1000)),
    notebook(cell('bulle::release("a", "SELECT 1")'), kernelspec={"name": "ir"}),
    notebook(cell(CALL), cell(CALL), cell("if x:\n    bulle.release('y', 'SELECT 1')")),
    notebook(cell(FRAME_CALL, frame()), cell(ACRO_CALL, acro())),
    notebook(),
    b"",
    b"{",
    b"[]",
    b"\xff\xfe",
    b"[" * 100_000,
]


@pytest.mark.parametrize("raw", NOTEBOOKS, ids=range(len(NOTEBOOKS)))
def test_what_is_told_is_what_is_read_here(raw: bytes) -> None:
    """As the child spells it and the parent reads it, without the child in between."""
    for told in (read_notebook(raw, MOST), read_both(raw, raw, MOST, MOST), read_both(NOTEBOOKS[0], raw, MOST, MOST)):
        assert read_told(spelled(told)) == told


def test_every_kind_of_declaration_comes_back_as_it_was() -> None:
    private = [
        DeclaredPrivate("a", kind, words_of(kind, words), "Ä", Decimal("0.1"), 3)
        for kind, words in ((PrivateKind.OLS, OLS), (PrivateKind.SYNTHETIC, ROWS))
    ]
    declared_sql = Declared("b", SQL, "t", "dp", None, 1)
    problem = DeclarationProblem(None, 2, "x.y", say("A {limit}.", limit=1.5))
    drawn = DeclaredFigure("c", ("b", "d"), "t", 4, "AAAA", None)
    words = (DeclaredText("e", "Ä\n", "", "t", 5), DeclaredText("f", "", "notes.txt", "", 6))
    source = DeclaredSource("g", Cells.CODE, "", 7, "x = 1\n")
    told = Reading((*private, declared_sql, drawn, *words, source, problem), ())
    assert read_told(spelled(told)) == told
    frames = read_both(NOTEBOOKS[6], NOTEBOOKS[6], MOST, MOST)
    assert isinstance(frames, Reading)
    assert [type(item) for item in frames.items] == [DeclaredFrame, DeclaredFrame]


def test_a_child_reads_the_same() -> None:
    for raw in (NOTEBOOKS[1], NOTEBOOKS[3], NOTEBOOKS[4], NOTEBOOKS[-1]):
        assert READER.notebook(raw, MOST) == read_notebook(raw, MOST)
        assert READER.both(NOTEBOOKS[0], raw, MOST, MOST) == read_both(NOTEBOOKS[0], raw, MOST, MOST)


def test_limits_of_size_hold_for_each() -> None:
    raw = NOTEBOOKS[0]
    for most, other in ((len(raw) - 1, MOST), (MOST, len(raw) - 1)):
        told = READER.both(raw, raw, most, other)
        assert isinstance(told, Unreadable)
        assert told.rule == "notebook.size"
    assert not isinstance(READER.both(raw, raw, len(raw), len(raw)), Unreadable)


def test_what_takes_too_much_memory_is_one_sentence() -> None:
    many = b"[" + b"1.5," * 3_500_000 + b"0]"
    assert refused(ApartReader(ReaderLimits(seconds=120, memory_mb=128)).notebook(many, MOST))
    told = READER.notebook(many, MOST)
    assert isinstance(told, Unreadable)
    assert told.rule == "notebook.format"  # with room enough it is read, and is no notebook


def refused(told: object) -> bool:
    return isinstance(told, Unreadable) and told.rule == "notebook.reader"


@pytest.mark.parametrize(
    "body",
    [
        "import os; os.abort()",
        "import sys; sys.exit(1)",
        "print('{}')",
        "print('[1, 2')",
        'print(\'{"rule": "x", "why": {"text": 3, "values": {}}}\')',
        "import sys; sys.stdout.write('x' * (1 << 25))",
        "while True: pass",
    ],
)
def test_a_child_that_was_taken_over_tells_nothing(body: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text(f"#!{sys.executable}\n{body}\n")
    fake.chmod(0o755)
    monkeypatch.setattr(asking.sys, "executable", str(fake))
    assert refused(ApartReader(ReaderLimits(seconds=2, memory_mb=256)).notebook(NOTEBOOKS[0], MOST))


_PROBE = """
import ctypes, json, os, sys
sys.path.insert(0, {root!r})
from egress.apart.confine import confine
libc = ctypes.CDLL(None, use_errno=True)
held = confine(60, 1024, files=False)
def native(name, *arguments):
    ctypes.set_errno(0)
    getattr(libc, name)(*arguments)
    return ctypes.get_errno()
secret = {secret!r}.encode()
found = {{
    "open": native("open", secret, 0), "openat": native("openat", -100, secret, 0),
    "unlink": native("unlink", secret), "rename": native("rename", secret, secret + b"2"),
    "mkdir": native("mkdir", secret + b"d", 0o700), "chmod": native("chmod", secret, 0o777),
    "link": native("link", secret, secret + b"3"), "symlink": native("symlink", secret, secret + b"4"),
    "truncate": native("truncate", secret, 0), "kill": native("kill", os.getppid(), 0),
}}
try:
    open(secret)
    found["python"] = 0
except PermissionError:
    found["python"] = 1
print(json.dumps([held, found]))
"""


def test_no_file_and_no_other_process_is_within_its_reach(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("kept")
    code = _PROBE.format(root=str(Path(__file__).parents[3]), secret=str(secret))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    held, found = json.loads(done.stdout)
    if not held or ctypes.sizeof(ctypes.c_void_p) != 8:
        pytest.skip("this kernel takes no filter")
    assert {name: errno for name, errno in found.items() if errno != 1} == {}
    assert secret.read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret"]
