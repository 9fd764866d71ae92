"""Two tables of one request: quantiles of a group and of its parts bound one another, whichever is declared first."""

from __future__ import annotations

import pytest

from egress.checks.linked import DeclaredTable, linked_tables
from egress.checks.model import Outcome
from egress.query.model import Query
from egress.query.parse import parse
from hub.catalogue.model import Catalogue

CATALOGUE = Catalogue.model_validate(
    {
        "source": {"name": "tiny", "person_key": "person_id"},
        "tables": {
            "stay": {
                "columns": {
                    "region": {"type": "string", "description": "Region", "categories": ["east", "north"]},
                    "sex": {"type": "string", "description": "Sex", "categories": ["F", "M"]},
                    "cost": {"type": "integer", "description": "Cost", "bounds": [0, 1000]},
                }
            }
        },
    }
)
FINE = "SELECT region, sex, median(cost) AS mid FROM stay GROUP BY ALL"


def table(name: str, sql: str, *, suppressing: bool) -> DeclaredTable:
    query = parse(sql, CATALOGUE)
    assert isinstance(query, Query), query
    return DeclaredTable(name, query, suppressing)


@pytest.mark.parametrize(
    ("other", "linked"),
    [
        ("SELECT region, median(cost) AS m FROM stay GROUP BY region", True),
        ("SELECT median(cost) AS m FROM stay", True),
        ("SELECT region, quantile_cont(cost, 0.25) AS low FROM stay GROUP BY region", False),
        ("SELECT region, count(*) AS n, avg(cost) AS mean FROM stay GROUP BY region", False),  # protected together
        ("SELECT region, median(cost) AS m FROM stay WHERE sex = 'F' GROUP BY region", False),  # recomputed
    ],
)
def test_quantiles_of_the_same_rows_are_linked(other: str, *, linked: bool) -> None:
    pair = (table("fine", FINE, suppressing=True), table("coarse", other, suppressing=False))
    for tables in (pair, pair[::-1]):
        found = linked_tables(tables)
        assert set(found) == ({"fine"} if linked else set())
        assert all(finding.outcome is Outcome.REVIEW for finding in found.values())


def test_where_nothing_is_hidden_nothing_is_given_back() -> None:
    coarse = table("coarse", "SELECT region, median(cost) AS m FROM stay GROUP BY region", suppressing=False)
    assert linked_tables((table("fine", FINE, suppressing=False), coarse)) == {}
