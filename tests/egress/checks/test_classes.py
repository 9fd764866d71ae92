"""A CASE that names classes by their own limits chooses no words; any other does."""

from __future__ import annotations

import pytest

from egress.checks.classes import class_labels
from egress.query.model import Case, Query
from egress.query.parse import parse
from tests.egress.query.extracts import catalogue


def case(text: str) -> Case:
    query = parse(f"SELECT CASE {text} END AS age, count(*) AS n FROM person GROUP BY 1", catalogue())
    assert isinstance(query, Query)
    expression = query.keys[0].expression
    assert isinstance(expression, Case)
    return expression


@pytest.mark.parametrize(
    "text",
    [
        "WHEN age < 18 THEN '<18' WHEN age < 65 THEN '18-64' WHEN age >= 65 THEN '65+'",
        "WHEN age < 18 THEN '<18' WHEN age < 65 THEN '18-65' ELSE '65+'",
        "WHEN age < 65 THEN '<65' WHEN age >= 65 THEN '65+'",
    ],
)
def test_limits_as_names(text: str) -> None:
    assert class_labels(case(text))


@pytest.mark.parametrize(
    "text",
    [
        "WHEN age < 18 THEN '65+' WHEN age < 65 THEN '18-64' ELSE '<18'",
        "WHEN age < 65 THEN '<65' WHEN age < 18 THEN '65-17' ELSE '18+'",
        "WHEN age < 18 THEN '<18' WHEN age < 65 THEN '18-64' WHEN age >= 18 THEN '65+'",
        "WHEN age < 18 THEN '<18' WHEN nights < 18 THEN '18-17' ELSE '18+'",
        "WHEN age <= 18 THEN '<18' ELSE '18+'",
        "WHEN age >= 18 THEN '18+'",
        "WHEN sex = 'F' THEN 'F' ELSE 'M'",
    ],
)
def test_other_names(text: str) -> None:
    sql = f"SELECT CASE {text} END AS age, count(*) AS n FROM person JOIN stay USING (person_id) GROUP BY 1"
    query = parse(sql, catalogue())
    assert isinstance(query, Query)
    assert not class_labels(query.keys[0].expression)  # type: ignore[arg-type]  # a CASE
