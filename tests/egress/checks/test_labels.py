"""Labels that nobody published: shown when enough persons share each, looked at by people otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.assess import Declaration, assess
from egress.checks.model import Outcome
from egress.query.engine import Engine
from hub.policy.files import read_rules
from tests.egress.checks.packed import packed

RULES = read_rules("health-fr")


@pytest.mark.parametrize(("persons", "outcome"), [(10, Outcome.REVIEW), (11, Outcome.PASS), (12, Outcome.PASS)])
def test_a_label_that_few_share_is_for_a_person(tmp_path: Path, persons: int, outcome: Outcome) -> None:
    extract = packed(tmp_path, ["common"] * 100 + ["rare"] * persons)
    with Engine(extract.path, extract.manifest) as engine:
        found = assess(Declaration("t", "SELECT town, count(*) AS n FROM stay GROUP BY town"), engine, RULES)
    assert {finding.check: finding.outcome for finding in found.findings}["labels"] is outcome
    assert found.outcome is outcome


def test_labels_made_by_the_author_stay_a_note(tmp_path: Path) -> None:
    extract = packed(tmp_path, ["common"] * 100)
    sql = "SELECT CASE WHEN town = 'common' THEN 'x' ELSE 'y' END AS k, count(*) AS n FROM stay GROUP BY 1"
    with Engine(extract.path, extract.manifest) as engine:
        found = assess(Declaration("t", sql), engine, RULES)
    assert found.outcome is Outcome.REVIEW
    assert "declaration" in {finding.check for finding in found.findings if finding.outcome is Outcome.REVIEW}
