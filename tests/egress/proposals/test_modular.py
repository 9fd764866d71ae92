"""τ-ARGUS's modular method for tables with hierarchies: its files, its answers, and that our audit judges."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from itertools import product

import numpy as np
import pytest

from egress.proposals.tauargus import Limits, propose
from egress.protect.audit import audit
from egress.protect.cellfile import CellFile, read_cells
from egress.protect.cells import Cells
from egress.protect.hierarchy import read_hierarchy
from egress.protect.margins import with_margins
from egress.protect.modular import BATCH, DATA, METADATA, Layout, planned, proposed
from egress.protect.secondary import suppress
from egress.protect.system import Pattern, Problem, System, Vector

needs_engine = pytest.mark.skipif(
    find_spec("pytauargus") is None, reason="pytauargus is not installed (extra tauargus)"
)
TREE = b"region,place\nNord,Lille\nNord,Amiens\nNord,Arras\nSud,Nice\nSud,Toulon\nSud,Pau\n"
PLACES = ("Lille", "Amiens", "Arras", "Nice", "Toulon", "Pau")


def file_of(seed: int = 3, *, value: bool = False) -> CellFile:
    """Places in two regions x five ages x sex; texts that a program could take for its own."""
    source = np.random.default_rng(seed)
    lines, nord = ["place,age,sex,n" + (",value" if value else "")], 0
    for place, age, sex in product(PLACES, ('"<CLEAR>"', "@x", "a b", "é", "9"), ("f", "m")):
        count = int(source.poisson(6))
        nord += count if place in PLACES[:3] else 0
        lines.append(f"{place},{age},{sex},{count}" + (f",{count * 10.25:.2f}" if value else ""))
    lines.append(f"Nord,Total,Total,{nord}" + (f",{nord * 10.25:.2f}" if value else ""))
    return read_cells("cells.csv", ("\n".join(lines) + "\n").encode())


def cells_of(file: CellFile | None = None, *, computed: bool = True) -> Cells:
    return with_margins(file or file_of(), [read_hierarchy("tree.csv", TREE)], computed=computed)


def counts(cells: Cells, threshold: int | None = 3) -> Problem:
    primary = (cells.count > 0) & (cells.count < 3)
    vector = Vector.counts("n", cells.count, primary, threshold=threshold)
    return Problem(System.of(cells.relations, cells.size), (vector,), primary)


@needs_engine
def test_the_engine_proposes_and_the_audit_agrees_after_repair() -> None:
    cells = cells_of()
    problem = counts(cells)
    found = propose(problem, cells, exact=0)
    assert found.marks is not None, found.why
    assert found.marks.any()
    assert not (found.marks & problem.secret).any()
    pattern = suppress(problem, found.marks)
    assert isinstance(pattern, Pattern)
    assert audit(problem, pattern.suppressed).clean


@needs_engine
def test_to_a_proposal_that_protects_nothing_is_added() -> None:
    """Without an upper bound of what is primary the program and we are asked for the same."""
    cells = cells_of()
    problem = counts(cells, threshold=None)
    found = propose(problem, cells, exact=0)
    assert found.marks is not None, found.why
    assert audit(problem, found.marks | problem.secret).clean
    pattern = suppress(problem, found.marks)
    assert isinstance(pattern, Pattern)
    assert pattern.loss.secondary <= int(found.marks.sum())


@needs_engine
def test_sums_of_money_and_counts_are_asked_for_one_after_the_other() -> None:
    cells = cells_of(file_of(value=True))
    assert cells.value is not None
    problem = counts(cells)
    money = Vector.totals("value", cells.value, share=0.1)
    both = replace(problem, vectors=(*problem.vectors, money))
    found = propose(both, cells, exact=0)
    assert found.marks is not None, found.why
    alone = propose(problem, cells, exact=0)
    assert alone.marks is not None
    assert not (alone.marks & ~found.marks).any()


def test_the_files_hold_made_codes_and_numbers_only() -> None:
    cells = cells_of()
    made = planned(counts(cells), cells, 4)
    assert made is not None
    layout, (files,) = made
    assert set(files) == {DATA, METADATA, BATCH, "key0.hrc"}
    text = "".join(files.values())
    assert text.isascii()
    assert not any(code in text for code in (*PLACES, "Nord", "<CLEAR>", "@x", "a b", "é"))
    assert files["key0.hrc"].split() == ["c000001", "c000002", "c000003", "c000004", "@c000005", "@c000006", "@c000007"]
    assert len(set(layout.names)) == cells.size
    status = {"u" if secret else "s" for secret in counts(cells).secret}
    told = [line.split(";") for line in files[DATA].splitlines()]
    assert {line[6] for line in told} == status
    assert sum(line[6] == "u" for line in told) == int(counts(cells).secret.sum())
    assert "MOD(1,4,0,0,0)" in files[BATCH]


def test_totals_are_sums_of_what_is_told() -> None:
    """Values rounded by their owner need not add up; the program would refuse them."""
    cells = cells_of()
    layout = Layout.of(cells)
    assert layout is not None
    values = layout.additive(cells.count + np.random.default_rng(1).uniform(-0.4, 0.4, cells.size))
    for relation in cells.relations:
        assert values[relation.parent] == pytest.approx(values[list(relation.children)].sum(), abs=1e-9)


def test_what_the_method_does_not_reach_is_not_asked() -> None:
    cells = cells_of()
    problem = counts(cells)
    no_totals = cells_of(computed=False)
    negative = Vector.totals("x", -cells.count, share=0.1, negatives=True)
    for one, table in (
        (counts(no_totals), no_totals),
        (replace(problem, primary=np.zeros(cells.size, dtype=bool)), cells),
        (replace(problem, vectors=(negative,)), cells),
        (problem, None),
    ):
        found = propose(one, table, exact=0)
        assert found.marks is None
        assert "was not asked" in str(found.why)


def test_an_answer_names_cells_by_their_made_codes() -> None:
    layout = Layout.of(cells_of())
    assert layout is not None
    names = layout.names[4]
    line = ";".join(f'"{name}"' for name in names)
    marks = proposed(f"{line};3.000;1;1.000;M;0.000;0.000\n", layout)
    assert marks is not None
    assert set(np.flatnonzero(marks)) == {4}
    shown = proposed(f"{line};3.000;1;1.000;U;0.000;0.000\n", layout)
    assert shown is not None
    assert not shown.any()


@pytest.mark.parametrize(
    "answer", ["", "\0" * 100, "a;b", '"c1";"c2";"c3";1;1;1;MM;0;0', '"no";"such";"cell";1;1;1;M;0;0', ";" * 50]
)
def test_an_answer_that_names_no_cells_is_none(answer: str) -> None:
    layout = Layout.of(cells_of())
    assert layout is not None
    assert proposed(answer, layout) is None


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("kill -SEGV $$", "ended without an answer"),
        ("exit 1", "ended without an answer"),
        ("exit 0", "ended without an answer"),
        ("exit 3", "not installed"),
        ("echo garbage > $5; exit 0", "no readable answer"),
        ("head -c 40000000 /dev/zero > $5; exit 0", "no readable answer"),
        ("sleep 60", "stopped after 1 seconds"),
    ],
)
def test_whatever_happens_is_a_sentence(stand_in: object, script: str, sentence: str) -> None:
    cells = cells_of()
    python = stand_in(script)  # type: ignore[operator]  # the fixture's maker
    found = propose(counts(cells), cells, Limits(seconds=1), exact=0, python=python)
    assert found.marks is None
    assert sentence in str(found.why)


@needs_engine
def test_too_little_memory_is_a_sentence() -> None:
    cells = cells_of()
    found = propose(counts(cells), cells, Limits(seconds=30, megabytes=16), exact=0)
    assert found.marks is None
    assert "τ-ARGUS" in str(found.why)
