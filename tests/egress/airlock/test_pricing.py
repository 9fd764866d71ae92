"""The price of an exact table on the way: each kind of column priced or named, for checkers, and for nobody else."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from egress.airlock.pricing import priced
from egress.assess import Declaration, assess_request
from egress.checks.model import Audience, Outcome
from egress.query.engine import Engine
from tests.egress.airlock.enclave import BY_SEX, TinyEnclave, notebook, release
from tests.egress.privacy.releases import CATALOGUE, extract
from tests.egress.query.extracts import rules

RULES = rules()


def told(folder: Path, sql: str) -> tuple[Any, tuple[Any, ...]]:
    rows = [
        {
            "pid": f"p{at}",
            "sex": "FM"[at % 2],
            "cost": 300.0 + at % 7,
            "grade": at % 4,
            "free": at,
            "insured": at % 3 == 0,
        }
        for at in range(1200)
    ]
    manifest = extract(folder, rows)
    with Engine(folder, manifest) as engine:
        (assessment,) = assess_request([Declaration("o", sql)], engine, RULES)
        assert assessment.query is not None, assessment.findings
        return priced(assessment, CATALOGUE, RULES)


@pytest.mark.parametrize(
    "measure",
    [
        "count(*)",
        "count(DISTINCT pid)",
        "count(cost)",
        "sum(cost)",
        "avg(cost)",
        "sum(CASE WHEN insured THEN 1 ELSE 0 END)",
        "sum(cost) / count(*)",
        "avg(grade)",
    ],
)
def test_what_has_public_bounds_has_a_price(tmp_path: Path, measure: str) -> None:
    price, _ = told(tmp_path, f"SELECT sex, {measure} AS x FROM t GROUP BY sex")
    assert price["columns"] == [{"name": "x", "rho": price["rho"]}]
    assert 0 < price["rho"] < 100
    assert price["epsilon"] > 0
    assert price["cells"] == [] or {column for _, column in price["cells"]} == {1}


@pytest.mark.parametrize("measure", ["sum(free)", "avg(free)", "stddev(cost)", "median(cost)"])
def test_what_has_none_is_named_and_goes_to_review(tmp_path: Path, measure: str) -> None:
    price, findings = told(tmp_path, f"SELECT sex, count(*) AS n, {measure} AS x FROM t GROUP BY sex")
    assert [column["name"] for column in price["columns"]] == ["n", "x"]
    assert price["columns"][1]["rho"] is None
    assert price["rho"] == price["columns"][0]["rho"]
    assert [(finding.where, finding.outcome) for finding in findings][1:] == [("x", Outcome.REVIEW)]
    assert all(finding.audience is Audience.CHECKER for finding in findings)


def test_a_table_costs_more_than_each_of_its_columns(tmp_path: Path) -> None:
    price, _ = told(tmp_path, "SELECT sex, count(*) AS n, sum(cost) AS c, avg(cost) AS m FROM t GROUP BY sex")
    own = [column["rho"] for column in price["columns"]]
    assert price["rho"] == pytest.approx(sum(own), rel=1e-6)


def test_nothing_of_it_reaches_its_author(enclave: TinyEnclave) -> None:
    """Not the author's report, not the log, not the package: numbers of a price are data."""
    enclave.ask(notebook(release("stays_by_sex", BY_SEX)), "first")
    report = enclave.desk.report("costs-1", "stays_by_sex", "carol")
    assert report.price["rho"] > 0
    assert any(finding.check == "disclosure_price" for finding in report.findings)
    secrets = [f"{report.price['rho']!r}", f"{report.price['rho']:.2g}", f"{report.price['epsilon']!r}"]
    mine = enclave.desk.report("costs-1", "stays_by_sex", "alice")
    assert mine.price == {}
    assert not any(finding.check == "disclosure_price" for finding in mine.findings)
    enclave.approve("costs-1")
    enclave.airlock.process("costs-1")
    bodies = json.dumps([dict(event.body) for event in enclave.log.read()])
    package = enclave.desk.download("costs-1", "alice")
    texts = [bodies, mine.to_bytes().decode()]
    with zipfile.ZipFile(io.BytesIO(package)) as held:
        texts += [held.read(name).decode("utf-8", "replace") for name in held.namelist()]
    assert len(texts) > 4
    for text in texts:
        assert "disclosure_price" not in text
        assert not any(secret in text for secret in secrets if len(secret) > 3)
