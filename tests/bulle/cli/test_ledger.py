"""`bulle request ledger`: what was checked and released, and what conflicts with what; no value of a cell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bulle.__main__ import run
from egress.release.review import Choice, Vote
from tests.egress.web.planted import HERE, SECRET, THERE, Planted, adults_by_year, by_site, by_year, noisy

Bulle = Callable[..., tuple[int, str]]


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    made = Planted(tmp_path / "state")
    made.submit("reste-a-charge-1")
    made.checked("reste-a-charge-1", adults_by_year(), by_site(), noisy())
    made.submit("urgences-1", person="mallory", title="A secret plan")
    made.checked("urgences-1", by_year())
    made.desk.review("urgences-1", "bob", (Vote("persons_by_year", Choice.APPROVE),))
    made.release("urgences-1")
    return made


@pytest.fixture
def bulle(planted: Planted, capsys: pytest.CaptureFixture[str]) -> Bulle:
    def call(*arguments: str, lang: str = "C") -> tuple[int, str]:
        code = run(["request", "ledger", *arguments], {"BULLE_STATE": str(planted.root), "LANG": lang})
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out

    return call


def test_the_operator_reads_every_table_and_what_conflicts(bulle: Bulle) -> None:
    code, said = bulle()
    assert code == 0
    first, *_ = said.splitlines()
    assert "urgences-1/persons_by_year" in first  # the newest
    assert "released" in first
    assert "where: person_year.age >= 18" in said
    assert "by: person_year.site" in said
    assert "conflicts with reste-a-charge-2/persons_by_year in 7 cells" in said
    assert "visits_dp" not in said  # noise is the privacy ledger's
    for value in (HERE, THERE, SECRET):
        assert str(value) not in said


def test_the_same_as_json(bulle: Bulle) -> None:
    answer = json.loads(bulle("--json")[1])
    assert answer["schema"] == "bulle.ledger/1"
    tables = {table["output"]: table for table in answer["tables"]}
    assert set(tables) == {"persons_by_year", "adults_by_year", "visits_by_site"}
    assert tables["adults_by_year"]["filters"] == ["person_year.age >= 18"]
    assert tables["adults_by_year"]["conflicts"][0] == {
        "project": "reste-a-charge",
        "request": "reste-a-charge-2",
        "output": "persons_by_year",
        "cells": 7,
    }
    assert tables["persons_by_year"]["fate"] == "released"


def test_one_source_and_one_readers_part(bulle: Bulle) -> None:
    assert "Nothing was checked yet." in bulle("--source", "elsewhere")[1]
    assert "Rien n'a encore été contrôlé." in bulle("--source", "elsewhere", lang="fr_FR.UTF-8")[1]
    carol = bulle("--as", "carol")[1]
    assert "reste-a-charge-1/adults_by_year" in carol
    assert "urgences-1" not in carol  # not hers: project and date only
    assert "urgences" in carol
    assert "persons_by_year" not in carol.replace("reste-a-charge-2/persons_by_year", "")
    assert "reste-a-charge" not in bulle("--as", "alice")[1]


def test_what_quarantine_lost_is_said(bulle: Bulle, planted: Planted) -> None:
    for entry in planted.desk.look().ledger:
        assert entry.fingerprint is not None
        (planted.root / "quarantine" / entry.fingerprint[:2] / entry.fingerprint).unlink()
    code, said = bulle()
    assert code == 0
    assert said.count("its fingerprint is missing or cannot be read") == 3
