"""`bulle check` on a notebook with a regression and a survival curve: papermill really runs it."""

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

CELLS = [
    "import bulle\nimport statsmodels.formula.api as smf\nfrom lifelines import KaplanMeierFitter",
    'df = bulle.sql("SELECT zper, sex, health, total_spending FROM person_year WHERE year = 1").reset_index()',
    'fitted = smf.ols("total_spending ~ sex + health", df).fit()\nfitted.summary()',
    'bulle.release_model("spending_model", fitted, units="zper")',
    'df["event"] = (df.total_spending > 50).astype(int)\nkm = KaplanMeierFitter().fit(df.total_spending, df.event)',
    (
        'bulle.release_model("spending_curve", km, units="zper", microdata=df, duration="total_spending", '
        'event="event", every=50, by="sex")'
    ),
    'bulle.release_model("no_model", {}, units="zper")',
]


def test_models_go_to_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = tmp_path / "study.ipynb"
    study.write_bytes(raw(*(code(cell, execution_count=None) for cell in CELLS)))
    ended = run(["check", "--extract", str(rand_hie(tmp_path)), str(study), "--json"], {"LANG": "C"})
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schemas()["check.schema.json"])
    outputs = {output["name"]: output for output in document["outputs"]}
    assert {name: (output["assurance"], output["outcome"]) for name, output in outputs.items()} == {
        "spending_model": ("reproduced", "review"),
        "spending_model_summary": ("reproduced", "review"),
        "spending_curve": ("reproduced", "review"),
        "spending_curve_summary": ("reproduced", "review"),
        "no_model": ("unverified", "fail"),
    }
    assert ended == 2
    assert outputs["spending_model"]["protected"]["columns"][0] == "term"
    events = [row[3] for row in outputs["spending_curve"]["protected"]["rows"] if row[1]]
    assert events
    assert min(events) >= 11
    assert {item["cell"] for item in document["withheld"]} == {3}  # statsmodels' own summary
