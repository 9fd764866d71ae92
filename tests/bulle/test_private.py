"""bulle.release_ols in a notebook: cost and accuracy before anything is drawn, no row read; in a re-run words alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import bulle
from bulle.__main__ import run
from bulle.cli.schemas import schemas
from egress.outputs.private import PRIVATE_MIME
from hub.events.log import EventLog
from tests.bulle.shown import Shown, showing
from tests.egress.outputs.notebooks import code, raw
from tests.egress.privacy.releases import extract

WORDS: dict[str, Any] = {"table": "t", "outcome": "cost", "predictors": ["grade", "sex"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [{"pid": f"p{at}", "sex": "FM"[at % 2], "grade": at % 7 - 2, "cost": 100.0 * (at % 9)} for at in range(60)]
    extract(tmp_path, rows)
    return tmp_path


@pytest.fixture
def shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    with showing(folder, monkeypatch) as call:
        yield call


def test_it_tells_cost_and_what_noise_would_do_and_reads_no_row(shown: Shown, folder: Path) -> None:
    for file in folder.glob("*.parquet"):
        file.write_bytes(b"no row can be read")
    (bundle,) = shown(bulle.release_ols, "cost_by_grade", **WORDS, where="site = 2", rho=0.1)
    assert bundle[PRIVATE_MIME] == {
        "schema": "bulle.private/1",
        "kind": "ols",
        "name": "cost_by_grade",
        "arguments": {"table": "t", "outcome": "cost", "predictors": ["grade", "sex"], "where": "site = 2"},
        "title": "",
        "rho": "0.1",
    }
    text = bundle["text/plain"]
    assert "rho 0.1 (epsilon 2.14 at delta 1e-06), 5 % of the 2" in text
    assert "from about 1,900 complete rows on" in text
    assert (
        "grade, in 10,000 such rows: noise alone moves a coefficient of 0 by at most about 2.0, 19 times in 20" in text
    )
    assert "Nothing was drawn" in text
    assert "a person must look" in text
    assert "<script" not in bundle["text/html"]


def test_a_french_reader_reads_french(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    (bundle,) = shown(bulle.release_ols, "a", **WORDS)
    assert "Les coefficients ne sont donnés que si le bruit ne les noie pas" in bundle["text/plain"]
    assert "des personnes" in bundle["text/html"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"table": "nowhere"}, "no table of the name"),
        ({"outcome": "site"}, "column of numbers with published bounds"),
        ({"predictors": ["note"]}, "Column note has neither bounds nor categories"),
        ({"predictors": []}, "Its predictors must be a list"),
        ({"where": "sex = (SELECT min(sex) FROM t)"}, "Subqueries are outside the grammar"),
        ({"where": "TRUE) GROUP BY (sex"}, "GROUP BY"),
        ({"rho": 3}, "at most 2.0 for this source"),
        ({"rho": -1}, "Its rho must be a number above 0"),
        ({"title": "two\nlines"}, "Its title must be plain text"),
    ],
)
def test_what_cannot_be_is_one_sentence(shown: Shown, change: dict[str, Any], told: str) -> None:
    (bundle,) = shown(bulle.release_ols, "a", **{**WORDS, **change})
    assert told in bundle["text/plain"]
    assert "Traceback" not in bundle["text/plain"]
    assert "numbers spread evenly" not in bundle["text/plain"]


def test_a_kind_that_the_rules_do_not_allow_says_so(shown: Shown) -> None:
    (bundle,) = shown(bulle.release_synthetic, "rows", table="t", columns=["sex"], rows=10)
    assert "do not allow bulle.release_synthetic" in bundle["text/plain"]


def test_in_a_rerun_only_the_words_are_left(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULLE_RERUN", "1")
    monkeypatch.setenv("BULLE_EXTRACT", "/nonexistent")
    (bundle,) = shown(bulle.release_ols, "a", **WORDS, rho="0.10")
    assert set(bundle) == {PRIVATE_MIME}
    assert bundle[PRIVATE_MIME]["rho"] == "0.1"
    assert shown(bulle.release_ols, "A", **WORDS) == []


def test_check_previews_a_notebooks_regression_and_draws_from_a_budget_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, ledger = tmp_path / "study.ipynb", tmp_path / "budget.db"
    call = 'import bulle\nbulle.release_ols("a", table="t", outcome="cost", predictors=["sex"], rho=2)'
    study.write_bytes(raw(code(call, execution_count=None)))
    asked = ["check", "--extract", str(folder), str(study), "--json"]
    ended = run(asked, {"LANG": "C"})
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schemas()["check.schema.json"])
    (output,) = document["outputs"]
    assert (ended, output["outcome"]) == (1, "review")
    assert [column["name"] for column in output["preview"]["columns"]] == ["(constant)", "sex: M"]
    assert "protected" not in output
    run([*asked, "--ledger", str(ledger)], {"LANG": "C"})
    (drawn,) = json.loads(capsys.readouterr().out)["outputs"]
    log = EventLog(ledger)
    assert [event.kind for event in log.read()] == ["privacy.reserved", "privacy.released"]
    log.close()
    # 60 rows: told where noise lets it, else the sentence that it does not
    assert ("protected" in drawn) != any("Noise drowns" in finding["why"] for finding in drawn["findings"])
