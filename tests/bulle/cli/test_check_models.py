"""`bulle check` on the study with a regression and a survival curve: papermill really runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bulle.__main__ import run
from bulle.cli.schemas import schemas
from tests.egress.outputs.notebooks import code, raw
from tests.extracts import rand_hie

STUDY = Path(__file__).parents[3] / "notebooks" / "forgone-care.ipynb"


def test_the_study_of_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = run(["check", "--extract", str(rand_hie(tmp_path)), str(STUDY), "--json"], {"LANG": "C"})
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schemas()["check.schema.json"])
    outputs = {output["name"]: output for output in document["outputs"]}
    assert {name: (output["assurance"], output["outcome"]) for name, output in outputs.items()} == {
        "visits_model": ("reproduced", "review"),
        "visits_model_summary": ("reproduced", "review"),
        "admission_curve": ("reproduced", "review"),
        "admission_curve_summary": ("reproduced", "review"),
        "visits_pairs": ("reproduced", "fail"),
    }
    assert ended == 2
    visits = outputs["visits_model"]["protected"]
    assert visits["columns"] == ["term", "estimate", "std_error", "statistic", "p_value", "low_95", "high_95"]
    assert "C(coinsurance)[T.25]" in [row[0] for row in visits["rows"]]
    assert {finding["check"] for finding in outputs["visits_model"]["findings"] if finding["outcome"] == "review"} == {
        "claimed_model"
    }
    events = [row[3] for row in outputs["admission_curve"]["protected"]["rows"] if row[1]]
    assert len(events) == 4
    assert min(events) >= 11
    assert {item["cell"] for item in document["withheld"]} == {2, 10}  # statsmodels' own summary


def test_what_is_no_model_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = tmp_path / "study.ipynb"
    study.write_bytes(
        raw(code('import bulle\nbulle.release_model("no_model", {}, units="zper")', execution_count=None))
    )
    run(["check", "--extract", str(rand_hie(tmp_path)), str(study), "--json"], {"LANG": "C"})
    (output,) = json.loads(capsys.readouterr().out)["outputs"]
    assert [finding["check"] for finding in output["findings"]] == ["declaration.missing"]
