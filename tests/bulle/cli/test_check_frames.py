"""`bulle check` on a notebook with tables by pandas and a folder of ACRO: papermill really runs it."""

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
    "import bulle, pandas as pd, pathlib, json",
    'df = bulle.sql("SELECT zper, sex, site, health, total_spending FROM person_year")',
    'bulle.release("persons_by_sex", "SELECT sex, count(DISTINCT zper) AS persons FROM person_year GROUP BY sex")',
    'bulle.release_frame("by_sex", df, units="zper", by=["sex"], values="total_spending", agg=["rows", "mean"])',
    'bulle.release_frame("n_site_health", pd.crosstab(df.site, df.health), microdata=df, units="zper")',
    'bulle.release_frame("n_by_label", df.assign(site=df.zper.astype(str)), units="zper", by="site")',
    (
        'folder = pathlib.Path("acro_outputs"); folder.mkdir()\n'
        'folder.joinpath("output_0_0.csv").write_text("year,G,N\\n2010,70,102\\n")\n'
        'done = folder.joinpath("results.json").write_text(json.dumps({"version": "1.0.2", "results": {"output_0": {\n'
        '    "type": "table", "status": "pass", "files": [{"name": "output_0_0.csv"}], "command": "crosstab"}}}))'
    ),
    'bulle.release_acro("acro_outputs")',
    'bulle.release_source("method", cells="code")',
    # data decide the name: it does not count
    'bulle.release_frame("n" + str(len(df)), df, units="zper", by="sex")',
]


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rand_hie(tmp_path_factory.mktemp("rand-hie"))


def test_what_pandas_and_acro_made_goes_to_people(
    extract: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "study.ipynb"
    study.write_bytes(raw(*(code(cell, execution_count=None) for cell in CELLS)))
    ended = run(["check", "--extract", str(extract), str(study), "--json"], {"LANG": "C"})
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schemas()["check.schema.json"])
    outputs = {output["name"]: output for output in document["outputs"]}
    assert {name: (output["assurance"], output["outcome"]) for name, output in outputs.items()} == {
        "persons_by_sex": ("recomputed", "pass"),
        "by_sex": ("reproduced", "review"),
        "n_site_health": ("reproduced", "review"),
        "n_by_label": ("reproduced", "fail"),
        "acro_1": ("unverified", "review"),
        "method": ("unverified", "review"),
        "cell-10": ("unverified", "fail"),
    }
    assert ended == 2
    means = [row[2] for row in outputs["by_sex"]["protected"]["rows"]]
    assert all(value == float(f"{value:.3e}") for value in means)  # our digits
    assert None in [row[-1] for row in outputs["n_site_health"]["protected"]["rows"]]
    assert outputs["acro_1"]["protected"]["rows"] == [["2010", "G", 70], ["2010", "N", 102]]
    refused = {finding["check"] for finding in outputs["cell-10"]["findings"]}
    assert refused == {"declaration.computed"}


def test_the_answer_tells_loss_and_a_coarser_table(extract: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT site, coinsurance, health, count(*) AS n FROM person_year GROUP BY site, coinsurance, health"
    run(["check", "--extract", str(extract), "--sql", sql, "--json"], {"LANG": "C"})
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schemas()["check.schema.json"])
    (output,) = document["outputs"]
    hidden = sum(row[-1] is None for row in output["protected"]["rows"])
    assert output["loss"] == {"cells": hidden, "secondary": 0, "of": len(output["protected"]["rows"])}
    assert output["suggestion"]["changes"] == ["Leave out the key health."]
    again = run(["check", "--extract", str(extract), "--sql", output["suggestion"]["sql"]], {"LANG": "C"})
    told = capsys.readouterr().out
    assert again == 0
    assert "Nothing of it is suppressed." in told
    run(["check", "--extract", str(extract), "--sql", sql, "--lang", "fr"], {"LANG": "C"})
    told = capsys.readouterr().out
    assert "Un tableau plus grossier" in told
    assert "GROUP BY ALL" in told
