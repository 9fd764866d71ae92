"""Fingerprints come back from JSON as they went, and nothing else is taken for one."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.checks.model import Protection
from egress.query.table import Table
from egress.released.fingerprint import Fingerprint, Granted, Status, population_of
from hub.policy.model import DataPermit
from tests.egress.released.tables import released

SQL = "SELECT region, sex, count(*) AS n, avg(age) AS mean FROM person WHERE age >= 18 GROUP BY ROLLUP (region, sex)"
ROWS = (
    ("North", "F", 41, 50.5),
    ("North", None, None, None),
    ("North", "Total", 80, Decimal("12.50")),
    ("Total", "Total", date(2024, 2, 29), True),
)
GROUPINGS = ((0, 1), (0, 1), (0,), ())


def fingerprint(**more: Any) -> Fingerprint:
    return released(SQL, *ROWS, **{"groupings": GROUPINGS, "primary": (1,), **more})


@pytest.mark.parametrize(
    "more",
    [{}, {"status": Status.REFUSED}, {"protect": Protection.ROUND}, {"output": "é\u200b\"'"}, {"primary": ()}],
)
def test_it_comes_back_equal(more: dict[str, Any]) -> None:
    one = fingerprint(**more)
    again = Fingerprint.from_bytes(one.to_bytes())
    assert again == one
    assert again.to_bytes() == one.to_bytes()
    kinds = [[type(value) for value in row] for row in again.table.rows]
    assert kinds == [[type(value) for value in row] for row in one.table.rows]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.text(max_size=20),
)


@given(st.tuples(VALUES, VALUES))
@settings(max_examples=40, deadline=None)
def test_any_value_of_a_table_comes_back(row: tuple[Any, Any]) -> None:
    one = released("SELECT region, count(*) AS n FROM person GROUP BY region", row)
    assert Fingerprint.from_bytes(one.to_bytes()) == one


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "bulle.fingerprint/2"},
        {"query": None},
        {"rows": [[1]]},
        {"rows": [[["date", "yesterday"], 1, 2, 3]]},
        {"rows": [[["decimal", "much"], 1, 2, 3]]},
        {"rows": [[{"a": 1}, 1, 2, 3]]},
        {"groupings": [[0, 1]]},
        {"groupings": [[1], [1], [1], [1]]},
        {"primary": [4]},
        {"primary": [-1]},
        {"primary": [True]},
        {"status": "published"},
        {"protect": "hope"},
        {"project": 3},
        {"lineage": {"source": "s", "extract": "e", "population": [["t", "year", 2021, None]]}},
        {"lineage": []},
        {"rules": {"name": "r"}},
    ],
)
def test_anything_else_is_refused(change: dict[str, Any]) -> None:
    raw = {**fingerprint().to_json(), **change}
    with pytest.raises(ValueError, match=r"."):
        Fingerprint.from_json(raw)


@given(st.binary(max_size=60))
@settings(max_examples=50, deadline=None)
def test_bytes_of_something_else_are_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Fingerprint.from_bytes(content)


def test_a_missing_field_is_refused() -> None:
    for name in fingerprint().to_json():
        raw = fingerprint().to_json()
        del raw[name]
        with pytest.raises(ValueError, match=r"."):
            Fingerprint.from_bytes(json.dumps(raw).encode())


def test_a_table_of_another_query_is_refused() -> None:
    with pytest.raises(ValueError, match="not its query"):
        fingerprint(table=Table(("region",), ()))


def test_the_population_is_what_the_permit_grants() -> None:
    permit = DataPermit.model_validate(
        {
            "project": "one",
            "title": "One",
            "purpose": "research",
            "statement": "To know.",
            "source": "pmsi",
            "rules": "health-fr",
            "rho": "1",
            "valid_from": "2026-01-01",
            "valid_until": "2027-01-01",
            "persons": [{"person": "ann", "role": "researcher"}],
            "tables": {
                "stay": {"columns": ["cost"], "years": {"column": "year", "first": 2021, "last": 2023}},
                "person": {"columns": ["sex"]},
            },
        }
    )
    assert population_of(permit) == (Granted("person"), Granted("stay", "year", 2021, 2023))
