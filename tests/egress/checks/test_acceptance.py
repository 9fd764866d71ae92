"""Acceptance cases with real data: ACRO's own example, by row as ACRO counts and by charity as it should.

The data are not part of this repository: BULLE_SDC_DATA names the folder that holds acro/test_data.dta.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from egress.assess import Assessment, Declaration, assess
from egress.checks.model import Outcome, Protection
from egress.query.engine import Engine
from tests.egress.query.extracts import pack, rules

WHERE = os.environ.get("BULLE_SDC_DATA")
DATA = Path(WHERE or ".") / "acro" / "test_data.dta"
pytestmark = pytest.mark.skipif(WHERE is None, reason="BULLE_SDC_DATA names no folder with ACRO's example data")

TYPES = ["G", "N", "R", "R/G"]
CHARITIES: dict[str, Any] = {
    "source": {"name": "charities", "person_key": "who", "rules": "acro-default"},
    "tables": {
        "charity": {
            "columns": {
                "year": {"type": "integer", "description": "Year", "categories": list(range(2010, 2016))},
                "grant_type": {"type": "string", "description": "Grant type", "categories": TYPES},
                "inc_grants": {"type": "number", "description": "Income from grants"},
            }
        }
    },
}
ACRO = rules("acro-default", p_ratio=None, secondary_suppression=False)
COUNT = "SELECT year, grant_type, count(*) AS n FROM charity GROUP BY ALL"
GRANTS = "SELECT year, grant_type, sum(inc_grants) AS total_inc_grants FROM charity GROUP BY ALL"
MEDIAN = "SELECT year, grant_type, median(inc_grants) AS median_inc_grants FROM charity GROUP BY ALL"


def found(folder: Path, sql: str, *, by: str) -> Assessment:
    """`by`: "row", as ACRO counts, or "charity"."""
    frame = pd.read_stata(DATA)
    frame = frame[frame.grant_type.notna()]
    who = range(len(frame)) if by == "row" else pd.factorize(frame.charity)[0]
    grants = [None if pd.isna(value) else float(value) for value in frame.inc_grants]
    columns = {
        "who": [f"c{number:06}" for number in who],
        "year": [int(year) for year in frame.year],
        "grant_type": [str(kind) for kind in frame.grant_type],
        "inc_grants": grants,
    }
    manifest = pack(folder / "extract", CHARITIES, {"charity": columns})
    with Engine(folder / "extract", manifest) as engine:
        return assess(Declaration("n", sql, protect=Protection.NONE), engine, ACRO)


def rows(assessment: Assessment, check: str) -> set[tuple[object, object]]:
    """The year and type of the cells that `check` found."""
    assert assessment.exact is not None
    return {
        (assessment.exact.rows[row][0], assessment.exact.rows[row][1])
        for finding in assessment.findings
        if finding.check == check and finding.outcome is Outcome.FAIL
        for row, _ in finding.cells
    }


def test_case_f01_cells_of_fewer_than_ten_rows(tmp_path: Path) -> None:
    counted = found(tmp_path, COUNT, by="row")
    assert counted.exact is not None
    assert len(counted.exact.rows) == 24
    assert len(rows(counted, "low_counts")) == 6


def test_case_f01_the_cell_that_acro_misses(tmp_path: Path) -> None:
    """2010|N: 59 rows, 5 with a value, all 0."""
    summed = found(tmp_path, GRANTS, by="row")
    few = rows(summed, "low_contributors")
    assert (2010, "N") in few
    assert (2010, "N") not in rows(summed, "low_counts")
    assert summed.evidence is not None
    with_value = [cell for cell in summed.evidence.cells if cell.measures[0] and cell.measures[0].persons < 10]
    assert len(with_value) == 7
    (trap,) = [cell for cell in summed.evidence.cells if cell.keys == (2010, "N")]
    assert trap.measures[0] is not None
    assert (trap.rows, trap.measures[0].persons, trap.measures[0].nonzero) == (59, 5, 0)


def test_case_f01_dominance_by_two(tmp_path: Path) -> None:
    """ACRO's NK(2, 90) finds one cell."""
    assert len(rows(found(tmp_path, GRANTS, by="row"), "dominance")) == 1


def test_case_f01_the_median_that_acro_calls_ok(tmp_path: Path) -> None:
    assert (2010, "N") in rows(found(tmp_path, MEDIAN, by="row"), "low_contributors")


def test_by_charity_never_more_than_by_row(tmp_path: Path) -> None:
    by_row, by_charity = (found(tmp_path / by, COUNT, by=by) for by in ("row", "charity"))
    assert rows(by_row, "low_counts") <= rows(by_charity, "low_counts")
