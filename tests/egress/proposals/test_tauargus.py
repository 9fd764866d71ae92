"""τ-ARGUS as a proposer: what it is asked, what it answers, and every way in which it may end."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from egress.proposals.tauargus import Limits, propose
from egress.protect.secondary import suppress
from egress.protect.system import Pattern
from egress.protect.tauargus import MAX_CELLS, planned, proposed
from tests.egress.protect.grids import TwoWay

E01 = TwoWay([[18, 2], [14, 19], [12, 10], [11, 14]])
needs_engine = pytest.mark.skipif(
    find_spec("pytauargus") is None, reason="pytauargus is not installed (extra tauargus)"
)


@needs_engine
def test_case_e01_the_engine_finds_the_optimum() -> None:
    problem = E01.counts({1}, threshold=3)
    found = propose(problem)
    assert found.marks is not None
    assert set(np.flatnonzero(found.marks)) == {0, 4, 5}
    pattern = suppress(problem, found.marks)
    assert isinstance(pattern, Pattern)
    assert pattern.loss.secondary == 3


def test_what_the_engine_reads() -> None:
    (text,) = planned(E01.counts({1}, threshold=3))
    lines = text.splitlines()
    assert lines[:2] == ["0", "15"]
    number, value, cost, status, low, high, fall, rise, _ = lines[3].split()
    assert (number, float(value), status, float(low), float(high)) == ("1", 2.0, "u", 1.0, 2.0)
    assert cost.isdigit()  # a fraction ends the engine's process
    assert (float(fall), float(rise)) == (1.0, 0.0)  # one number must stay possible beside 2, and 3 is not
    assert lines[17] == "8"
    assert all(line.count("(") == int(line.split()[1]) for line in lines[18:])


def test_totals_ask_for_room_on_both_sides() -> None:
    (text,) = planned(E01.totals({1}, 0.1))
    assert [float(one) for one in text.splitlines()[3].split()[6:8]] == pytest.approx([0.2, 0.2])


def test_nothing_is_asked_where_nothing_is_to_be_hidden_or_too_much() -> None:
    assert planned(E01.counts(set())) == ()
    large = TwoWay([[1.0] * 60 for _ in range(60)])
    assert len(large.values) > MAX_CELLS
    assert planned(large.counts({0})) == ()
    assert propose(large.counts({0})).marks is None


@pytest.mark.parametrize("answer", ["-1", "15", "1.5", "a", "１", "0x1", "1,2"])
def test_an_answer_that_names_no_cells_is_none(answer: str) -> None:
    assert proposed(answer, 15) is None


def test_an_answer() -> None:
    marks = proposed("  0\n 14\n\n", 15)
    assert marks is not None
    assert set(np.flatnonzero(marks)) == {0, 14}
    assert not proposed("", 15).any()  # type: ignore[union-attr]  # an empty answer is an answer


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("kill -SEGV $$", "ended without an answer"),
        ("exit 4", "ended without an answer"),
        ("exit 0", "ended without an answer"),
        ("exit 3", "not installed"),
        ("echo garbage > $5; exit 0", "no readable answer"),
        ("head -c 2000000 /dev/zero > $5; exit 0", "no readable answer"),
        ("mkdir $5; exit 0", "ended without an answer"),
        ("sleep 60", "stopped after 1 seconds"),
        ("sleep 60 & sleep 60", "stopped after 1 seconds"),
    ],
)
def test_whatever_happens_is_a_sentence(stand_in: object, script: str, sentence: str) -> None:
    found = propose(E01.counts({1}), limits=Limits(seconds=1), python=stand_in(script))  # type: ignore[operator]  # the fixture's maker
    assert found.marks is None
    assert sentence in str(found.why)


def test_a_program_that_is_not_there_is_a_sentence() -> None:
    found = propose(E01.counts({1}), python="/nonexistent/python")
    assert found.marks is None
    assert "could not be started" in str(found.why)


def test_the_child_inherits_nothing(stand_in: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULLE_SECRET", "not for the engine")
    seen = tmp_path / "seen"
    propose(E01.counts({1}), python=stand_in(f"env > {seen}; pwd >> {seen}"))  # type: ignore[operator]  # see above
    text = seen.read_text(encoding="utf-8")
    assert "BULLE_SECRET" not in text
    assert os.getcwd() not in text.splitlines()  # noqa: PTH109 -- as the shell spells it


def test_a_proposal_that_protects_nothing_is_repaired() -> None:
    problem = E01.counts({1}, threshold=3)
    bad = np.zeros(15, dtype=bool)
    bad[7] = True
    pattern = suppress(problem, bad)
    assert isinstance(pattern, Pattern)
    assert pattern.loss.secondary == 3
